#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/v3/stream_call.h"
#include "api/v3/watch_service.h"
#include "api/watch/watcher.h"
#include "proto/rpc.pb.h"

namespace v3 {

// Watch.Watch: a stream of many watches, which the client creates and cancels by messages. Compat:
// one that has sent its last goes on hearing.
class WatchCall final : public StreamCall, private watch::Receiver {
 public:
  // `service` outlives the call, and belongs to its loop.
  WatchCall(const Context* context, WatchService* service, Call call);
  ~WatchCall() override;

  // Tells each watch that wants it how far it is, unless it is behind.
  void ReportProgress();

  // Ends some of those that the client may not read any more. True once all were looked at.
  bool CheckSomeRights();
  // Of a call that is over: lets go of some of its watches. True once there are none.
  bool LeaveSome();
  std::weak_ptr<WatchCall> weak() {
    return std::static_pointer_cast<WatchCall>(shared_from_this());
  }

 private:
  // StreamCall
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  void OnStopping() override;
  void OnEnded(const base::Status& status) override;

  // watch::Receiver
  bool writable() const override { return is_open() && is_writable(); }
  base::Status CheckRights(const watch::Watcher& watcher) override;
  void OnEvents(watch::Watcher& watcher, base::SharedBytes frames) override;
  void OnLost(watch::Watcher& watcher, base::Revision compacted, const base::Status& why) override;

  void Create(etcdserverpb::WatchCreateRequest& request);
  // What is wrong with it, as etcd says it; empty if nothing is.
  std::string CheckCreate(const etcdserverpb::WatchCreateRequest& request);
  // Whether he may read these keys, with what etcd gives as the reason why not.
  base::Status CheckRead(const auth::Identity& who, const std::string& key,
                         const std::string& range_end) const;
  void Refuse(std::string reason);
  int64_t NextId();
  void Add(const etcdserverpb::WatchCreateRequest& request, int64_t id, base::Revision start);
  void Cancel(int64_t id);
  void Drop(int64_t id);
  void Reply(etcdserverpb::WatchResponse response, base::Revision revision);

  // Tells how far all watches are, if none is behind.
  void TellProgress();
  // As ReportProgress, but for those that were told something since the last time.
  void OnProgressTimer();
  void ReportProgress(int64_t id, const watch::Watcher& watcher);
  void BeginProgress();

  WatchService& service_;
  watch::Hub& hub_;
  // Not by hash: a table of very many would stand still when it grows.
  std::map<int64_t, std::unique_ptr<watch::Watcher>> watchers_;
  std::unordered_map<int64_t, uint32_t> spans_;  // of the watchers, if the call is traced
  std::string user_;                             // who asked for the last watch; empty: nobody
  std::vector<int64_t> to_be_checked_;           // watches; see CheckSomeRights
  int64_t next_id_ = 0;
  const runtime::Duration progress_interval_;
  // Once a watch wants it.
  std::unique_ptr<runtime::Timer> progress_timer_;
  uint64_t name_ = 0;      // that the service knows it by
  const uint64_t number_;  // that the sweep of rights knows it by
};

}  // namespace v3
