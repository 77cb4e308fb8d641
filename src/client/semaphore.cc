#include <etcd/semaphore.h>

#include <charconv>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/coverage_mark.h"
#include "client/concurrency_errors.h"
#include "client/places.h"
#include "client/planted.h"
#include "client/steps.h"

namespace etcd {
inline namespace v1 {
namespace {

std::string LimitKey(const std::string& prefix) {
  return prefix + "limit";
}
std::string HoldersPrefix(const std::string& prefix) {
  return prefix + "holders/";
}
std::string WaitersPrefix(const std::string& prefix) {
  return prefix + "waiters/";
}

GetRequest OldestFirst(const std::string& prefix) {
  GetRequest request = Prefix(prefix);
  request.sort_order = SortOrder::kAscend;
  request.sort_target = SortTarget::kCreate;
  return request;
}

// What shows the state of the semaphore whose prefix this is.
std::vector<Op> Reads(const std::string& prefix) {
  return {OpGet({.key = LimitKey(prefix)}), OpGet(OldestFirst(HoldersPrefix(prefix))),
          OpGet(OldestFirst(WaitersPrefix(prefix)))};
}

// What the last answers of a transaction show: those of Reads.
Result<SemaphoreState> StateOf(TxnResponse answer) {
  SemaphoreState state{.header = answer.header};
  const auto got = [&answer](size_t from_last) -> std::vector<KeyValue>& {
    OpResponse& response = answer.responses[answer.responses.size() - from_last];
    return std::get<GetResponse>(response.response).kvs;
  };
  if (!got(3).empty()) {
    const std::string& text = got(3)[0].value;
    int64_t limit = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
      return Status(client::kLimitNoNumber);
    }
    state.limit = limit;
    state.limit_revision = got(3)[0].mod_revision;
  }
  state.holders = std::move(got(2));
  state.waiters = std::move(got(1));
  return state;
}

// What counts for one session of the state that it saw last.
class View {
 public:
  View(const std::string& prefix, const Session& session)
      : holder_(client::SessionKey(HoldersPrefix(prefix), session)),
        waiter_(client::SessionKey(WaitersPrefix(prefix), session)),
        limit_key_(LimitKey(prefix)),
        holders_prefix_(HoldersPrefix(prefix)) {}

  const std::string& holder() const { return holder_; }
  const std::string& waiter() const { return waiter_; }
  const ResponseHeader& header() const { return header_; }
  // When the session was let in, when it began to wait, and when the limit was set; 0: not.
  int64_t holds_since() const { return holds_since_; }
  int64_t waits_since() const { return waits_since_; }
  int64_t limit_since() const { return limit_since_; }
  // Its place, as one that holds or one that waits: it is never both.
  bool is_there() const { return since() != 0; }
  const std::string& place() const { return holds_since_ != 0 ? holder_ : waiter_; }
  int64_t since() const { return holds_since_ != 0 ? holds_since_ : waits_since_; }
  // Whether the session may be let in. Until the limit changes, that stays so: no one comes before
  // those that wait, and who is let in beside had been counted, or counted this session.
  bool HasRoom() const {
    const size_t before =
        client::Planted(client::PlantedBug::kWaitersDoNotCount) ? 0 : before_.size();
    return static_cast<int64_t>(holders_.size() + before) < limit_;
  }

  void See(const SemaphoreState& state) {
    header_ = state.header;
    limit_ = state.limit.value_or(0);
    limit_since_ = state.limit_revision;
    holds_since_ = 0;
    waits_since_ = 0;
    holders_.clear();
    before_.clear();
    for (const KeyValue& kv : state.holders) {
      if (kv.key == holder_) holds_since_ = kv.create_revision;
      holders_.insert(kv.key);
    }
    for (const KeyValue& kv : state.waiters) {
      if (kv.key == waiter_) {
        waits_since_ = kv.create_revision;
        break;
      }
      before_.insert(kv.key);
    }
  }
  // False if the state has to be read anew.
  bool Follow(const Event& event) {
    const std::string& key = event.kv.key;
    if (key == limit_key_ || key == waiter_) return false;
    if (event.type == Event::Type::kDelete) {
      holders_.erase(key);
      before_.erase(key);
    } else if (key.starts_with(holders_prefix_)) {
      holders_.insert(key);
    }
    return true;
  }

 private:
  const std::string holder_;
  const std::string waiter_;
  const std::string limit_key_;
  const std::string holders_prefix_;
  ResponseHeader header_;
  int64_t limit_ = 0;
  int64_t limit_since_ = 0;
  int64_t holds_since_ = 0;
  int64_t waits_since_ = 0;
  std::set<std::string> holders_;
  std::set<std::string> before_;  // of those that wait
};

// The way of one session into a semaphore. Each step does something if that is right still, and
// sees in the same transaction what there is then.
class Entry {
 public:
  Entry(Session* session, const std::string& prefix, const SemaphoreOptions& options)
      : session_(*session), prefix_(prefix), options_(options), view_(prefix, *session) {}

  const View& view() const { return view_; }

  Status Enter(const client::Steps& steps) {
    for (;;) {
      const Status entered = Do({CompareCreateRevision(view_.waiter(), Compare::kEqual, 0),
                                 CompareCreateRevision(view_.holder(), Compare::kEqual, 0)},
                                {Put(view_.waiter())}, steps.Next());
      if (!entered.ok() || !IsInDoubt()) return entered;
      const auto left = LeaveSeen(steps.Next());
      if (!left.ok()) return left.status();
    }
  }
  Status SetFirstLimit(const CallOptions& call) {
    const std::string key = LimitKey(prefix_);
    return Do({CompareVersion(key, Compare::kEqual, 0)},
              {OpPut({.key = key, .value = std::to_string(options_.limit)})}, call);
  }
  Status LetIn(const CallOptions& call) {
    return Do({client::IsCreatedAt(view_.waiter(), view_.waits_since()),
               CompareModRevision(LimitKey(prefix_), Compare::kEqual, view_.limit_since())},
              {OpDelete({.key = view_.waiter()}), Put(view_.holder())}, call);
  }
  // Until there is room, or the state has to be read anew, and is.
  Status AwaitRoom(const client::Steps& steps) {
    WatchRequest request = Prefix(prefix_);
    request.start_revision = view_.header().revision + 1;
    bool is_current = true;
    const WatchEnding ending =
        session_.client().Watch(request, steps.Next(), [&](const WatchResponse& response) {
          for (const Event& event : response.events) is_current = view_.Follow(event) && is_current;
          return is_current && !view_.HasRoom();
        });
    if (is_current && view_.HasRoom()) return {};
    if (is_current && ending.compact_revision == 0) return ending.status;
    return Do({}, {}, steps.Next());
  }
  // As far as that can be done, in at most 5 s. It may be let in while it leaves, and so leaves the
  // holders last.
  void Leave() { Places::LeaveAny(session_, {view_.waiter(), view_.holder()}); }

 private:
  bool IsInDoubt() const {
    return view_.is_there() && Places::IsInDoubt(session_, view_.place(), view_.since());
  }
  Result<TxnResponse> LeaveSeen(const CallOptions& call) {
    return Places::Leave(session_, view_.place(), view_.since(), call);
  }
  Op Put(const std::string& key) const {
    return OpPut({.key = key, .value = options_.name, .lease = session_.lease()});
  }
  Status Do(std::vector<Compare> compares, std::vector<Op> ops, const CallOptions& call) {
    for (Op& read : Reads(prefix_)) ops.push_back(std::move(read));
    auto answer = session_.client().Txn(
        {.compares = std::move(compares), .success = std::move(ops), .failure = Reads(prefix_)},
        call);
    if (!answer.ok()) return answer.status();
    const auto state = StateOf(std::move(answer).value());
    if (!state.ok()) return state.status();
    view_.See(*state);
    return {};
  }

  Session& session_;
  const std::string& prefix_;
  const SemaphoreOptions& options_;
  View view_;
};

}  // namespace

Semaphore::Semaphore(Session* session, const std::string& prefix, SemaphoreOptions options)
    : session_(*session), prefix_(prefix + "/"), options_(std::move(options)) {}

Status Semaphore::Enter(const CallOptions& options, bool waits) {
  if (options_.limit < 0) return client::kLimitNegative;
  const client::Steps steps(session_, options, waits ? kNoTimeout : kDefaultTimeout);
  Entry entry(&session_, prefix_, options_);
  const View& view = entry.view();
  Status status = entry.Enter(steps);
  if (!status.ok() && token_ != 0) return steps.Explain(status, client::kSemaphoreExpired);
  while (status.ok() && view.holds_since() == 0) {
    if (view.waits_since() == 0) {
      status = client::kSemaphoreExpired;
    } else if (view.limit_since() == 0) {
      status = entry.SetFirstLimit(steps.Next());
    } else if (view.HasRoom()) {
      status = entry.LetIn(steps.Next());
    } else {
      status = waits ? entry.AwaitRoom(steps) : Status(client::kNoSlotFree);
    }
  }
  if (!status.ok()) {
    base::Mark<"client: who was not let in leaves a semaphore">();
    entry.Leave();
    key_.clear();
    token_ = 0;
    return steps.Explain(status, client::kSemaphoreExpired);
  }
  key_ = view.holder();
  token_ = view.holds_since();
  header_ = view.header();
  return {};
}

Status Semaphore::Acquire(const CallOptions& options) {
  return Enter(options, /*waits=*/true);
}

Status Semaphore::TryAcquire(const CallOptions& options) {
  return Enter(options, /*waits=*/false);
}

Status Semaphore::Release(const CallOptions& options) {
  if (token_ == 0) return client::kSlotReleased;
  const auto released = Places::Leave(session_, key_, token_, options);
  if (!released.ok()) return released.status();
  key_.clear();
  token_ = 0;
  return {};
}

Compare Semaphore::IsHolder() const {
  return client::IsCreatedAt(key_, token_);
}

Result<SemaphoreState> Semaphore::State(Client* asked, const std::string& prefix,
                                        const CallOptions& options) {
  auto answer =
      asked->Txn({.compares = {}, .success = Reads(prefix + "/"), .failure = {}}, options);
  if (!answer.ok()) return answer.status();
  return StateOf(std::move(answer).value());
}

Status Semaphore::SetLimit(Client* asked, const std::string& prefix, int64_t limit,
                           const CallOptions& options) {
  if (limit < 0) return client::kLimitNegative;
  return asked->Put({.key = LimitKey(prefix + "/"), .value = std::to_string(limit)}, options)
      .status();
}

}  // namespace v1
}  // namespace etcd
