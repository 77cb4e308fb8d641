#include "sim/library_recipes.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "client/steps.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/reads.h"

namespace sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kQueue[] = "keylib-queue";
constexpr char kPriorities[] = "keylib-priorities";
constexpr char kBarrier[] = "keylib-barrier/";
constexpr char kMeeting[] = "keylib-meeting/";
constexpr char kCount[] = "keylib-transactions";
constexpr char kSums[] = "keylib-sums/";
constexpr uint64_t kSumKeys = 4;
constexpr int64_t kAmountMax = 100;
constexpr uint64_t kPrioritiesMax = 3;
constexpr int kReleasesMax = 5;

constexpr char kElementsTaken[] = "library: elements of queues taken";
constexpr char kElementsUnknown[] = "library: elements of queues that may be lost";
constexpr char kCounted[] = "library: counts by transactions";
constexpr char kMoved[] = "library: amounts moved by transactions";
constexpr char kSumsSeen[] = "library: sums seen by transactions";
constexpr char kPassed[] = "library: barriers passed";
constexpr char kEntered[] = "library: double barriers entered";
constexpr char kLeft[] = "library: double barriers left";

int64_t NumberOf(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string SumKey(uint64_t number) {
  return kSums + std::to_string(number);
}

bool IsOfOneRevision(etcd::Isolation isolation) {
  return isolation == etcd::Isolation::kSerializableSnapshot ||
         isolation == etcd::Isolation::kSerializable;
}

// The number that a key has; 0 if there is no such key.
etcd::Result<int64_t> Read(etcd::Stm& stm, const std::string& key) {
  const auto text = stm.Get(key);
  if (!text.ok()) return text.status();
  return NumberOf(*text);
}

etcd::Result<int64_t> ReadSum(etcd::Stm& stm) {
  int64_t sum = 0;
  for (uint64_t i = 0; i < kSumKeys; ++i) {
    const auto number = Read(stm, SumKey(i));
    if (!number.ok()) return number.status();
    sum += *number;
  }
  return sum;
}

// What the keys from the first one on have, as the process holds it.
base::Result<std::vector<std::string>> ValuesOf(Process& process, const std::string& first,
                                                const std::string& end) {
  mvcc::Reads reads(&process.server().state()->store());
  ASSIGN_OR_RETURN(const auto pin, reads.Pin({}));
  ASSIGN_OR_RETURN(const auto range, pin->Range(mvcc::KeyRange::Of(first, end), 0));
  std::vector<std::string> values;
  for (const base::ByteView pair : range.key_values) {
    values.emplace_back(mvcc::ParseKeyValue(pair)->value);
  }
  return values;
}

}  // namespace

RecipeAccounts::RecipeAccounts(Checker* checker)
    : fail(checker->FailWith()),
      queue("the queue", fail),
      priorities("the priority queue", fail),
      count("the count", fail),
      barrier(fail),
      meeting(kParties, fail) {}

Tally RecipeAccounts::NothingHappened() {
  return {kElementsTaken, kElementsUnknown, kCounted, kMoved, kSumsSeen, kPassed, kEntered, kLeft};
}

LibraryRecipes::LibraryRecipes(LibraryUser* user, RecipeAccounts* accounts,
                               runtime::Duration interval)
    : user_(*user), accounts_(*accounts), interval_(interval), session_(user) {}

void LibraryRecipes::EndTurn() {
  if (user_.random().OneIn(4)) user_.Suffer();
  user_.SleepUntilNextTurn(interval_);
}

// ---- Queues ----

void LibraryRecipes::UseQueue() {
  etcd::Queue queue(&user_.client(), kQueue);
  while (!user_.Ends()) {
    if (user_.random().OneIn(2)) {
      Put(accounts_.queue, 0, [&](const std::string& value, const etcd::CallOptions& call) {
        return queue.Enqueue(value, call);
      });
    } else {
      Take(accounts_.queue, queue);
    }
    EndTurn();
  }
}

void LibraryRecipes::UsePriorityQueue() {
  etcd::PriorityQueue queue(&user_.client(), kPriorities);
  while (!user_.Ends()) {
    if (user_.random().OneIn(2)) {
      const auto priority = static_cast<uint16_t>(user_.random().Below(kPrioritiesMax));
      Put(accounts_.priorities, priority,
          [&](const std::string& value, const etcd::CallOptions& call) {
            return queue.Enqueue(value, priority, call);
          });
    } else {
      Take(accounts_.priorities, queue);
    }
    EndTurn();
  }
}

