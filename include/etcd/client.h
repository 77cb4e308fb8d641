#pragma once

#include <functional>
#include <memory>
#include <string>

#include <etcd/cluster.h>
#include <etcd/kv.h>
#include <etcd/maintenance.h>
#include <etcd/options.h>
#include <etcd/result.h>
#include <etcd/status.h>

namespace etcd {

// A connection to an etcd cluster, and every call on it in two forms: one that waits for the
// answer, and one that hands it to a callback.
//
// Threads. Any thread may call anything at any time, except that a callback or sink must neither
// wait for a call nor destroy the client. One background thread serves each client. Callbacks and
// sinks run on it, one at a time: what they do delays every other call, and they must not throw.
// A callback runs exactly once.
//
// Errors. A member's refusal comes with etcd's code and text. kDeadlineExceeded: the call's time
// is over; a write may have been done nevertheless. kUnavailable: the connection broke or the
// cluster cannot serve; a write may have been done as well. kResourceExhausted: a message is
// larger than the options permit. kCanceled: the client was destroyed.
//
// Retries. Reads are tried again after kUnavailable, on the next endpoint. Writes are tried again
// only when the member is known to have refused them unseen: it is a learner, or the token has
// expired and was renewed.
class Client {
 public:
  template <typename T>
  using Callback = std::function<void(Result<T>)>;

  // Fails with kInvalidArgument if the options contradict themselves or a file cannot be used.
  // Does not wait for a connection, unless there is a password: then it authenticates, within the
  // dial timeout, and reports why that failed. (A cluster without authentication is no failure.)
  static Result<std::unique_ptr<Client>> New(const ClientOptions& options);
  // Ends every open call with kCanceled; returns when their callbacks have run.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // ---- Keys and values ----

  Result<GetResponse> Get(const GetRequest& request, const CallOptions& options = {});
  void Get(const GetRequest& request, const CallOptions& options, Callback<GetResponse> done);

  // The answer in parts, so that it need not fit into one message (etcd 3.7; older members answer
  // kUnimplemented). The last part has header, more and count. The sink returns false to end the
  // call with kCanceled. Not tried again.
  using GetSink = std::function<bool(GetResponse part)>;
  Status GetStream(const GetRequest& request, const CallOptions& options, GetSink sink);
  void GetStream(const GetRequest& request, const CallOptions& options, GetSink sink,
                 std::function<void(Status)> done);

  Result<PutResponse> Put(const PutRequest& request, const CallOptions& options = {});
  void Put(const PutRequest& request, const CallOptions& options, Callback<PutResponse> done);

  Result<DeleteResponse> Delete(const DeleteRequest& request, const CallOptions& options = {});
  void Delete(const DeleteRequest& request, const CallOptions& options,
              Callback<DeleteResponse> done);

  Result<TxnResponse> Txn(const TxnRequest& request, const CallOptions& options = {});
  void Txn(const TxnRequest& request, const CallOptions& options, Callback<TxnResponse> done);

  Result<CompactResponse> Compact(const CompactRequest& request, const CallOptions& options = {});
  void Compact(const CompactRequest& request, const CallOptions& options,
               Callback<CompactResponse> done);

  // ---- The cluster ----

  Result<MemberListResponse> MemberList(const MemberListRequest& request = {},
                                        const CallOptions& options = {});
  void MemberList(const MemberListRequest& request, const CallOptions& options,
                  Callback<MemberListResponse> done);

  // ---- Maintenance ----
  //
  // Calls about one member go to `endpoint`, over a connection that is made for the call, with the
  // client's options; kInvalidArgument if it is none. Empty: to the next endpoint of the client.

  Result<StatusResponse> MemberStatus(const std::string& endpoint, const CallOptions& options = {});
  void MemberStatus(const std::string& endpoint, const CallOptions& options,
                    Callback<StatusResponse> done);

  // Of the keys up to `revision`, 0: the current one.
  Result<HashKvResponse> HashKv(const std::string& endpoint, int64_t revision,
                                const CallOptions& options = {});
  void HashKv(const std::string& endpoint, int64_t revision, const CallOptions& options,
              Callback<HashKvResponse> done);

  Result<HashResponse> Hash(const std::string& endpoint, const CallOptions& options = {});
  void Hash(const std::string& endpoint, const CallOptions& options, Callback<HashResponse> done);

  Result<DefragmentResponse> Defragment(const std::string& endpoint,
                                        const CallOptions& options = {});
  void Defragment(const std::string& endpoint, const CallOptions& options,
                  Callback<DefragmentResponse> done);

  // The database of one member as a file, in order. The sink returns false to end the call with
  // kCanceled. Tried again until the first piece has come.
  using SnapshotSink = std::function<bool(SnapshotChunk chunk)>;
  Status Snapshot(const CallOptions& options, SnapshotSink sink);
  void Snapshot(const CallOptions& options, SnapshotSink sink, std::function<void(Status)> done);

  Result<AlarmResponse> AlarmList(const CallOptions& options = {});
  void AlarmList(const CallOptions& options, Callback<AlarmResponse> done);

  // Switches one alarm of one member on; the cluster then refuses writes.
  Result<AlarmResponse> AlarmActivate(const Alarm& alarm, const CallOptions& options = {});
  void AlarmActivate(const Alarm& alarm, const CallOptions& options, Callback<AlarmResponse> done);

  // Switches one off.
  Result<AlarmResponse> AlarmDisarm(const Alarm& alarm, const CallOptions& options = {});
  void AlarmDisarm(const Alarm& alarm, const CallOptions& options, Callback<AlarmResponse> done);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace etcd
