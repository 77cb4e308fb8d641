#include "api/watch/hub.h"

#include <algorithm>
#include <utility>

#include "api/watch/planted.h"
#include "base/check.h"
#include "base/coverage_mark.h"
#include "base/errors.h"
#include "runtime/failpoint.h"
#include "storage/mvcc/store.h"

namespace watch {
namespace {

// A step ends with the first revision that brings it here: it is an answer to each of its watchers.
constexpr size_t kStepChanges = 1000;
constexpr size_t kStepBytes = 64 * 1024;
// What is done at a time, between two looks at the clock.
constexpr size_t kReadAtATime = 64;
constexpr size_t kTellAtATime = 32;
constexpr size_t kMergeAtATime = 64;
// Cursors of one receiver that catch up, at a time: it might take only some of what there is for
// them, and they would all have to turn back.
constexpr size_t kResumeAtATime = 64;

}  // namespace

Hub::Step::Step(std::unique_ptr<Group> of, int64_t until, uint64_t number)
    : group(std::move(of)),
      first(group->next),
      last(until),
      changes(base::Revision(first)),
      batch(number) {}

Hub::Hub(Parts parts)
    : parts_(std::move(parts)),
      work_({.loop = parts_.loop,
             .step = [this] { return WorkOnce(); },
             .on_slice = [this] { parts_.on_worked(); }}) {}

Hub::~Hub() {
  CHECK(watchers_ == 0);
}

void Hub::Add(Watcher* watcher, base::Revision start) {
  Receiver& receiver = *watcher->receiver;
  if (receiver.number_ == 0) receiver.number_ = ++receivers_;
  if (watchers_++ == 0) parts_.listen(true);
  Join(watcher, start.value());
  work_.Wake();
}

void Hub::Remove(Watcher* watcher) {
  Receiver& receiver = *watcher->receiver;
  if (watcher->interest != nullptr) {
    Leave(watcher);
  } else if (receiver.cursors_.erase({watcher->next, watcher->id}) > 0) {
    --cursors_;
    if (receiver.cursors_.empty()) ready_.erase(receiver.number_);
  } else {
    return;  // lost before
  }
  if (--watchers_ == 0) parts_.listen(false);
}

void Hub::Advance(base::Revision revision) {
  present_ = std::max(present_, revision.value());
  work_.Wake();
}

void Hub::Resume(Receiver& receiver) {
  if (receiver.cursors_.empty() || Planted(PlantedBug::kSlowAreForgotten)) return;
  ready_.emplace(receiver.number_, &receiver);
  work_.Wake();
}

bool Hub::IsInPresent(const Watcher& watcher) const {
  if (Planted(PlantedBug::kBehindIsPresent)) return true;
  if (watcher.interest == nullptr) return Planted(PlantedBug::kSlowArePresent);
  if (watcher.next > present_) return false;
  const Group* const group = watcher.interest->group;
  return group->next > present_ && !(step_.has_value() && step_->group.get() == group);
}

size_t Hub::watchers_behind() const {
  size_t behind = watchers_;
  for (auto at = groups_.upper_bound(present_); at != groups_.end(); ++at) {
    behind -= at->second->interests.watchers();
  }
  return behind;
}

void Hub::Join(Watcher* watcher, int64_t next) {
  auto at = groups_.find(next);
  if (at == groups_.end()) at = groups_.emplace(next, std::make_unique<Group>(next));
  Group* const group = at->second.get();
  group->interests.Add(watcher, group);
}

void Hub::Leave(Watcher* watcher) {
  Group* const group = watcher->interest->group;
  group->interests.Remove(watcher, [this](Interest& interest) {
    if (step_.has_value()) step_->batch.Drop(interest);
  });
  const bool has_turn = step_.has_value() && step_->group.get() == group;
  if (group->interests.empty() && !has_turn) groups_.erase(PlaceOf(group));
}

void Hub::Suspend(Watcher* watcher, int64_t next) {
  watcher->next = next;
  watcher->receiver->cursors_.emplace(std::pair(next, watcher->id), watcher);
  ++cursors_;
}

void Hub::Insert(std::unique_ptr<Group> group) {
  if (group->interests.empty()) return;
  const int64_t next = group->next;
  if (groups_.contains(next)) crowded_.insert(next);
  groups_.emplace(next, std::move(group));
}

Hub::Groups::iterator Hub::PlaceOf(const Group* group) {
  auto at = groups_.lower_bound(group->next);
  while (at->second.get() != group) ++at;
  return at;
}

// Those at the highest revision first. Watchers of the smaller group move.
bool Hub::MergeSome() {
  while (!crowded_.empty()) {
    const auto next = std::prev(crowded_.end());
    auto [first, end] = groups_.equal_range(*next);
    if (first == end || std::next(first) == end) {
      crowded_.erase(next);
      continue;
    }
    auto smaller = std::next(first);
    if (smaller->second->interests.watchers() > first->second->interests.watchers()) {
      std::swap(first, smaller);
    }
    base::Mark<"watch: two groups become one">();
    Group* const larger = first->second.get();
    larger->interests.TakeSome(&smaller->second->interests, larger, kMergeAtATime);
    if (smaller->second->interests.empty()) groups_.erase(smaller);
    return true;
  }
  return false;
}

// Nobody waits for all of the merging, nor for the history of all groups.
bool Hub::WorkOnce() {
  merges_ = !merges_;
  if (merges_ && MergeSome()) return true;
  if (step_.has_value()) {
    Continue();
    return true;
  }
  const bool resumed = ResumeSome();
  return BeginStep() || resumed || !crowded_.empty();
}

bool Hub::BeginStep() {
  const auto beyond = groups_.upper_bound(present_);
  if (beyond == groups_.begin()) return false;
  furthest_ = !furthest_;
  const auto chosen = furthest_ ? groups_.begin() : std::prev(beyond);
  const auto next = groups_.upper_bound(chosen->first);
  const int64_t last = next == groups_.end() ? present_ : std::min(present_, next->first - 1);
  std::unique_ptr<Group> group = std::move(chosen->second);
  groups_.erase(chosen);
  step_.emplace(std::move(group), last, ++batches_);
  return true;
}

void Hub::Continue() {
  switch (step_->phase) {
    case Step::Phase::kReading:
      return Read();
    case Step::Phase::kTelling:
      return Tell();
    case Step::Phase::kLosing:
      return Lose();
  }
}

void Hub::Read() {
  runtime::Reach(runtime::Failpoint::kBeforeSyncWatchers);
  const std::shared_ptr<mvcc::Reads> reads = parts_.reads();
  std::optional<int64_t> end;
  const auto more =
      step_->changes.Step(*reads, kReadAtATime, [&](const mvcc::StoredChange& change) {
        if (TakeChange(change, *reads)) return true;
        end = change.revision.main;
        return false;
      });
  if (!more.ok()) return Fail(more.status(), *reads);
  if (end.has_value()) return EndReading(*end);
  if (!*more) EndReading(step_->changes.next().value());
}

// False if the step ends before this change, which is the first of its revision.
bool Hub::TakeChange(const mvcc::StoredChange& change, mvcc::Reads& reads) {
  Step& step = *step_;
  const int64_t revision = change.revision.main;
  if (revision != step.at) {
    if (revision > step.last) return false;
    if (step.count >= kStepChanges || step.batch.bytes() >= kStepBytes) return false;
    step.at = revision;
  }
  ++step.count;
  step.batch.Add(step.group->interests, change, reads);
  return true;
}

void Hub::EndReading(int64_t next) {
  step_->group->next = std::min(next, step_->last + 1);
  const bool is_sixteenth = step_->batch.number() % 16 == 0;
  if (is_sixteenth && Planted(PlantedBug::kStepSkipsARevision)) ++step_->group->next;
  CHECK(step_->group->next > step_->first);
  step_->header = parts_.header(base::Revision(step_->group->next - 1));
  step_->rights = parts_.rights();
  step_->phase = Step::Phase::kTelling;
  BeginPart();
  Tell();
}

void Hub::BeginPart() {
  Step& step = *step_;
  if (step.part == step.batch.parts().size()) return;
  const Interest* const interest = step.batch.parts()[step.part].interest;
  step.left = interest == nullptr ? 0 : interest->watchers.size();
}

void Hub::Tell() {
  const runtime::Clock& clock = parts_.loop->clock();
  const runtime::TimePoint began = clock.Now();
  const uint64_t before = events_;
  const size_t told = TellSome();
  if (told > 0) parts_.on_told(told, events_ - before, clock.Now() - began);
}

// From the last watcher of an interest to the first: so one that leaves, whose place the last one
// takes, never makes another be passed over; and one that gets a place further down for that reason
// is known by its batch.
size_t Hub::TellSome() {
  size_t told = 0;
  for (size_t looked_at = 0; looked_at < kTellAtATime;) {
    if (step_->part == step_->batch.parts().size()) {
      EndStep();
      break;
    }
    EventBatch::Part& part = step_->batch.parts()[step_->part];
    const size_t there = part.interest == nullptr ? 0 : part.interest->watchers.size();
    step_->left = std::min(step_->left, there);
    if (step_->left == 0) {
      part = {.interest = nullptr};
      ++step_->part;
      BeginPart();
      continue;
    }
    Watcher* const watcher = part.interest->watchers[--step_->left];
    if (std::exchange(watcher->batch, step_->batch.number()) == step_->batch.number()) continue;
    if (TellOne(watcher)) ++told;
    ++looked_at;
  }
  return told;
}

bool Hub::TellOne(Watcher* watcher) {
  Receiver& receiver = *watcher->receiver;
  if (!receiver.writable()) {
    base::Mark<"watch: a client does not take what it is to be told">();
    const bool loses = Planted(PlantedBug::kSlowLoseAStep);
    Leave(watcher);
    Suspend(watcher, loses ? step_->group->next : step_->first);
    return false;
  }
  if (watcher->rights != step_->rights) {
    if (const base::Status may = RightsOf(watcher, step_->rights); !may.ok()) {
      base::Mark<"watch: rights were lost">();
      Remove(watcher);
      receiver.OnLost(*watcher, base::Revision(), may);
      return false;
    }
  }
  runtime::Reach(runtime::Failpoint::kBeforeSendWatchResponse);
  EventBatch::Part& part = step_->batch.parts()[step_->part];
  watcher->told = true;
  events_ += part.count;
  receiver.OnEvents(*watcher,
                    EventBatch::FramesFor(part, *watcher, step_->header, parts_.fragment_bytes));
  return true;
}

base::Status Hub::RightsOf(Watcher* watcher, uint64_t rights) {
  if (watcher->rights != 0 && Planted(PlantedBug::kRightsAreCheckedOnce)) return {};
  base::Status may = watcher->receiver->CheckRights(*watcher);
  if (may.ok()) watcher->rights = rights;
  return may;
}

void Hub::CheckRights(Watcher* watcher) {
  const uint64_t rights = parts_.rights();
  if (watcher->rights == rights) return;
  const base::Status may = RightsOf(watcher, rights);
  if (may.ok()) return;
  base::Mark<"watch: rights were lost">();
  Remove(watcher);
  watcher->receiver->OnLost(*watcher, base::Revision(), may);
}

void Hub::Fail(const base::Status& status, const mvcc::Reads& reads) {
  if (status == base::errors::kCompacted) {
    step_->compacted = reads.store().compact_revision();
    base::Mark<"watch: what is to be told was compacted">();
  } else {
    step_->why = status;
  }
  step_->phase = Step::Phase::kLosing;
}

void Hub::Lose() {
  for (size_t lost = 0; lost < kTellAtATime; ++lost) {
    if (step_->group->interests.empty()) return step_.reset();
    Watcher* const watcher = step_->group->interests.Any();
    Leave(watcher);
    if (--watchers_ == 0) parts_.listen(false);
    watcher->receiver->OnLost(*watcher, step_->compacted, step_->why);
  }
}

void Hub::EndStep() {
  std::unique_ptr<Group> group = std::move(step_->group);
  step_.reset();
  Insert(std::move(group));
}

bool Hub::ResumeSome() {
  if (ready_.empty()) return false;
  auto turn = ready_.upper_bound(resumed_);
  if (turn == ready_.end()) turn = ready_.begin();
  resumed_ = turn->first;
  Receiver& receiver = *turn->second;
  for (size_t i = 0; i < kResumeAtATime && !receiver.cursors_.empty() && receiver.writable(); ++i) {
    const auto first = receiver.cursors_.begin();
    Watcher* const watcher = first->second;
    receiver.cursors_.erase(first);
    --cursors_;
    base::Mark<"watch: a client that was slow catches up">();
    Join(watcher, watcher->next - (Planted(PlantedBug::kSlowAreToldTwice) ? 1 : 0));
  }
  if (receiver.cursors_.empty() || !receiver.writable()) ready_.erase(turn);
  return true;
}

}  // namespace watch