template <typename Enqueue>
void LibraryRecipes::Put(QueueJudge& judge, uint64_t number, Enqueue enqueue) {
  const std::string value = user_.host() + " " + std::to_string(++values_);
  judge.OnAsked(value, number);
  const etcd::Status put = enqueue(value, user_.Call());
  Trace(put);
  if (put.ok()) return judge.OnPut(value, user_.clock().Now());
  if (!client::MayBeDone(put)) judge.OnRefused(value);
}

template <typename Queue>
void LibraryRecipes::Take(QueueJudge& judge, Queue& queue) {
  const runtime::TimePoint asked = user_.clock().Now();
  const auto taken = user_.random().OneIn(2)
                         ? queue.TryDequeue(user_.Call())
                         : queue.Dequeue(user_.Call(milliseconds(100), seconds(2)));
  Trace(taken.status());
  if (taken.ok()) {
    accounts_.happened.Add(kElementsTaken);
    return judge.OnTaken(taken->value, taken->mod_revision, asked, user_.clock().Now());
  }
  if (taken.status().code() != etcd::Code::kUnknown) return;
  accounts_.happened.Add(kElementsUnknown);
  judge.OnMayBeTaken();
}

// ---- Transactions ----

void LibraryRecipes::Transact() {
  constexpr etcd::Isolation kIsolations[] = {etcd::Isolation::kSerializableSnapshot,
                                             etcd::Isolation::kSerializable,
                                             etcd::Isolation::kRepeatableReads};
  while (!user_.Ends()) {
    const etcd::Isolation isolation = kIsolations[user_.random().Below(std::size(kIsolations))];
    switch (user_.random().Below(4)) {
      case 0:
        Count(isolation);
        break;
      case 1:
        LookAtSum(isolation);
        break;
      default:
        Move(isolation);
    }
    EndTurn();
  }
}

void LibraryRecipes::Count(etcd::Isolation isolation) {
  int64_t count = 0;
  accounts_.count.OnAsked();
  const auto done = etcd::RunStm(
      &user_.client(),
      [&count](etcd::Stm& stm) {
        const auto before = Read(stm, kCount);
        if (!before.ok()) return before.status();
        count = *before + 1;
        stm.Put(kCount, std::to_string(count));
        return etcd::Status();
      },
      {.isolation = isolation}, user_.Call());
  Trace(done.status());
  if (!done.ok()) return;
  accounts_.happened.Add(kCounted);
  accounts_.count.OnCounted(done->header.revision, count);
}

void LibraryRecipes::Move(etcd::Isolation isolation) {
  const uint64_t from = user_.random().Below(kSumKeys);
  const uint64_t to = (from + 1 + user_.random().Below(kSumKeys - 1)) % kSumKeys;
  const auto amount = static_cast<int64_t>(user_.random().Between(1, kAmountMax));
  const auto done = etcd::RunStm(
      &user_.client(),
      [&](etcd::Stm& stm) {
        for (const auto& [key, change] :
             {std::pair(SumKey(from), -amount), std::pair(SumKey(to), amount)}) {
          const auto before = Read(stm, key);
          if (!before.ok()) return before.status();
          stm.Put(key, std::to_string(*before + change));
        }
        return etcd::Status();
      },
      {.isolation = isolation}, user_.Call());
  Trace(done.status());
  if (done.ok()) accounts_.happened.Add(kMoved);
}

// What a run reads at one revision adds up also where it comes to nothing.
void LibraryRecipes::LookAtSum(etcd::Isolation isolation) {
  int64_t seen = 0;
  const auto done = etcd::RunStm(
      &user_.client(),
      [&](etcd::Stm& stm) {
        const auto sum = ReadSum(stm);
        if (!sum.ok()) return sum.status();
        seen = *sum;
        if (seen != 0 && IsOfOneRevision(isolation)) {
          accounts_.fail("what is read at one revision adds up to " + std::to_string(seen));
        }
        return etcd::Status();
      },
      {.isolation = isolation}, user_.Call());
  Trace(done.status());
  if (!done.ok()) return;
  accounts_.happened.Add(kSumsSeen);
  if (seen != 0) accounts_.fail("what a transaction has read adds up to " + std::to_string(seen));
}

// ---- Barriers ----

void LibraryRecipes::UseBarrier() {
  while (!user_.Ends()) {
    if (!accounts_.has_holder) {
      HoldBarrier();
    } else if (accounts_.is_held) {
      PassBarrier();
    }
    EndTurn();
  }
}

