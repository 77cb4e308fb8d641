#include "api/v2/hub.h"

#include <algorithm>
#include <utility>

#include "api/v2/json.h"
#include "state/v2/planted.h"
#include "state/v2/tree.h"

namespace v2 {
namespace {

// What is done at a time, between two looks at the clock.
constexpr size_t kReadAtATime = 64;
constexpr size_t kTellAtATime = 32;

bool IsBelow(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

// Compat: whoever watches from above is not told of what is hidden from there.
bool IsHidden(std::string_view watched, std::string_view key) {
  return key.size() > watched.size() &&
         key.substr(watched.size()).find("/_") != std::string_view::npos;
}

bool IsThere(const Node& directory, std::string_view path) {
  const Node* node = &directory;
  for (const std::string_view element : Elements(path)) {
    node = node->is_directory() ? FindChild(*node, element) : nullptr;
    if (node == nullptr) return false;
  }
  return true;
}

}  // namespace

struct Hub::Watcher {
  Wish wish;
  Receiver* receiver;
  size_t place = 0;  // in its list
  bool is_removed = false;
};

Hub::Hub(Parts parts)
    : parts_(std::move(parts)),
      queue_(parts_.queue_bytes_max),
      work_({.loop = parts_.loop, .step = [this] { return WorkOnce(); }}),
      bell_(parts_.loop, 1, [this](auto&) { work_.Wake(); }) {}

void Hub::Push(const std::shared_ptr<const Happenings>& happenings) {
  // A bell that is full rings already.
  if (queue_.Push(happenings)) static_cast<void>(bell_.Push({}));
}

std::shared_ptr<Hub::Watcher> Hub::Add(Wish wish, Receiver* receiver) {
  if (watchers_.empty()) {
    told_ = std::max(told_, wish.index);
    queue_.Listen(true);
    // Why: of what has happened since the client has looked the queue may not have heard.
    looks_ = true;
    work_.Wake();
  }
  List& list = watchers_[wish.path];
  auto watcher = std::make_shared<Watcher>(Watcher{std::move(wish), receiver, list.size()});
  list.push_back(watcher);
  parts_.on_watchers(1);
  return watcher;
}

void Hub::Remove(Watcher* watcher) {
  if (std::exchange(watcher->is_removed, true)) return;
  parts_.on_watchers(-1);
  const auto at = watchers_.find(watcher->wish.path);
  List& list = at->second;
  std::swap(list[watcher->place], list.back());
  list[watcher->place]->place = watcher->place;
  list.pop_back();
  if (list.empty()) watchers_.erase(at);
  if (watchers_.empty()) queue_.Listen(false);
}

std::shared_ptr<const Event> Hub::FindPast(const std::vector<History::Pointer>& events,
                                           const Wish& wish) {
  for (const History::Pointer& event : events) {
    if (event->refresh) continue;
    const bool is_within = wish.recursive && IsBelow(event->key, wish.path);
    const bool is_gone_with =
        event->removes() && event->prev->is_directory() && wish.path.starts_with(event->key);
    if (event->key == wish.path || is_within || is_gone_with) return event;
  }
  return nullptr;
}

bool Hub::WorkOnce() {
  if (telling_at_ < telling_.size()) {
    TellSome();
  } else if (batch_ != nullptr) {
    ReadSome();
  } else {
    return TakeBatch();
  }
  return true;
}

bool Hub::TakeBatch() {
  if (watchers_.empty()) return false;
  if (std::exchange(looks_, false)) {
    CatchUp();
    return true;
  }
  HappeningsQueue::Batch batch = queue_.Take();
  if (batch == nullptr && !queue_.TakeLost()) return false;
  if (batch == nullptr || batch->after > told_) {
    CatchUp();
    return true;
  }
  if (batch->index > told_) batch_ = std::move(batch);
  return true;
}

void Hub::CatchUp() {
  const std::shared_ptr<const View> view = parts_.view();
  if (view == nullptr || view->index <= told_) return;
  if (base::Planted(PlantedBug::kGapIsPassedOver)) {
    told_ = view->index;
    return;
  }
  const auto events = view->history.From(told_ + 1);
  if (!events.has_value()) {
    told_ = view->index;
    return EndAll();
  }
  auto past = std::make_shared<Happenings>(Happenings{.after = told_, .index = view->index});
  for (const History::Pointer& event : *events) past->happenings.push_back({event});
  batch_ = std::move(past);
  is_past_ = true;
}

void Hub::ReadSome() {
  for (size_t i = 0; i < kReadAtATime && batch_at_ < batch_->happenings.size(); ++i) {
    const Happening& happening = batch_->happenings[batch_at_++];
    const Event& event = *happening.event;
    if (event.index <= told_) continue;
    told_ = event.index;
    telling_ = GatherFor(happening);
    if (telling_.empty()) continue;
    telling_at_ = 0;
    json_.emplace(EventJson(event));
    return;
  }
  if (batch_at_ < batch_->happenings.size()) return;
  told_ = std::max(told_, batch_->index);
  batch_ = nullptr;
  is_past_ = false;
  batch_at_ = 0;
}

void Hub::TellSome() {
  const size_t end = std::min(telling_.size(), telling_at_ + kTellAtATime);
  while (telling_at_ < end) {
    const std::shared_ptr<Watcher> watcher = std::move(telling_[telling_at_++]);
    if (watcher->is_removed) continue;
    if (!json_.has_value() || !watcher->wish.stream) Remove(watcher.get());
    if (json_.has_value()) {
      watcher->receiver->OnEvent(*json_);
    } else {
      watcher->receiver->OnLost();
    }
  }
  if (telling_at_ < telling_.size()) return;
  telling_ = {};
  telling_at_ = 0;
  json_.reset();
}

Hub::List Hub::GatherFor(const Happening& happening) const {
  const Event& event = *happening.event;
  List gathered;
  if (event.refresh) return gathered;
  if (event.removes()) {
    if (happening.removed || is_past_) GatherBelow(happening, &gathered);
    Gather(event.key, event, true, &gathered);
  }
  for (size_t end = event.key.find('/', 1); end != std::string::npos;
       end = event.key.find('/', end + 1)) {
    Gather(std::string_view(event.key).substr(0, end), event, false, &gathered);
  }
  Gather(event.key, event, false, &gathered);
  return gathered;
}

void Hub::Gather(std::string_view path, const Event& event, bool is_removed, List* gathered) const {
  const auto at = watchers_.find(path);
  if (at == watchers_.end()) return;
  const bool is_there = path == event.key;
  if (!is_there && IsHidden(path, event.key)) return;
  for (const std::shared_ptr<Watcher>& watcher : at->second) {
    const Wish& wish = watcher->wish;
    const bool matches = wish.recursive || is_there || is_removed;
    if (matches && event.index >= wish.since && event.index > wish.index) {
      gathered->push_back(watcher);
    }
  }
}

void Hub::GatherBelow(const Happening& happening, List* gathered) const {
  const std::string& key = happening.event->key;
  for (auto at = watchers_.lower_bound(key + "/"); at != watchers_.end(); ++at) {
    if (!IsBelow(at->first, key)) break;
    const std::string_view below = std::string_view(at->first).substr(key.size());
    if (happening.removed && !IsThere(*happening.removed, below)) continue;
    Gather(at->first, *happening.event, true, gathered);
  }
}

void Hub::EndAll() {
  telling_ = {};
  telling_at_ = 0;
  json_.reset();
  for (const auto& [path, list] : watchers_) {
    telling_.insert(telling_.end(), list.begin(), list.end());
  }
}

}  // namespace v2
