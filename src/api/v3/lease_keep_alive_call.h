#pragma once

#include "api/v3/stream_call.h"
#include "base/ids.h"

namespace v3 {

// A call of LeaseKeepAlive: each message renews a lease and is answered before the next is looked
// at, with the seconds that the lease has again, or 0 for one that is not there. Whatever else
// keeps a lease from being renewed ends the call, so that the client turns to another member.
class LeaseKeepAliveCall final : public StreamCall {
 public:
  using StreamCall::StreamCall;

 private:
  void OnMessage(base::ByteView message) override;
  void OnHalfClose() override { Finish({}); }
  void OnStopping() override;

  // Whether that is done and answered. If not, no message comes until it is.
  bool Renew(etcdserverpb::LeaseKeepAliveResponse response, const server::Caller& caller);
  void Answer(etcdserverpb::LeaseKeepAliveResponse response, const base::Result<int64_t>& ttl);

  uint32_t span_ = 0;  // of the renewal
};

}  // namespace v3