// Each round has a key of its own: that of an earlier one may be deleted late.
void LibraryRecipes::HoldBarrier() {
  const uint64_t round = ++accounts_.round;
  accounts_.has_holder = true;
  etcd::Barrier barrier(&user_.client(), kBarrier + std::to_string(round));
  const etcd::Status held = barrier.Hold(user_.Call());
  Trace(held);
  if (held.code() == etcd::Code::kAlreadyExists) {
    accounts_.fail("a barrier is held that nobody else knows");
  }
  if (held.ok()) {
    accounts_.barrier.OnHeld(round, user_.clock().Now());
    accounts_.is_held = true;
    user_.Sleep(runtime::Duration{0}, milliseconds(600));
  }
  accounts_.is_held = false;
  accounts_.barrier.OnReleaseAsked(round);
  for (int tries = 0; tries < kReleasesMax; ++tries) {
    const etcd::Status released = barrier.Release(user_.Call());
    Trace(released);
    if (released.ok()) break;
  }
  accounts_.has_holder = false;
}

void LibraryRecipes::PassBarrier() {
  const uint64_t round = accounts_.round;
  const etcd::Barrier barrier(&user_.client(), kBarrier + std::to_string(round));
  const runtime::TimePoint asked = user_.clock().Now();
  const etcd::Status passed = barrier.Wait(user_.Call(milliseconds(200), seconds(3)));
  Trace(passed);
  if (!passed.ok()) return;
  accounts_.happened.Add(kPassed);
  accounts_.barrier.OnPassed(round, asked);
}

void LibraryRecipes::Meet() {
  while (!user_.Ends()) {
    if (session_.Open()) {
      while (!user_.Ends() && !session_.is_over() && MeetOnce()) EndTurn();
      for (const size_t visit : visits_) accounts_.meeting.OnLeaving(visit);
      const bool has_ended = session_.End();
      for (const size_t visit : std::exchange(visits_, {})) {
        if (has_ended) accounts_.meeting.OnGone(visit);
      }
    }
    EndTurn();
  }
}

// Who has come too late for a round comes to the next.
bool LibraryRecipes::MeetOnce() {
  const uint64_t round = accounts_.next_meeting;
  etcd::DoubleBarrier barrier(session_.get(), kMeeting + std::to_string(round),
                              RecipeAccounts::kParties);
  const size_t visit = accounts_.meeting.OnComing(round, [this] { return session_.Lives(); });
  visits_.push_back(visit);
  const etcd::Status entered = barrier.Enter(user_.Call(milliseconds(500), seconds(4)));
  Trace(entered);
  if (!entered.ok()) return user_.random().OneIn(2);
  accounts_.happened.Add(kEntered);
  accounts_.meeting.OnEntered(visit);
  accounts_.next_meeting = std::max(accounts_.next_meeting, round + 1);
  user_.Sleep(runtime::Duration{0}, milliseconds(500));
  user_.Suffer();
  return LeaveMeeting(barrier, visit);
}

bool LibraryRecipes::LeaveMeeting(etcd::DoubleBarrier& barrier, size_t visit) {
  accounts_.meeting.OnLeaving(visit);
  while (!user_.Ends()) {
    const etcd::Status left = barrier.Leave(user_.Call(milliseconds(500), seconds(3)));
    Trace(left);
    if (left.ok()) {
      accounts_.happened.Add(kLeft);
      accounts_.meeting.OnLeft(visit);
      return true;
    }
    if (left.code() == etcd::Code::kAborted && session_.Lives()) {
      accounts_.fail("somebody is told \"" + left.message() + "\", although its session lives");
    }
    if (session_.is_over()) return false;
    user_.SleepUntilNextTurn(interval_);
  }
  return false;
}

// ---- The end ----

void LibraryRecipes::Check(Process& process, RecipeAccounts* accounts) {
  const auto values = [&](const std::string& first, const std::string& end) {
    auto read = ValuesOf(process, first, end);
    if (!read.ok()) accounts->fail(std::string(read.status().message()));
    return read.ok() ? std::move(read).value() : std::vector<std::string>();
  };
  const auto elements = [&](const std::string& prefix) {
    const std::vector<std::string> left = values(prefix + "/", prefix + "0");
    return std::set<std::string>(left.begin(), left.end());
  };
  accounts->queue.OnLeft(elements(kQueue));
  accounts->priorities.OnLeft(elements(kPriorities));
  int64_t sum = 0;
  for (uint64_t i = 0; i < kSumKeys; ++i) {
    for (const std::string& number : values(SumKey(i), "")) sum += NumberOf(number);
  }
  if (sum != 0) accounts->fail("what is there adds up to " + std::to_string(sum));
  const std::vector<std::string> counts = values(kCount, "");
  accounts->count.OnLeft(counts.empty() ? 0 : NumberOf(counts[0]));
}

}  // namespace sim
