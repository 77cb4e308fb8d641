#include <etcd/queue.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "client/concurrency_errors.h"
#include "client/planted.h"
#include "client/steps.h"
#include "client/time_key.h"

namespace etcd {
inline namespace v1 {
namespace {

// Of a queue that is sorted for it: so that it is for every so many elements only.
constexpr int64_t kKeysAtOnce = 64;

// Takes this element if it is there still. OK without one: it is not.
Result<std::optional<KeyValue>> Take(Client& asked, const KeyValue& element) {
  const TxnRequest request{
      .compares = {CompareModRevision(element.key, Compare::kEqual, element.mod_revision)},
      .success = {OpDelete({.key = element.key, .prev_kv = true})},
      .failure = {}};
  // Its own time, and no handle: what it takes is lost if its answer is not awaited.
  auto taken = asked.Txn(request);
  Status unknown;
  if (!taken.ok() && client::MayBeDone(taken.status())) {
    // If it was not, it can be done now: it is the same element or none.
    unknown = taken.status();
    taken = asked.Txn(request);
  }
  if (taken.ok() && taken->succeeded) {
    auto& deleted = std::get<DeleteResponse>(taken->responses[0].response);
    return std::optional<KeyValue>(std::move(deleted.prev_kvs[0]));
  }
  if (!unknown.ok() && !Planted(client::PlantedBug::kElementsAreLostInSilence)) {
    return Status(client::kElementUnknown.code, std::string(client::kElementUnknown.text),
                  element.key + ": " + unknown.ToString());
  }
  if (!taken.ok()) return taken.status();
  return std::optional<KeyValue>();
}

// Until one of these is put from this revision on, or that is compacted.
Status AwaitElement(Client& asked, const GetRequest& elements, int64_t start_revision,
                    const client::Steps& steps) {
  const WatchRequest request{.key = elements.key,
                             .range_end = elements.range_end,
                             .start_revision = start_revision,
                             .no_delete = true};
  bool is_put = false;
  const WatchEnding ending =
      asked.Watch(request, steps.Next(), [&is_put](const WatchResponse& response) {
        is_put = is_put || !response.events.empty();
        return !is_put;
      });
  return is_put || ending.compact_revision != 0 ? Status() : ending.status;
}

// Takes the first element, for which `first` asks if `next` has kept none of the answer before;
// waits for one if it is to.
Result<KeyValue> TakeFirst(Client& asked, const GetRequest& first, std::deque<KeyValue>* next,
                           const client::Steps& steps, bool waits) {
  for (;;) {
    while (!next->empty()) {
      if (Status over = steps.Over(); !over.ok()) return over;
      auto taken = Take(asked, next->front());
      if (taken.ok() && taken->has_value()) {
        next->pop_front();
        return std::move(**taken);
      }
      // Others have been here, and may have taken more.
      next->clear();
      if (!taken.ok()) return taken.status();
    }
    auto got = asked.Get(first, steps.Next());
    if (!got.ok()) return got.status();
    if (got->kvs.empty()) {
      if (!waits) return Status(client::kQueueEmpty);
      const Status status = AwaitElement(asked, first, got->header.revision + 1, steps);
      if (!status.ok()) return status;
    }
    for (KeyValue& kv : got->kvs) next->push_back(std::move(kv));
  }
}

// The number of the element behind the last one, if there is one; less than 0: its key has none.
int64_t NumberBehind(const std::vector<KeyValue>& last) {
  if (last.empty()) return 0;
  const std::string_view name = std::string_view(last[0].key).substr(last[0].key.rfind('/') + 1);
  int64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == name.data() + name.size() ? number + 1 : -1;
}

// Compat: both widths are those of etcd's recipes.
std::string PriorityName(uint16_t priority) {
  char name[6];
  std::snprintf(name, sizeof(name), "%05u", static_cast<unsigned>(priority));
  return name;
}
std::string ElementName(int64_t number) {
  char name[24];
  std::snprintf(name, sizeof(name), "%016lld", static_cast<long long>(number));
  return name;
}

}  // namespace

Queue::Queue(Client* client, const std::string& prefix)
    : client_(*client), prefix_(prefix + "/"), first_(Prefix(prefix_)) {
  first_.limit = kKeysAtOnce;
  first_.sort_order = SortOrder::kAscend;
  first_.sort_target = SortTarget::kMod;
  first_.keys_only = true;
}

Status Queue::Enqueue(const std::string& value, const CallOptions& options) {
  const client::Steps steps(client_, options, kDefaultTimeout);
  for (;;) {
    const std::string key = client::TimeKey(client_, prefix_);
    const auto put = client_.Txn({.compares = {CompareVersion(key, Compare::kEqual, 0)},
                                  .success = {OpPut({.key = key, .value = value})},
                                  .failure = {}},
                                 steps.Next());
    if (!put.ok()) return put.status();
    if (put->succeeded) return {};
  }
}

Result<KeyValue> Queue::Dequeue(const CallOptions& options) {
  return TakeFirst(client_, first_, &next_, {client_, options, kNoTimeout}, /*waits=*/true);
}

Result<KeyValue> Queue::TryDequeue(const CallOptions& options) {
  return TakeFirst(client_, first_, &next_, {client_, options, kDefaultTimeout}, /*waits=*/false);
}

PriorityQueue::PriorityQueue(Client* client, const std::string& prefix)
    : client_(*client), prefix_(prefix + "/"), first_(Prefix(prefix_)) {
  // One alone: another may come before the second.
  first_.limit = 1;
  first_.keys_only = true;
  if (Planted(client::PlantedBug::kPrioritiesDoNotCount)) {
    first_.sort_order = SortOrder::kAscend;
    first_.sort_target = SortTarget::kMod;
  }
}

Status PriorityQueue::Enqueue(const std::string& value, uint16_t priority,
                              const CallOptions& options) {
  const client::Steps steps(client_, options, kDefaultTimeout);
  const std::string name = prefix_ + PriorityName(priority);
  // Put with each element: whoever has seen another last one has to look again.
  const std::string book = "__" + name;
  GetRequest request = Prefix(name + "/");
  request.limit = 1;
  request.sort_order = SortOrder::kDescend;
  request.keys_only = true;
  auto got = client_.Get(request, steps.Next());
  if (!got.ok()) return got.status();
  GetResponse last = std::move(got).value();
  for (;;) {
    const int64_t number = NumberBehind(last.kvs);
    if (number < 0) return client::kNoElement;
    auto put = client_.Txn(
        {.compares = {CompareModRevision(book, Compare::kLess, last.header.revision + 1)},
         .success = {OpPut({.key = book}),
                     OpPut({.key = name + "/" + ElementName(number), .value = value})},
         .failure = {OpGet(request)}},
        steps.Next());
    if (!put.ok()) return put.status();
    if (put->succeeded) return {};
    last = std::move(std::get<GetResponse>(put->responses[0].response));
    last.header = put->header;
  }
}

Result<KeyValue> PriorityQueue::Dequeue(const CallOptions& options) {
  std::deque<KeyValue> next;
  return TakeFirst(client_, first_, &next, {client_, options, kNoTimeout}, /*waits=*/true);
}

Result<KeyValue> PriorityQueue::TryDequeue(const CallOptions& options) {
  std::deque<KeyValue> next;
  return TakeFirst(client_, first_, &next, {client_, options, kDefaultTimeout}, /*waits=*/false);
}

}  // namespace v1
}  // namespace etcd
