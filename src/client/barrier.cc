#include <etcd/barrier.h>

#include <utility>
#include <variant>
#include <vector>

#include "client/concurrency_errors.h"
#include "client/planted.h"
#include "client/steps.h"
#include "client/time_key.h"

namespace etcd {
inline namespace v1 {

Barrier::Barrier(Client* client, std::string key) : client_(*client), key_(std::move(key)) {}

Status Barrier::Hold(const CallOptions& options) {
  const auto held = client_.Txn({.compares = {CompareVersion(key_, Compare::kEqual, 0)},
                                 .success = {OpPut({.key = key_})},
                                 .failure = {}},
                                options);
  if (!held.ok()) return held.status();
  return held->succeeded ? Status() : Status(client::kKeyExists);
}

Status Barrier::Release(const CallOptions& options) {
  return client_.Delete({.key = key_}, options).status();
}

Status Barrier::Wait(const CallOptions& options) const {
  const client::Steps steps(client_, options, kNoTimeout);
  for (;;) {
    const bool looks_late = Planted(client::PlantedBug::kBarriersAreSeenLate);
    const auto got = client_.Get({.key = key_, .serializable = looks_late}, steps.Next());
    if (!got.ok() || got->kvs.empty()) return got.status();
    const auto released = client::AwaitDeletion(client_, key_, got->header.revision + 1, steps);
    if (!released.ok() || *released) return released.status();
  }
}

namespace {

// Who is at a double barrier, and since when it is open; 0: it is not.
struct Presence {
  int64_t revision = 0;
  int64_t ready_revision = 0;
  std::vector<KeyValue> there = {};  // oldest first

  // Whether some have been let in, and have not left.
  bool IsBusy() const { return !there.empty() && there[0].create_revision < ready_revision; }
};

std::vector<Op> Reads(const std::string& ready_key, const std::string& waiters_prefix) {
  GetRequest oldest_first = Prefix(waiters_prefix);
  oldest_first.sort_order = SortOrder::kAscend;
  oldest_first.sort_target = SortTarget::kCreate;
  oldest_first.keys_only = true;
  return {OpGet({.key = ready_key}), OpGet(std::move(oldest_first))};
}

// What the last answers of a transaction show: those of Reads.
Presence PresenceOf(TxnResponse answer) {
  const auto got = [&answer](size_t from_last) -> std::vector<KeyValue>& {
    OpResponse& response = answer.responses[answer.responses.size() - from_last];
    return std::get<GetResponse>(response.response).kvs;
  };
  return {.revision = answer.header.revision,
          .ready_revision = got(2).empty() ? 0 : got(2)[0].mod_revision,
          .there = std::move(got(1))};
}

}  // namespace

DoubleBarrier::DoubleBarrier(Session* session, const std::string& key, int64_t count)
    : session_(*session),
      waiters_prefix_(key + "/waiters/"),
      ready_key_(key + "/ready"),
      count_(count) {}

// One participant's way in.
class DoubleBarrier::Arrival {
 public:
  Arrival(const DoubleBarrier& barrier, const client::Steps& steps)
      : client_(barrier.session_.client()), barrier_(barrier), steps_(steps) {}

  const std::string& key() const { return key_; }
  int64_t since() const { return since_; }

  Status Enter() {
    Status status = PutKey();
    if (status.ok()) status = IsLast() ? Open() : AwaitReady();
    if (status.ok()) status = CheckKey();
    if (!status.ok()) TakeBackKey();
    return status;
  }

 private:
  std::vector<Op> Reads() const { return v1::Reads(barrier_.ready_key_, barrier_.waiters_prefix_); }
  Compare IsNotReadySince(int64_t revision) const {
    return CompareModRevision(barrier_.ready_key_, Compare::kLess, revision + 1);
  }

  // Unless there are enough. Nobody is counted who may not enter: the key is put only if nobody has
  // been let in since that was looked at.
  Status PutKey() {
    for (;;) {
      auto looked = client_.Txn({.compares = {}, .success = Reads(), .failure = {}}, steps_.Next());
      if (!looked.ok()) return looked.status();
      const Presence before = PresenceOf(std::move(looked).value());
      if (before.IsBusy() || IsFull(before)) return client::kTooManyClients;
      key_ = client::TimeKey(client_, barrier_.waiters_prefix_);
      std::vector<Op> ops = Reads();
      ops.insert(ops.begin(), OpPut({.key = key_, .lease = barrier_.session_.lease()}));
      auto put = client_.Txn(
          {.compares = {CompareVersion(key_, Compare::kEqual, 0), IsNotReadySince(before.revision)},
           .success = std::move(ops),
           .failure = {}},
          steps_.Next());
      if (!put.ok()) return put.status();
      if (!put->succeeded) {
        key_.clear();
        continue;
      }
      since_ = put->header.revision;
      const Presence now = PresenceOf(std::move(put).value());
      before_ = static_cast<int64_t>(now.there.size()) - 1;
      return before_ < barrier_.count_ ? Status() : Status(client::kTooManyClients);
    }
  }
  bool IsLast() const {
    const int64_t missing = Planted(client::PlantedBug::kDoubleBarriersOpenEarly) ? 1 : 0;
    return before_ + 1 + missing >= barrier_.count_;
  }
  bool IsFull(const Presence& presence) const {
    return static_cast<int64_t>(presence.there.size()) >= barrier_.count_;
  }

  // Without effect if it was opened meanwhile, or the key is gone.
  Status Open() {
    return client_
        .Txn({.compares = {client::IsCreatedAt(key_, since_), IsNotReadySince(since_)},
              .success = {OpPut({.key = barrier_.ready_key_})},
              .failure = {}},
             steps_.Next())
        .status();
  }

  Status AwaitReady() {
    WatchRequest request{.key = barrier_.ready_key_, .no_delete = true};
    request.start_revision = since_ + 1;
    for (;;) {
      bool is_ready = false;
      const WatchEnding ending =
          client_.Watch(request, steps_.Next(), [&is_ready](const WatchResponse& response) {
            is_ready = is_ready || !response.events.empty();
            return !is_ready;
          });
      if (is_ready) return {};
      if (ending.compact_revision == 0) return ending.status;
      // It is there as long as this participant is.
      const auto got = client_.Get({.key = barrier_.ready_key_}, steps_.Next());
      if (!got.ok()) return got.status();
      if (!got->kvs.empty() && got->kvs[0].mod_revision > since_) return {};
      request.start_revision = got->header.revision + 1;
    }
  }

  Status CheckKey() {
    const auto got = client_.Get({.key = key_}, steps_.Next());
    if (!got.ok()) return got.status();
    const bool is_there = !got->kvs.empty() && got->kvs[0].create_revision == since_;
    return is_there ? Status() : Status(client::kBarrierExpired);
  }

  // As far as that can be done.
  void TakeBackKey() {
    if (!key_.empty()) (void)client_.Delete({.key = key_});
  }

  Client& client_;
  const DoubleBarrier& barrier_;
  const client::Steps& steps_;
  std::string key_;
  int64_t since_ = 0;
  int64_t before_ = 0;  // how many were there when it came
};

Status DoubleBarrier::Enter(const CallOptions& options) {
  if (!key_.empty() || leaves_before_ != 0) return client::kEnteredAlready;
  const client::Steps steps(session_, options, kNoTimeout);
  Arrival arrival(*this, steps);
  if (const Status status = arrival.Enter(); !status.ok()) {
    return steps.Explain(status, client::kBarrierExpired);
  }
  key_ = arrival.key();
  since_ = arrival.since();
  return {};
}

Status DoubleBarrier::Leave(const CallOptions& options) {
  if (key_.empty() && leaves_before_ == 0) return client::kNotEntered;
  const client::Steps steps(session_, options, kNoTimeout);
  Client& asked = session_.client();
  if (!key_.empty()) {
    const std::vector<Op> reads = Reads(ready_key_, waiters_prefix_);
    std::vector<Op> ops = reads;
    ops.insert(ops.begin(), OpDelete({.key = key_}));
    auto left = asked.Txn({.compares = {client::IsCreatedAt(key_, since_)},
                           .success = std::move(ops),
                           .failure = reads},
                          steps.Next());
    if (!left.ok()) return steps.Explain(left.status(), client::kBarrierExpired);
    const Presence others = PresenceOf(std::move(left).value());
    key_.clear();
    leaves_before_ = others.ready_revision != 0 ? others.ready_revision : others.revision;
    if (others.there.empty() && others.ready_revision != 0) {
      // For tidiness: one that stays behind lets nobody in.
      (void)asked.Txn(
          {.compares = {CompareModRevision(ready_key_, Compare::kEqual, others.ready_revision)},
           .success = {OpDelete({.key = ready_key_})},
           .failure = {}},
          steps.Next());
    }
  }
  if (Planted(client::PlantedBug::kDoubleBarriersAreLeftAtOnce)) {
    leaves_before_ = 0;
    return {};
  }
  const Status status = client::AwaitDeletions(asked, waiters_prefix_, leaves_before_, steps);
  if (!status.ok()) return steps.Explain(status, client::kBarrierExpired);
  leaves_before_ = 0;
  return {};
}

}  // namespace v1
}  // namespace etcd
