#pragma once

#include <deque>
#include <string>

#include "api/v3/queue_call.h"
#include "proto/v3election.pb.h"

namespace v3 {

// Election.Observe: tells who leads, now or as soon as somebody does, each value that he proclaims,
// and then who leads after him. Compat: without a leader the next one is whose key is put first,
// told with the revision of that put. What waits for the client is what one step of the hub has.
class ObserveCall final : public QueueCall {
 public:
  using QueueCall::QueueCall;

 private:
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  base::Result<Next> OnFound(const kv::QueueScan& scan) override;
  void OnChanges(const etcdserverpb::WatchResponse& changes) override;
  void OnMissed() override { Look(); }
  bool IsBusy() const override { return !untold_.empty() || is_gone_; }

  // Of the one that leads, from `start` on.
  void Follow(const std::string& key, base::Revision start);
  void AddUntold(v3electionpb::LeaderResponse response);
  void CountKept();

  bool follows_ = false;  // the watch is of a leader's key
  bool is_gone_ = false;  // he does not lead any more
  std::deque<v3electionpb::LeaderResponse> untold_;
  size_t untold_bytes_ = 0;
};

}  // namespace v3
