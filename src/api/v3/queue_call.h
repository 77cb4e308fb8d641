#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/v3/stream_call.h"
#include "api/v3/watch_service.h"
#include "api/watch/watcher.h"
#include "proto/rpc.pb.h"
#include "state/kv/queue_scan.h"

namespace v3 {

// A call about the queue of a lock or an election: it looks who stands where, and waits for changes
// with at most one watch, which counts among those of clients: in the hub of its loop, in memory,
// in metrics. While it waits it holds nothing of the state, which may be replaced.
class QueueCall : public StreamCall, private watch::Receiver {
 public:
  // `service` outlives the call, and belongs to its loop.
  QueueCall(const Context* context, WatchService* service, Call call)
      : StreamCall(context, std::move(call)), service_(*service) {}

 protected:
  // ---- What a method says ----

  // What Look has found.
  virtual base::Result<Next> OnFound(const kv::QueueScan& scan) = 0;
  // Changes of what is watched, in the order in which they were made.
  virtual void OnChanges(const etcdserverpb::WatchResponse&) {}
  // The watch has ended, since changes were compacted that it was not told of.
  virtual void OnMissed() {}
  // Whether it takes no changes now.
  virtual bool IsBusy() const { return false; }

  base::Result<Next> Produce() override;
  void OnStopping() override;
  void OnEnded(const base::Status& status) override;
  void Fail(const base::Status& status) override;

  // ---- What it finds ----

  // The queue of that name, from now on.
  void SetName(std::string name) { name_ = std::move(name); }
  std::string prefix() const { return name_ + "/"; }
  // Who asks, as users and roles are now, and until when. False, with the call ended, if he cannot
  // be told.
  std::optional<server::Caller> Caller();
  // Whether his token counts and he may read the queue: as of now, so after what is shown of it was
  // read.
  base::Status CheckQueue();
  // Looks for the first of the queue, or for the last that was created before that revision.
  void Look(base::Revision before = {});
  // A place in the queue, as this member knows it now.
  base::Result<kv::QueuePlace> Read(const std::string& key, int64_t create_revision);
  // Whether there is no room for a further watch.
  bool IsRefused() const { return service_.IsFull(); }
  // Watches, instead of what was watched before. Ends the call with kTooManyRequests if there is no
  // room. May say OnMissed at once.
  void Watch(watch::Wish wish, base::Revision start);
  void StopWatching();
  bool is_watching() const { return watcher_ != nullptr; }

  // The answer of a unary call.
  template <typename Response>
  void Reply(Response response, base::Revision revision) {
    context().Fill(response.mutable_header(), revision);
    Send(response);
    Finish({});
  }

 private:
  // watch::Receiver
  bool writable() const override { return is_open() && is_writable() && !IsBusy(); }
  base::Status CheckRights(const watch::Watcher&) override;
  void OnEvents(watch::Watcher& watcher, base::SharedBytes frames) override;
  void OnLost(watch::Watcher& watcher, base::Revision compacted, const base::Status& why) override;

  base::Status CheckKeys(const auth::Identity& who) const;

  WatchService& service_;
  std::string name_;
  std::string user_;  // who asks, as of the last look
  std::optional<kv::QueueScan> scan_;
  std::unique_ptr<watch::Watcher> watcher_;
};

}  // namespace v3
