#include "api/v2/hub.h"

#include <algorithm>
#include <utility>

#include "api/v2/json.h"
#include "base/check.h"
#include "state/v2/store.h"
#include "state/v2/tree.h"

namespace v2 {
namespace {

// Batches; each is of a slice of entries.
constexpr size_t kWaitingMax = 1'000'000;

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

Hub::Hub(server::Server* server, server::Frontend* frontend, std::atomic<int64_t>* count)
    : frontend_(*frontend),
      count_(*count),
      mailbox_(&frontend->loop(), kWaitingMax, [this](auto& batches) {
        for (const auto& batch : batches) OnHappenings(*batch);
      }) {
  // A loop that stands still for so long has lost them, and sees that by the gap.
  server->ListenToTree([this](const std::shared_ptr<const Happenings>& happenings) {
    static_cast<void>(mailbox_.Push(std::shared_ptr<const Happenings>(happenings)));
  });
}

Hub::~Hub() = default;

std::shared_ptr<Hub::Watcher> Hub::Add(Wish wish, Receiver* receiver) {
  if (watchers_.empty()) told_ = std::max(told_, wish.index);
  List& list = watchers_[wish.path];
  auto watcher = std::make_shared<Watcher>(Watcher{std::move(wish), receiver, list.size()});
  list.push_back(watcher);
  ++count_;
  return watcher;
}

void Hub::Remove(Watcher* watcher) {
  if (std::exchange(watcher->is_removed, true)) return;
  --count_;
  const auto at = watchers_.find(watcher->wish.path);
  List& list = at->second;
  std::swap(list[watcher->place], list.back());
  list[watcher->place]->place = watcher->place;
  list.pop_back();
  if (list.empty()) watchers_.erase(at);
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

void Hub::OnHappenings(const Happenings& happenings) {
  if (!watchers_.empty()) {
    if (happenings.after > told_) CatchUp(happenings.after);
    for (const Happening& happening : happenings.happenings) {
      if (happening.event->index > told_) Tell(happening);
    }
  }
  told_ = std::max(told_, happenings.index);
}

void Hub::CatchUp(uint64_t index) {
  const std::shared_ptr<const View> view = frontend_.tree();
  const auto events = view == nullptr ? std::nullopt : view->history.From(told_ + 1);
  if (!events.has_value()) return EndAll();
  for (const History::Pointer& event : *events) {
    if (event->index > index) break;
    Tell({event});
  }
  told_ = index;
}

void Hub::Tell(const Happening& happening) {
  const Event& event = *happening.event;
  if (event.refresh) return;
  List gathered;
  if (event.removes()) {
    if (happening.removed) GatherBelow(happening, &gathered);
    Gather(event.key, event, true, &gathered);
  }
  for (size_t end = event.key.find('/', 1); end != std::string::npos;
       end = event.key.find('/', end + 1)) {
    Gather(std::string_view(event.key).substr(0, end), event, false, &gathered);
  }
  Gather(event.key, event, false, &gathered);
  if (gathered.empty()) return;
  const base::SharedBytes json(EventJson(event));
  for (const std::shared_ptr<Watcher>& watcher : gathered) {
    if (watcher->is_removed) continue;
    if (!watcher->wish.stream) Remove(watcher.get());
    watcher->receiver->OnEvent(json);
  }
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
    if (!IsThere(*happening.removed, std::string_view(at->first).substr(key.size()))) continue;
    Gather(at->first, *happening.event, true, gathered);
  }
}

void Hub::EndAll() {
  List all;
  for (const auto& [path, list] : watchers_) all.insert(all.end(), list.begin(), list.end());
  for (const std::shared_ptr<Watcher>& watcher : all) {
    if (watcher->is_removed) continue;
    Remove(watcher.get());
    watcher->receiver->OnLost();
  }
}

}  // namespace v2
