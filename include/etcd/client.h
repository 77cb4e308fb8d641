#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <etcd/cluster.h>
#include <etcd/kv.h>
#include <etcd/lease.h>
#include <etcd/maintenance.h>
#include <etcd/options.h>
#include <etcd/result.h>
#include <etcd/status.h>
#include <etcd/watch.h>

namespace etcd {
inline namespace v1 {

// A connection to an etcd cluster, and every call on it in three forms: one that waits for the
// answer, one that hands it to a callback, and one (...Async) that gives out a future.
//
// Threads. Any thread may call anything at any time, except that a callback or sink must neither
// wait for a call (kFailedPrecondition) nor destroy the client (which ends the process). One
// background thread serves each client. Callbacks and sinks run on it, one at a time: what they do
// delays every other call, and they must not throw. A callback runs exactly once. A future always
// becomes ready: at the latest when the client is destroyed.
//
// Errors. A member's refusal comes with etcd's code and text. kDeadlineExceeded: the call's time
// is over; a write may have been done nevertheless. Status::cause says why, if no member could be
// reached. kUnavailable: the connection broke or the cluster cannot serve; a write may have been
// done as well. kResourceExhausted: a message is larger than the options permit. kCanceled: the
// call's handle was told to, or the client was destroyed.
//
// Retries. Reads are tried again after kUnavailable, on another endpoint if there is one. Writes
// are tried again only when it is known that no member has carried them out, nor will: they were
// not sent or were refused unseen, the member is a learner, or the token was refused and has been
// renewed: if that fails, its error is the call's. What a member refuses as too early because of an
// admission rule (kResourceExhausted with Status::retry_after, see etcd/admission.h): reads and
// watches wait for that time and are tried again, if the call's time is not over by then; writes
// are left to the caller.
class Client {
 public:
  template <typename T>
  using Callback = std::function<void(Result<T>)>;

  // Fails with kInvalidArgument if the options contradict themselves or a file cannot be used, with
  // kNotFound if DNS is to name the endpoints and does not. Else does not wait for a connection,
  // unless there is a password: then it authenticates, within the dial timeout, and reports why
  // that failed. (A cluster without authentication is no failure.)
  static Result<std::unique_ptr<Client>> New(const ClientOptions& options);
  // Ends every open call with kCanceled; returns when their callbacks have run. Calls that those
  // callbacks begin are dropped, and their callbacks do not run.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // ---- Keys and values ----

  Result<GetResponse> Get(const GetRequest& request, const CallOptions& options = {});
  void Get(const GetRequest& request, const CallOptions& options, Callback<GetResponse> done);
  std::future<Result<GetResponse>> GetAsync(const GetRequest& request,
                                            const CallOptions& options = {}) {
    return Future<GetResponse>([&](auto done) { Get(request, options, std::move(done)); });
  }

  // The answer in parts, so that it need not fit into one message (etcd 3.7; older members answer
  // kUnimplemented). The last part has header, more and count. The sink returns false to end the
  // call with kCanceled. Not tried again.
  using GetSink = std::function<bool(GetResponse part)>;
  Status GetStream(const GetRequest& request, const CallOptions& options, GetSink sink);
  void GetStream(const GetRequest& request, const CallOptions& options, GetSink sink,
                 std::function<void(Status)> done);

  Result<PutResponse> Put(const PutRequest& request, const CallOptions& options = {});
  void Put(const PutRequest& request, const CallOptions& options, Callback<PutResponse> done);
  std::future<Result<PutResponse>> PutAsync(const PutRequest& request,
                                            const CallOptions& options = {}) {
    return Future<PutResponse>([&](auto done) { Put(request, options, std::move(done)); });
  }

  Result<DeleteResponse> Delete(const DeleteRequest& request, const CallOptions& options = {});
  void Delete(const DeleteRequest& request, const CallOptions& options,
              Callback<DeleteResponse> done);
  std::future<Result<DeleteResponse>> DeleteAsync(const DeleteRequest& request,
                                                  const CallOptions& options = {}) {
    return Future<DeleteResponse>([&](auto done) { Delete(request, options, std::move(done)); });
  }

  Result<TxnResponse> Txn(const TxnRequest& request, const CallOptions& options = {});
  void Txn(const TxnRequest& request, const CallOptions& options, Callback<TxnResponse> done);
  std::future<Result<TxnResponse>> TxnAsync(const TxnRequest& request,
                                            const CallOptions& options = {}) {
    return Future<TxnResponse>([&](auto done) { Txn(request, options, std::move(done)); });
  }

  Result<CompactResponse> Compact(const CompactRequest& request, const CallOptions& options = {});
  void Compact(const CompactRequest& request, const CallOptions& options,
               Callback<CompactResponse> done);
  std::future<Result<CompactResponse>> CompactAsync(const CompactRequest& request,
                                                    const CallOptions& options = {}) {
    return Future<CompactResponse>([&](auto done) { Compact(request, options, std::move(done)); });
  }

  // ---- Leases ----

  // After a timeout a lease may exist that nobody knows; it ends by itself.
  Result<LeaseGrantResponse> LeaseGrant(const LeaseGrantRequest& request,
                                        const CallOptions& options = {});
  void LeaseGrant(const LeaseGrantRequest& request, const CallOptions& options,
                  Callback<LeaseGrantResponse> done);
  std::future<Result<LeaseGrantResponse>> LeaseGrantAsync(const LeaseGrantRequest& request,
                                                          const CallOptions& options = {}) {
    return Future<LeaseGrantResponse>(
        [&](auto done) { LeaseGrant(request, options, std::move(done)); });
  }

  // Ends the lease, and deletes the keys that are with it. kNotFound if there is none.
  Result<LeaseRevokeResponse> LeaseRevoke(int64_t id, const CallOptions& options = {});
  void LeaseRevoke(int64_t id, const CallOptions& options, Callback<LeaseRevokeResponse> done);
  std::future<Result<LeaseRevokeResponse>> LeaseRevokeAsync(int64_t id,
                                                            const CallOptions& options = {}) {
    return Future<LeaseRevokeResponse>(
        [&](auto done) { LeaseRevoke(id, options, std::move(done)); });
  }

  // Gives the lease all of its time again, this once. kNotFound if there is none.
  Result<LeaseKeepAliveResponse> LeaseKeepAliveOnce(int64_t id, const CallOptions& options = {});
  void LeaseKeepAliveOnce(int64_t id, const CallOptions& options,
                          Callback<LeaseKeepAliveResponse> done);
  std::future<Result<LeaseKeepAliveResponse>> LeaseKeepAliveOnceAsync(
      int64_t id, const CallOptions& options = {}) {
    return Future<LeaseKeepAliveResponse>(
        [&](auto done) { LeaseKeepAliveOnce(id, options, std::move(done)); });
  }

  // Renews the lease by itself, each third of its time, until it is lost. It goes on at another
  // member when the one that it asks dies, or answers nothing for that long. The sink is told of
  // each renewal, and returns false to end this; the lease then lives for as long as it has left.
  // It ends with
  //
  //   kNotFound            the lease is lost: a member said so, or its TTL has passed since the
  //                        request of the last answered renewal was sent (Status::cause says why
  //                        there was no later one)
  //   kUnavailable         "etcdserver: no leader", with CallOptions::require_leader
  //   kCanceled            by its handle, the sink or the end of the client
  //   kDeadlineExceeded    its time is over; it has none unless CallOptions::timeout is set
  //   kResourceExhausted   more than max_pending_bytes is asked for
  //
  // A lease that no member has answered for yet has the dial timeout and a second more. All leases
  // of a client share a stream, and one that is kept alive several times is renewed once.
  using LeaseKeepAliveSink = std::function<bool(const LeaseKeepAliveResponse& response)>;
  Status LeaseKeepAlive(int64_t id, const CallOptions& options, LeaseKeepAliveSink sink);
  void LeaseKeepAlive(int64_t id, const CallOptions& options, LeaseKeepAliveSink sink,
                      std::function<void(Status)> done);

  // How long the lease has left, and, if `keys`, which keys are with it.
  Result<LeaseTimeToLiveResponse> LeaseTimeToLive(int64_t id, bool keys,
                                                  const CallOptions& options = {});
  void LeaseTimeToLive(int64_t id, bool keys, const CallOptions& options,
                       Callback<LeaseTimeToLiveResponse> done);
  std::future<Result<LeaseTimeToLiveResponse>> LeaseTimeToLiveAsync(
      int64_t id, bool keys, const CallOptions& options = {}) {
    return Future<LeaseTimeToLiveResponse>(
        [&](auto done) { LeaseTimeToLive(id, keys, options, std::move(done)); });
  }

  // All leases that the member which answers knows.
  Result<LeaseListResponse> LeaseList(const CallOptions& options = {});
  void LeaseList(const CallOptions& options, Callback<LeaseListResponse> done);
  std::future<Result<LeaseListResponse>> LeaseListAsync(const CallOptions& options = {}) {
    return Future<LeaseListResponse>([&](auto done) { LeaseList(options, std::move(done)); });
  }

  // ---- Watching ----
  //
  // A watch tells the events of its keys in the order of their revisions, none twice and none left
  // out, until it ends. When its member goes it goes on at another one, after the waits of
  // ClientOptions::retry_wait and for as long as it takes; parts of an incomplete response are
  // dropped. It ends with
  //
  //   kOutOfRange          its next revision has been compacted: WatchEnding::compact_revision
  //   kUnavailable         "etcdserver: no leader", with CallOptions::require_leader
  //   kCanceled            by its handle, the sink or the end of the client
  //   kDeadlineExceeded    its time is over; it has none unless CallOptions::timeout is set
  //   kResourceExhausted   a response is larger than max_receive_bytes, or more than
  //                        max_pending_bytes is asked for
  //   any other code       as the member refused it: WatchEnding::cancel_reason
  //
  // The sink returns false to end the watch. A member that hangs is left only if
  // ClientOptions::keepalive_time is set. The watches of a client share a stream, one for those
  // with require_leader and one for those without: what is not taken by one sink waits for all, at
  // the member. The range may not be empty (kFailedPrecondition).
  using WatchSink = std::function<bool(WatchResponse response)>;
  WatchEnding Watch(const WatchRequest& request, const CallOptions& options, WatchSink sink);
  void Watch(const WatchRequest& request, const CallOptions& options, WatchSink sink,
             std::function<void(WatchEnding)> done);

  // Has the member tell each watch of the client with the same `require_leader` how far it has got.
  // Asks once all of them have begun, but for those that an admission
  // rule keeps waiting. The member tells none of them while any is behind, or begins
  // at a revision to come.
  void RequestProgress(bool require_leader = false);

  // ---- The cluster ----

  Result<MemberListResponse> MemberList(const MemberListRequest& request = {},
                                        const CallOptions& options = {});
  void MemberList(const MemberListRequest& request, const CallOptions& options,
                  Callback<MemberListResponse> done);
  std::future<Result<MemberListResponse>> MemberListAsync(const MemberListRequest& request = {},
                                                          const CallOptions& options = {}) {
    return Future<MemberListResponse>(
        [&](auto done) { MemberList(request, options, std::move(done)); });
  }

  // Changes of the members, one at a time: the cluster refuses one that would put its quorum at
  // risk (kUnavailable, "etcdserver: unhealthy cluster", or "... not enough started members"). URLs
  // that are none fail with kInvalidArgument before anything is sent.

  Result<MemberAddResponse> MemberAdd(const MemberAddRequest& request,
                                      const CallOptions& options = {});
  void MemberAdd(const MemberAddRequest& request, const CallOptions& options,
                 Callback<MemberAddResponse> done);
  std::future<Result<MemberAddResponse>> MemberAddAsync(const MemberAddRequest& request,
                                                        const CallOptions& options = {}) {
    return Future<MemberAddResponse>(
        [&](auto done) { MemberAdd(request, options, std::move(done)); });
  }

  Result<MemberChangeResponse> MemberRemove(uint64_t id, const CallOptions& options = {});
  void MemberRemove(uint64_t id, const CallOptions& options, Callback<MemberChangeResponse> done);
  std::future<Result<MemberChangeResponse>> MemberRemoveAsync(uint64_t id,
                                                              const CallOptions& options = {}) {
    return Future<MemberChangeResponse>(
        [&](auto done) { MemberRemove(id, options, std::move(done)); });
  }

  Result<MemberChangeResponse> MemberUpdate(uint64_t id, const std::vector<std::string>& peer_urls,
                                            const CallOptions& options = {});
  void MemberUpdate(uint64_t id, const std::vector<std::string>& peer_urls,
                    const CallOptions& options, Callback<MemberChangeResponse> done);
  std::future<Result<MemberChangeResponse>> MemberUpdateAsync(
      uint64_t id, const std::vector<std::string>& peer_urls, const CallOptions& options = {}) {
    return Future<MemberChangeResponse>(
        [&](auto done) { MemberUpdate(id, peer_urls, options, std::move(done)); });
  }

  // Makes a learner a voter, once it has caught up: kFailedPrecondition before.
  Result<MemberChangeResponse> MemberPromote(uint64_t id, const CallOptions& options = {});
  void MemberPromote(uint64_t id, const CallOptions& options, Callback<MemberChangeResponse> done);
  std::future<Result<MemberChangeResponse>> MemberPromoteAsync(uint64_t id,
                                                               const CallOptions& options = {}) {
    return Future<MemberChangeResponse>(
        [&](auto done) { MemberPromote(id, options, std::move(done)); });
  }

  // Calls go to these endpoints from then on, as if they had been in the options. Endpoints that
  // stay keep their connections, and calls under way stay where they are. kInvalidArgument, without
  // effect, if there is none or one cannot be used.
  Status SetEndpoints(const std::vector<std::string>& endpoints);
  // Those of the options, or what has taken their place.
  std::vector<std::string> Endpoints() const;

  // Asks the cluster where its voters serve clients, and has these as the client's endpoints from
  // then on (SetEndpoints), in place of those of its options. Those that cannot be used are left
  // out; a client whose endpoints all use TLS ignores plain ones. Without effect if it fails: also
  // with kInvalidArgument if none is left, with kUnavailable if no voter advertises a client URL.
  Status SyncEndpoints(const CallOptions& options = {});
  void SyncEndpoints(const CallOptions& options, std::function<void(Status)> done);

  // ---- Maintenance ----
  //
  // Calls about one member go to `endpoint`, over a connection that is made for the call, with the
  // client's options; kInvalidArgument if it is none. Empty: to the next endpoint of the client.

  Result<StatusResponse> MemberStatus(const std::string& endpoint, const CallOptions& options = {});
  void MemberStatus(const std::string& endpoint, const CallOptions& options,
                    Callback<StatusResponse> done);
  std::future<Result<StatusResponse>> MemberStatusAsync(const std::string& endpoint,
                                                        const CallOptions& options = {}) {
    return Future<StatusResponse>(
        [&](auto done) { MemberStatus(endpoint, options, std::move(done)); });
  }

  // Of the keys up to `revision`, 0: the current one.
  Result<HashKvResponse> HashKv(const std::string& endpoint, int64_t revision,
                                const CallOptions& options = {});
  void HashKv(const std::string& endpoint, int64_t revision, const CallOptions& options,
              Callback<HashKvResponse> done);
  std::future<Result<HashKvResponse>> HashKvAsync(const std::string& endpoint, int64_t revision,
                                                  const CallOptions& options = {}) {
    return Future<HashKvResponse>(
        [&](auto done) { HashKv(endpoint, revision, options, std::move(done)); });
  }

  Result<HashResponse> Hash(const std::string& endpoint, const CallOptions& options = {});
  void Hash(const std::string& endpoint, const CallOptions& options, Callback<HashResponse> done);
  std::future<Result<HashResponse>> HashAsync(const std::string& endpoint,
                                              const CallOptions& options = {}) {
    return Future<HashResponse>([&](auto done) { Hash(endpoint, options, std::move(done)); });
  }

  Result<DefragmentResponse> Defragment(const std::string& endpoint,
                                        const CallOptions& options = {});
  void Defragment(const std::string& endpoint, const CallOptions& options,
                  Callback<DefragmentResponse> done);
  std::future<Result<DefragmentResponse>> DefragmentAsync(const std::string& endpoint,
                                                          const CallOptions& options = {}) {
    return Future<DefragmentResponse>(
        [&](auto done) { Defragment(endpoint, options, std::move(done)); });
  }

  // Has the leader, at `endpoint`, hand its part over to another voter. kFailedPrecondition if it
  // is not the leader.
  Result<MoveLeaderResponse> MoveLeader(const std::string& endpoint, uint64_t target,
                                        const CallOptions& options = {});
  void MoveLeader(const std::string& endpoint, uint64_t target, const CallOptions& options,
                  Callback<MoveLeaderResponse> done);
  std::future<Result<MoveLeaderResponse>> MoveLeaderAsync(const std::string& endpoint,
                                                          uint64_t target,
                                                          const CallOptions& options = {}) {
    return Future<MoveLeaderResponse>(
        [&](auto done) { MoveLeader(endpoint, target, options, std::move(done)); });
  }

  // Looks whether the cluster can be downgraded to `target`, "3.6", begins that, or ends it. Needs
  // members of 3.6 or later.
  Result<DowngradeResponse> Downgrade(DowngradeAction action, const std::string& target,
                                      const CallOptions& options = {});
  void Downgrade(DowngradeAction action, const std::string& target, const CallOptions& options,
                 Callback<DowngradeResponse> done);
  std::future<Result<DowngradeResponse>> DowngradeAsync(DowngradeAction action,
                                                        const std::string& target,
                                                        const CallOptions& options = {}) {
    return Future<DowngradeResponse>(
        [&](auto done) { Downgrade(action, target, options, std::move(done)); });
  }

  // The database of one member as a file, in order. The sink returns false to end the call with
  // kCanceled. Tried again until the first piece has come.
  using SnapshotSink = std::function<bool(SnapshotChunk chunk)>;
  Status Snapshot(const CallOptions& options, SnapshotSink sink);
  void Snapshot(const CallOptions& options, SnapshotSink sink, std::function<void(Status)> done);

  Result<AlarmResponse> AlarmList(const CallOptions& options = {});
  void AlarmList(const CallOptions& options, Callback<AlarmResponse> done);
  std::future<Result<AlarmResponse>> AlarmListAsync(const CallOptions& options = {}) {
    return Future<AlarmResponse>([&](auto done) { AlarmList(options, std::move(done)); });
  }

  // Switches one alarm of one member on. The cluster then refuses, with kNoSpace: puts, grants of
  // leases, and transactions that put; with kCorrupt: all that goes through the log to keys and
  // leases.
  Result<AlarmResponse> AlarmActivate(const Alarm& alarm, const CallOptions& options = {});
  void AlarmActivate(const Alarm& alarm, const CallOptions& options, Callback<AlarmResponse> done);
  std::future<Result<AlarmResponse>> AlarmActivateAsync(const Alarm& alarm,
                                                        const CallOptions& options = {}) {
    return Future<AlarmResponse>(
        [&](auto done) { AlarmActivate(alarm, options, std::move(done)); });
  }

  // Switches one off.
  Result<AlarmResponse> AlarmDisarm(const Alarm& alarm, const CallOptions& options = {});
  void AlarmDisarm(const Alarm& alarm, const CallOptions& options, Callback<AlarmResponse> done);
  std::future<Result<AlarmResponse>> AlarmDisarmAsync(const Alarm& alarm,
                                                      const CallOptions& options = {}) {
    return Future<AlarmResponse>([&](auto done) { AlarmDisarm(alarm, options, std::move(done)); });
  }

 private:
  friend class Admission;
  friend class Auth;
  friend class Hosting;
  friend class RangeViews;
  friend class Usage;
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  // What `start` hands to the callback that it is given.
  template <typename T, typename Start>
  static std::future<Result<T>> Future(Start start) {
    const auto promise = std::make_shared<std::promise<Result<T>>>();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }

  const std::unique_ptr<Impl> impl_;
};

}  // namespace v1
}  // namespace etcd
