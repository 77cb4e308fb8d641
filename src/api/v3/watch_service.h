#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "api/v3/rights_sweep.h"
#include "api/v3/service.h"
#include "api/v3/watch_metrics.h"
#include "api/watch/hub.h"
#include "net/rpc/server.h"
#include "runtime/sliced_work.h"

namespace v3 {

class WatchCall;

// etcdserverpb.Watch of one net loop, whose streams share one hub.
class WatchService {
 public:
  // `context` outlives this.
  explicit WatchService(const Context* context);
  // After Close, and after all calls.
  ~WatchService();

  void AddTo(rpc::Server& table);

  watch::Hub& hub() { return hub_; }
  WatchMetrics& metrics() { return metrics_; }
  RightsSweep& rights_sweep() { return rights_sweep_; }
  // Whether the watches of this loop take as many bytes as they may.
  bool IsFull() const;
  // Gives the hub a watch, which is told from `start` on, and counts it; and the other way round.
  void Add(watch::Watcher* watcher, base::Revision start);
  void Remove(watch::Watcher* watcher);
  // A call some of whose watches want to hear of their progress, and a name for Leave.
  uint64_t Enter(const std::shared_ptr<WatchCall>& call);
  // The call is over; 0 if it has no name. It stays until its watches are let go of, which for very
  // many takes its time.
  void Leave(uint64_t name, WatchCall& call);
  // From now on calls leave at once, and those that are leaving have left.
  void Close();
  // How long a stream that begins now waits between two reports of its progress. Compat: etcd makes
  // that up to a tenth longer, so that they do not all come at once.
  runtime::Duration NextProgressInterval();

 private:
  watch::Hub::Parts HubParts();
  void Listen(bool listens);
  void OnChanged(base::Revision revision);
  void OnWorked();
  bool LeaveSome();
  void CountBehind();
  // Tells those who want to know how far they are, if the store begins later than before: who comes
  // back with less could not resume.
  void ReportCompaction();

  const Context& context_;
  WatchMetrics metrics_;
  watch::Hub hub_;
  size_t bytes_ = 0;
  uint64_t streams_ = 0;  // begun so far
  std::map<uint64_t, std::weak_ptr<WatchCall>> calls_;
  uint64_t entered_ = 0;      // names given
  base::Revision compacted_;  // that was reported
  uint64_t rights_;           // auth::View::stamp of those that were checked last
  RightsSweep rights_sweep_;
  std::deque<std::shared_ptr<WatchCall>> leaving_;
  bool is_closed_ = false;
  runtime::SlicedWork leaving_work_;
};

}  // namespace v3
