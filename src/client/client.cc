#include <etcd/client.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "client/convert.h"
#include "client/endpoint_sync.h"
#include "client/lease_renewer.h"
#include "client/pending_bytes.h"
#include "client/session.h"
#include "client/settings.h"
#include "client/srv_endpoints.h"
#include "client/watcher.h"
#include "config/url.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"

namespace etcd {
inline namespace v1 {
namespace {

namespace pb = etcdserverpb;
using client::kMemberList;
using client::Method;
using client::Repeatable;

constexpr Method kRange{"/etcdserverpb.KV/Range", Repeatable::kYes};
constexpr Method kRangeStream{"/etcdserverpb.KV/RangeStream", Repeatable::kNo};
constexpr Method kPut{"/etcdserverpb.KV/Put"};
constexpr Method kDeleteRange{"/etcdserverpb.KV/DeleteRange"};
constexpr Method kTxn{"/etcdserverpb.KV/Txn"};
constexpr Method kCompact{"/etcdserverpb.KV/Compact"};
constexpr Method kLeaseGrant{"/etcdserverpb.Lease/LeaseGrant"};
constexpr Method kLeaseRevoke{"/etcdserverpb.Lease/LeaseRevoke"};
constexpr Method kLeaseKeepAlive{"/etcdserverpb.Lease/LeaseKeepAlive", Repeatable::kYes};
constexpr Method kLeaseTimeToLive{"/etcdserverpb.Lease/LeaseTimeToLive", Repeatable::kYes};
constexpr Method kLeaseLeases{"/etcdserverpb.Lease/LeaseLeases", Repeatable::kYes};
constexpr Method kMemberAdd{"/etcdserverpb.Cluster/MemberAdd"};
constexpr Method kMemberRemove{"/etcdserverpb.Cluster/MemberRemove"};
constexpr Method kMemberUpdate{"/etcdserverpb.Cluster/MemberUpdate"};
constexpr Method kMemberPromote{"/etcdserverpb.Cluster/MemberPromote"};
constexpr Method kMoveLeader{"/etcdserverpb.Maintenance/MoveLeader"};
constexpr Method kDowngrade{"/etcdserverpb.Maintenance/Downgrade"};
constexpr Method kStatus{"/etcdserverpb.Maintenance/Status", Repeatable::kYes};
constexpr Method kHashKv{"/etcdserverpb.Maintenance/HashKV", Repeatable::kYes};
constexpr Method kHash{"/etcdserverpb.Maintenance/Hash", Repeatable::kYes};
constexpr Method kDefragment{"/etcdserverpb.Maintenance/Defragment"};
constexpr Method kSnapshot{"/etcdserverpb.Maintenance/Snapshot", Repeatable::kYes};
// Switching an alarm twice is switching it once.
constexpr Method kAlarm{"/etcdserverpb.Maintenance/Alarm", Repeatable::kYes};

Status ToPublic(const base::Status& status, std::string cause = {}) {
  if (status.ok()) return {};
  return Status(static_cast<Code>(status.code()), std::string(status.message()), std::move(cause));
}
Status ToPublic(const client::Session::Ending& ending) {
  return ToPublic(ending.status, ending.cause);
}

// What is waited for inside a callback would never come: only that thread can bring it.
Status WaitInCallback() {
  return Status(Code::kFailedPrecondition,
                "a callback of this client waits for a call of the same client; give that call a "
                "callback instead");
}

// Makes a callback of a wait.
template <typename T>
class Waiter {
 public:
  std::function<void(T)> Callback() {
    return [this](T value) {
      // Notified under the lock: the waiter is gone as soon as it is free.
      const std::lock_guard lock(mutex_);
      value_.emplace(std::move(value));
      arrived_.notify_one();
    };
  }
  T Wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return value_.has_value(); });
    return std::move(*value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<T> value_;
};

pb::AlarmRequest AlarmMessage(pb::AlarmRequest::AlarmAction action, const Alarm& alarm) {
  pb::AlarmRequest message;
  message.set_action(action);
  message.set_memberid(alarm.member_id);
  message.set_alarm(static_cast<pb::AlarmType>(alarm.type));
  return message;
}

// Not OK if one of them is no URL of a member; with etcd's text.
Status CheckUrls(const std::vector<std::string>& urls) {
  if (urls.empty()) return Status(Code::kInvalidArgument, "no valid URLs given");
  for (const std::string& url : urls) {
    if (const auto parsed = config::ParseUrl(url); !parsed.ok()) return ToPublic(parsed.status());
  }
  return {};
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(client::Settings settings)
      : thread_("etcd-client"), network_(&thread_.loop()), pending_(settings.max_pending_bytes) {
    thread_.RunAndWait([&] {
      const runtime::Duration sync_interval = settings.auto_sync_interval;
      session_ = std::make_unique<client::Session>(&thread_.loop(), &network_, std::move(settings),
                                                   runtime::posix::EntropySeed());
      watcher_ = std::make_unique<client::Watcher>(session_.get());
      renewer_ = std::make_unique<client::LeaseRenewer>(session_.get());
      if (sync_interval == Duration(0)) return;
      sync_ = std::make_unique<client::EndpointSync>(&thread_.loop(), session_.get(), sync_interval,
                                                     runtime::posix::EntropySeed());
    });
  }
  ~Impl() {
    if (thread_.loop().IsCurrent()) {
      std::fputs(
          "etcd::Client: destroyed inside one of its own callbacks, whose end it waits for\n",
          stderr);
      std::abort();
    }
    thread_.RunAndWait([this] {
      sync_.reset();
      renewer_.reset();
      watcher_.reset();
      session_.reset();
    });
    thread_.Stop();
  }

  Status Authenticate(Duration timeout) {
    Waiter<Status> waiter;
    thread_.loop().Post([this, timeout, done = waiter.Callback()] {
      session_->Authenticate(
          timeout == Duration(0) ? client::Session::kNoTimeout : timeout,
          [done](const client::Session::Ending& ending) { done(ToPublic(ending)); });
    });
    return waiter.Wait();
  }

  // Has `action` look at the session, on the loop, and returns what it does.
  template <typename Action>
  auto OnSession(Action action) {
    if (thread_.loop().IsCurrent()) return action(*session_);
    std::optional<decltype(action(*session_))> result;
    thread_.RunAndWait([&] { result.emplace(action(*session_)); });
    return std::move(*result);
  }
  // Runs `task` as a callback.
  void Post(base::Callback<void()> task) { thread_.loop().Post(std::move(task)); }

  template <typename Message>
  client::Session::Request NewRequest(const Method& method, const Message& message,
                                      const CallOptions& options,
                                      Duration default_timeout = kDefaultTimeout) {
    client::Session::Request request{.method = method, .message = message.SerializeAsString()};
    request.timeout = options.timeout.value_or(default_timeout);
    request.require_leader = options.require_leader;
    return request;
  }

  template <typename Reply, typename T>
  void Unary(client::Session::Request request, const CallOptions& options, Callback<T> done) {
    auto share = pending_.Take(request.message.size());
    if (!share.has_value()) return Post([done = std::move(done)] { done(TooManyCalls()); });
    Launch(options, std::move(*share),
           [this, request = std::move(request),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             request.canceled = running->canceled;
             return session_->StartUnary(
                 std::move(request),
                 [running, done = std::move(done)](const client::Session::Ending& ending,
                                                   base::ByteView bytes) {
                   running->End();
                   if (!ending.status.ok()) return done(ToPublic(ending));
                   Reply reply;
                   if (!Parse(bytes, &reply)) return done(Malformed());
                   done(client::FromProto(std::move(reply)));
                 });
           });
  }

  // `part` takes a message out of the reply and returns what the sink says.
  template <typename Reply, typename Part>
  void Stream(client::Session::Request request, const CallOptions& options, Part part,
              std::function<void(Status)> done) {
    auto share = pending_.Take(request.message.size());
    if (!share.has_value()) return Post([done = std::move(done)] { done(TooManyCalls()); });
    const auto malformed = std::make_shared<bool>(false);
    auto sink = [malformed, part = std::move(part)](base::ByteView bytes) mutable {
      Reply reply;
      if (Parse(bytes, &reply)) return part(std::move(reply));
      *malformed = true;
      return false;
    };
    Launch(options, std::move(*share),
           [this, malformed, request = std::move(request), sink = std::move(sink),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             request.canceled = running->canceled;
             return session_->Start(std::move(request), std::move(sink),
                                    [running, malformed, done = std::move(done)](
                                        const client::Session::Ending& ending) {
                                      running->End();
                                      done(*malformed ? Malformed() : ToPublic(ending));
                                    });
           });
  }

  void Watch(const WatchRequest& request, const CallOptions& options, WatchSink sink,
             std::function<void(WatchEnding)> done) {
    auto share = pending_.Take(request.key.size() + request.range_end.size());
    if (!share.has_value()) {
      return Post([done = std::move(done)] { done({.status = TooManyCalls()}); });
    }
    client::Watcher::Options watch{.timeout = options.timeout.value_or(kNoTimeout),
                                   .require_leader = options.require_leader};
    Launch(options, std::move(*share),
           [this, request, watch, sink = std::move(sink),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             watch.canceled = running->canceled;
             return watcher_->Start(
                 request, watch, std::move(sink),
                 [running, done = std::move(done)](const client::Watch::Ending& ending) {
                   running->End();
                   done({ToPublic(ending.status, ending.cause), ending.header,
                         ending.compact_revision, ending.cancel_reason});
                 });
           });
  }

  void LeaseKeepAlive(int64_t id, const CallOptions& options, LeaseKeepAliveSink sink,
                      std::function<void(Status)> done) {
    auto share = pending_.Take(sizeof(id));
    if (!share.has_value()) return Post([done = std::move(done)] { done(TooManyCalls()); });
    client::LeaseRenewer::Options renewal{.timeout = options.timeout.value_or(kNoTimeout),
                                          .require_leader = options.require_leader};
    Launch(options, std::move(*share),
           [this, id, renewal, sink = std::move(sink),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             renewal.canceled = running->canceled;
             return renewer_->Start(
                 id, renewal, std::move(sink),
                 [running, done = std::move(done)](const client::Session::Ending& ending) {
                   running->End();
                   done(ToPublic(ending));
                 });
           });
  }

  void RequestProgress(bool require_leader) {
    Post([this, require_leader] {
      if (watcher_ != nullptr) watcher_->RequestProgress(require_leader);
    });
  }

  // What `start` hands to the callback it is given.
  template <typename T, typename Start>
  T Await(Start start) {
    if (thread_.loop().IsCurrent()) return T{WaitInCallback()};
    Waiter<T> waiter;
    start(waiter.Callback());
    return waiter.Wait();
  }

 private:
  // A call and the handle that may end it. On the loop.
  struct Running {
    explicit Running(client::PendingBytes::Share taken) : share(std::move(taken)) {}

    std::optional<client::PendingBytes::Share> share;
    bool canceled = false;  // before it began
    bool ended = false;
    std::shared_ptr<Cancellation::Listener> listener;

    void End() {
      ended = true;
      share.reset();
      listener.reset();
    }
  };

  // Has `start` begin a call, on the loop, and the options' handle end it.
  template <typename Start>
  void Launch(const CallOptions& options, client::PendingBytes::Share share, Start start) {
    thread_.loop().Post([this, cancellation = options.cancellation, share = std::move(share),
                         start = std::move(start)]() mutable {
      if (session_ == nullptr) return;
      const auto running = std::make_shared<Running>(std::move(share));
      running->canceled = cancellation.has_value() && cancellation->canceled();
      const auto call = start(running);
      if (!cancellation.has_value() || running->ended) return;
      running->listener = cancellation->Listen(
          [this, call] { thread_.loop().Post([this, call] { Cancel(call); }); });
    });
  }

  void Cancel(const client::Session::Handle& call) {
    if (session_ != nullptr) client::Session::Cancel(call);
  }
  void Cancel(const client::Watcher::Handle& watch) {
    if (watcher_ != nullptr) watcher_->Cancel(watch);
  }

  void Cancel(const client::LeaseRenewer::Handle& keep_alive) {
    if (renewer_ != nullptr) renewer_->Cancel(keep_alive);
  }

  template <typename Reply>
  static bool Parse(base::ByteView bytes, Reply* reply) {
    return reply->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  static Status TooManyCalls() {
    return Status(Code::kResourceExhausted, "too many calls are under way");
  }
  static Status Malformed() {
    return Status(Code::kInternal, "grpc: error unmarshalling response");
  }

  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  client::PendingBytes pending_;
  std::unique_ptr<client::Session> session_;
  std::unique_ptr<client::Watcher> watcher_;
  std::unique_ptr<client::LeaseRenewer> renewer_;
  std::unique_ptr<client::EndpointSync> sync_;  // null: never
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::New(const ClientOptions& options) {
  ClientOptions found = options;
  if (base::Status status = client::Discover(&found); !status.ok()) return ToPublic(status);
  runtime::posix::Disk disk;
  base::Result<client::Settings> settings = client::CheckOptions(found, disk);
  if (!settings.ok()) return ToPublic(settings.status());
  auto impl = std::make_unique<Impl>(std::move(settings).value());
  if (!options.user.empty()) {
    if (Status status = impl->Authenticate(options.dial_timeout); !status.ok()) return status;
  }
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

// ---- Keys and values ----

void Client::Get(const GetRequest& request, const CallOptions& options,
                 Callback<GetResponse> done) {
  impl_->Unary<pb::RangeResponse>(impl_->NewRequest(kRange, client::ToProto(request), options),
                                  options, std::move(done));
}
Result<GetResponse> Client::Get(const GetRequest& request, const CallOptions& options) {
  return impl_->Await<Result<GetResponse>>([&](auto done) { Get(request, options, done); });
}

void Client::GetStream(const GetRequest& request, const CallOptions& options, GetSink sink,
                       std::function<void(Status)> done) {
  impl_->Stream<pb::RangeStreamResponse>(
      impl_->NewRequest(kRangeStream, client::ToProto(request), options, kNoTimeout), options,
      [sink = std::move(sink)](pb::RangeStreamResponse&& reply) {
        return sink(client::FromProto(std::move(*reply.mutable_range_response())));
      },
      std::move(done));
}
Status Client::GetStream(const GetRequest& request, const CallOptions& options, GetSink sink) {
  return impl_->Await<Status>(
      [&](auto done) { GetStream(request, options, std::move(sink), done); });
}

void Client::Put(const PutRequest& request, const CallOptions& options,
                 Callback<PutResponse> done) {
  impl_->Unary<pb::PutResponse>(impl_->NewRequest(kPut, client::ToProto(request), options), options,
                                std::move(done));
}
Result<PutResponse> Client::Put(const PutRequest& request, const CallOptions& options) {
  return impl_->Await<Result<PutResponse>>([&](auto done) { Put(request, options, done); });
}

void Client::Delete(const DeleteRequest& request, const CallOptions& options,
                    Callback<DeleteResponse> done) {
  impl_->Unary<pb::DeleteRangeResponse>(
      impl_->NewRequest(kDeleteRange, client::ToProto(request), options), options, std::move(done));
}
Result<DeleteResponse> Client::Delete(const DeleteRequest& request, const CallOptions& options) {
  return impl_->Await<Result<DeleteResponse>>([&](auto done) { Delete(request, options, done); });
}

void Client::Txn(const TxnRequest& request, const CallOptions& options,
                 Callback<TxnResponse> done) {
  impl_->Unary<pb::TxnResponse>(impl_->NewRequest(kTxn, client::ToProto(request), options), options,
                                std::move(done));
}
Result<TxnResponse> Client::Txn(const TxnRequest& request, const CallOptions& options) {
  return impl_->Await<Result<TxnResponse>>([&](auto done) { Txn(request, options, done); });
}

void Client::Compact(const CompactRequest& request, const CallOptions& options,
                     Callback<CompactResponse> done) {
  impl_->Unary<pb::CompactionResponse>(
      impl_->NewRequest(kCompact, client::ToProto(request), options,
                        request.physical ? kNoTimeout : kDefaultTimeout),
      options, std::move(done));
}
Result<CompactResponse> Client::Compact(const CompactRequest& request, const CallOptions& options) {
  return impl_->Await<Result<CompactResponse>>([&](auto done) { Compact(request, options, done); });
}

// ---- Leases ----

void Client::LeaseGrant(const LeaseGrantRequest& request, const CallOptions& options,
                        Callback<LeaseGrantResponse> done) {
  pb::LeaseGrantRequest message;
  message.set_ttl(request.ttl);
  message.set_id(request.id);
  impl_->Unary<pb::LeaseGrantResponse>(impl_->NewRequest(kLeaseGrant, message, options), options,
                                       std::move(done));
}
Result<LeaseGrantResponse> Client::LeaseGrant(const LeaseGrantRequest& request,
                                              const CallOptions& options) {
  return impl_->Await<Result<LeaseGrantResponse>>(
      [&](auto done) { LeaseGrant(request, options, done); });
}

void Client::LeaseRevoke(int64_t id, const CallOptions& options,
                         Callback<LeaseRevokeResponse> done) {
  pb::LeaseRevokeRequest message;
  message.set_id(id);
  impl_->Unary<pb::LeaseRevokeResponse>(impl_->NewRequest(kLeaseRevoke, message, options), options,
                                        std::move(done));
}
Result<LeaseRevokeResponse> Client::LeaseRevoke(int64_t id, const CallOptions& options) {
  return impl_->Await<Result<LeaseRevokeResponse>>(
      [&](auto done) { LeaseRevoke(id, options, done); });
}

// A call of one message is answered by one and ends.
void Client::LeaseKeepAliveOnce(int64_t id, const CallOptions& options,
                                Callback<LeaseKeepAliveResponse> done) {
  pb::LeaseKeepAliveRequest message;
  message.set_id(id);
  impl_->Unary<pb::LeaseKeepAliveResponse>(
      impl_->NewRequest(kLeaseKeepAlive, message, options), options,
      Callback<LeaseKeepAliveResponse>(
          [done = std::move(done)](Result<LeaseKeepAliveResponse> response) {
            if (!response.ok() || response->ttl > 0) return done(std::move(response));
            done(ToPublic(base::errors::kLeaseNotFound));
          }));
}
Result<LeaseKeepAliveResponse> Client::LeaseKeepAliveOnce(int64_t id, const CallOptions& options) {
  return impl_->Await<Result<LeaseKeepAliveResponse>>(
      [&](auto done) { LeaseKeepAliveOnce(id, options, done); });
}

void Client::LeaseKeepAlive(int64_t id, const CallOptions& options, LeaseKeepAliveSink sink,
                            std::function<void(Status)> done) {
  impl_->LeaseKeepAlive(id, options, std::move(sink), std::move(done));
}
Status Client::LeaseKeepAlive(int64_t id, const CallOptions& options, LeaseKeepAliveSink sink) {
  return impl_->Await<Status>([&](auto done) { LeaseKeepAlive(id, options, sink, done); });
}

void Client::LeaseTimeToLive(int64_t id, bool keys, const CallOptions& options,
                             Callback<LeaseTimeToLiveResponse> done) {
  pb::LeaseTimeToLiveRequest message;
  message.set_id(id);
  message.set_keys(keys);
  impl_->Unary<pb::LeaseTimeToLiveResponse>(impl_->NewRequest(kLeaseTimeToLive, message, options),
                                            options, std::move(done));
}
Result<LeaseTimeToLiveResponse> Client::LeaseTimeToLive(int64_t id, bool keys,
                                                        const CallOptions& options) {
  return impl_->Await<Result<LeaseTimeToLiveResponse>>(
      [&](auto done) { LeaseTimeToLive(id, keys, options, done); });
}

void Client::LeaseList(const CallOptions& options, Callback<LeaseListResponse> done) {
  impl_->Unary<pb::LeaseLeasesResponse>(
      impl_->NewRequest(kLeaseLeases, pb::LeaseLeasesRequest(), options), options, std::move(done));
}
Result<LeaseListResponse> Client::LeaseList(const CallOptions& options) {
  return impl_->Await<Result<LeaseListResponse>>([&](auto done) { LeaseList(options, done); });
}

// ---- Watching ----

void Client::Watch(const WatchRequest& request, const CallOptions& options, WatchSink sink,
                   std::function<void(WatchEnding)> done) {
  impl_->Watch(request, options, std::move(sink), std::move(done));
}
WatchEnding Client::Watch(const WatchRequest& request, const CallOptions& options, WatchSink sink) {
  return impl_->Await<WatchEnding>(
      [&](auto done) { Watch(request, options, std::move(sink), done); });
}
void Client::RequestProgress(bool require_leader) {
  impl_->RequestProgress(require_leader);
}

// ---- The cluster ----

void Client::MemberList(const MemberListRequest& request, const CallOptions& options,
                        Callback<MemberListResponse> done) {
  pb::MemberListRequest message;
  message.set_linearizable(!request.serializable);
  impl_->Unary<pb::MemberListResponse>(impl_->NewRequest(kMemberList, message, options), options,
                                       std::move(done));
}
Result<MemberListResponse> Client::MemberList(const MemberListRequest& request,
                                              const CallOptions& options) {
  return impl_->Await<Result<MemberListResponse>>(
      [&](auto done) { MemberList(request, options, done); });
}

void Client::MemberAdd(const MemberAddRequest& request, const CallOptions& options,
                       Callback<MemberAddResponse> done) {
  if (Status status = CheckUrls(request.peer_urls); !status.ok()) {
    return impl_->Post([done = std::move(done), status] { done(status); });
  }
  pb::MemberAddRequest message;
  for (const std::string& url : request.peer_urls) message.add_peerurls(url);
  message.set_islearner(request.is_learner);
  impl_->Unary<pb::MemberAddResponse>(impl_->NewRequest(kMemberAdd, message, options), options,
                                      std::move(done));
}
Result<MemberAddResponse> Client::MemberAdd(const MemberAddRequest& request,
                                            const CallOptions& options) {
  return impl_->Await<Result<MemberAddResponse>>(
      [&](auto done) { MemberAdd(request, options, done); });
}

void Client::MemberRemove(uint64_t id, const CallOptions& options,
                          Callback<MemberChangeResponse> done) {
  pb::MemberRemoveRequest message;
  message.set_id(id);
  impl_->Unary<pb::MemberRemoveResponse>(impl_->NewRequest(kMemberRemove, message, options),
                                         options, std::move(done));
}
Result<MemberChangeResponse> Client::MemberRemove(uint64_t id, const CallOptions& options) {
  return impl_->Await<Result<MemberChangeResponse>>(
      [&](auto done) { MemberRemove(id, options, done); });
}

void Client::MemberUpdate(uint64_t id, const std::vector<std::string>& peer_urls,
                          const CallOptions& options, Callback<MemberChangeResponse> done) {
  if (Status status = CheckUrls(peer_urls); !status.ok()) {
    return impl_->Post([done = std::move(done), status] { done(status); });
  }
  pb::MemberUpdateRequest message;
  message.set_id(id);
  for (const std::string& url : peer_urls) message.add_peerurls(url);
  impl_->Unary<pb::MemberUpdateResponse>(impl_->NewRequest(kMemberUpdate, message, options),
                                         options, std::move(done));
}
Result<MemberChangeResponse> Client::MemberUpdate(uint64_t id,
                                                  const std::vector<std::string>& peer_urls,
                                                  const CallOptions& options) {
  return impl_->Await<Result<MemberChangeResponse>>(
      [&](auto done) { MemberUpdate(id, peer_urls, options, done); });
}

void Client::MemberPromote(uint64_t id, const CallOptions& options,
                           Callback<MemberChangeResponse> done) {
  pb::MemberPromoteRequest message;
  message.set_id(id);
  impl_->Unary<pb::MemberPromoteResponse>(impl_->NewRequest(kMemberPromote, message, options),
                                          options, std::move(done));
}
Result<MemberChangeResponse> Client::MemberPromote(uint64_t id, const CallOptions& options) {
  return impl_->Await<Result<MemberChangeResponse>>(
      [&](auto done) { MemberPromote(id, options, done); });
}

void Client::SyncEndpoints(const CallOptions& options, std::function<void(Status)> done) {
  MemberList({}, options, [this, done = std::move(done)](Result<MemberListResponse> members) {
    if (!members.ok()) return done(members.status());
    done(impl_->OnSession([&](client::Session& session) {
      return ToPublic(client::AdoptMembers(members->members, &session));
    }));
  });
}
Status Client::SetEndpoints(const std::vector<std::string>& endpoints) {
  return impl_->OnSession(
      [&](client::Session& session) { return ToPublic(session.SetEndpoints(endpoints)); });
}
std::vector<std::string> Client::Endpoints() const {
  return impl_->OnSession([](const client::Session& session) { return session.endpoints(); });
}

Status Client::SyncEndpoints(const CallOptions& options) {
  return impl_->Await<Status>([&](auto done) { SyncEndpoints(options, done); });
}

// ---- Maintenance ----

void Client::MoveLeader(const std::string& endpoint, uint64_t target, const CallOptions& options,
                        Callback<MoveLeaderResponse> done) {
  pb::MoveLeaderRequest message;
  message.set_targetid(target);
  auto request = impl_->NewRequest(kMoveLeader, message, options);
  request.endpoint = endpoint;
  impl_->Unary<pb::MoveLeaderResponse>(std::move(request), options, std::move(done));
}
Result<MoveLeaderResponse> Client::MoveLeader(const std::string& endpoint, uint64_t target,
                                              const CallOptions& options) {
  return impl_->Await<Result<MoveLeaderResponse>>(
      [&](auto done) { MoveLeader(endpoint, target, options, done); });
}

void Client::Downgrade(DowngradeAction action, const std::string& target,
                       const CallOptions& options, Callback<DowngradeResponse> done) {
  pb::DowngradeRequest message;
  message.set_action(static_cast<pb::DowngradeRequest::DowngradeAction>(action));
  message.set_version(target);
  impl_->Unary<pb::DowngradeResponse>(impl_->NewRequest(kDowngrade, message, options), options,
                                      std::move(done));
}
Result<DowngradeResponse> Client::Downgrade(DowngradeAction action, const std::string& target,
                                            const CallOptions& options) {
  return impl_->Await<Result<DowngradeResponse>>(
      [&](auto done) { Downgrade(action, target, options, done); });
}

void Client::MemberStatus(const std::string& endpoint, const CallOptions& options,
                          Callback<StatusResponse> done) {
  auto request = impl_->NewRequest(kStatus, pb::StatusRequest(), options);
  request.endpoint = endpoint;
  impl_->Unary<pb::StatusResponse>(std::move(request), options, std::move(done));
}
Result<StatusResponse> Client::MemberStatus(const std::string& endpoint,
                                            const CallOptions& options) {
  return impl_->Await<Result<StatusResponse>>(
      [&](auto done) { MemberStatus(endpoint, options, done); });
}

void Client::HashKv(const std::string& endpoint, int64_t revision, const CallOptions& options,
                    Callback<HashKvResponse> done) {
  pb::HashKVRequest message;
  message.set_revision(revision);
  auto request = impl_->NewRequest(kHashKv, message, options);
  request.endpoint = endpoint;
  impl_->Unary<pb::HashKVResponse>(std::move(request), options, std::move(done));
}
Result<HashKvResponse> Client::HashKv(const std::string& endpoint, int64_t revision,
                                      const CallOptions& options) {
  return impl_->Await<Result<HashKvResponse>>(
      [&](auto done) { HashKv(endpoint, revision, options, done); });
}

void Client::Hash(const std::string& endpoint, const CallOptions& options,
                  Callback<HashResponse> done) {
  auto request = impl_->NewRequest(kHash, pb::HashRequest(), options);
  request.endpoint = endpoint;
  impl_->Unary<pb::HashResponse>(std::move(request), options, std::move(done));
}
Result<HashResponse> Client::Hash(const std::string& endpoint, const CallOptions& options) {
  return impl_->Await<Result<HashResponse>>([&](auto done) { Hash(endpoint, options, done); });
}

void Client::Defragment(const std::string& endpoint, const CallOptions& options,
                        Callback<DefragmentResponse> done) {
  auto request = impl_->NewRequest(kDefragment, pb::DefragmentRequest(), options, kNoTimeout);
  request.endpoint = endpoint;
  impl_->Unary<pb::DefragmentResponse>(std::move(request), options, std::move(done));
}
Result<DefragmentResponse> Client::Defragment(const std::string& endpoint,
                                              const CallOptions& options) {
  return impl_->Await<Result<DefragmentResponse>>(
      [&](auto done) { Defragment(endpoint, options, done); });
}

void Client::Snapshot(const CallOptions& options, SnapshotSink sink,
                      std::function<void(Status)> done) {
  impl_->Stream<pb::SnapshotResponse>(
      impl_->NewRequest(kSnapshot, pb::SnapshotRequest(), options, kNoTimeout), options,
      [sink = std::move(sink)](pb::SnapshotResponse&& reply) {
        return sink(client::FromProto(std::move(reply)));
      },
      std::move(done));
}
Status Client::Snapshot(const CallOptions& options, SnapshotSink sink) {
  return impl_->Await<Status>([&](auto done) { Snapshot(options, std::move(sink), done); });
}

void Client::AlarmList(const CallOptions& options, Callback<AlarmResponse> done) {
  impl_->Unary<pb::AlarmResponse>(
      impl_->NewRequest(kAlarm, AlarmMessage(pb::AlarmRequest::GET, {}), options), options,
      std::move(done));
}
Result<AlarmResponse> Client::AlarmList(const CallOptions& options) {
  return impl_->Await<Result<AlarmResponse>>([&](auto done) { AlarmList(options, done); });
}

void Client::AlarmActivate(const Alarm& alarm, const CallOptions& options,
                           Callback<AlarmResponse> done) {
  impl_->Unary<pb::AlarmResponse>(
      impl_->NewRequest(kAlarm, AlarmMessage(pb::AlarmRequest::ACTIVATE, alarm), options), options,
      std::move(done));
}
Result<AlarmResponse> Client::AlarmActivate(const Alarm& alarm, const CallOptions& options) {
  return impl_->Await<Result<AlarmResponse>>(
      [&](auto done) { AlarmActivate(alarm, options, done); });
}

void Client::AlarmDisarm(const Alarm& alarm, const CallOptions& options,
                         Callback<AlarmResponse> done) {
  impl_->Unary<pb::AlarmResponse>(
      impl_->NewRequest(kAlarm, AlarmMessage(pb::AlarmRequest::DEACTIVATE, alarm), options),
      options, std::move(done));
}
Result<AlarmResponse> Client::AlarmDisarm(const Alarm& alarm, const CallOptions& options) {
  return impl_->Await<Result<AlarmResponse>>([&](auto done) { AlarmDisarm(alarm, options, done); });
}

}  // namespace v1
}  // namespace etcd
