#include <etcd/client.h>

#include <utility>

#include "base/errors.h"
#include "client/client_impl.h"
#include "client/convert.h"
#include "client/endpoint_sync.h"
#include "client/hosting.h"
#include "client/srv_endpoints.h"
#include "client/thread_host.h"
#include "config/url.h"

namespace etcd {
inline namespace v1 {
namespace {

namespace pb = etcdserverpb;
using client::kMemberList;
using client::kRangeStream;
using client::Method;
using client::Repeatable;
using client::ToPublic;

constexpr Method kRange{"/etcdserverpb.KV/Range", Repeatable::kYes};
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

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::New(const ClientOptions& options) {
  ClientOptions found = options;
  if (base::Status status = client::Discover(&found); !status.ok()) return ToPublic(status);
  return Hosting::NewClient([] { return std::make_unique<client::ThreadHost>(); }, found);
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
