#pragma once

#include <optional>

#include "api/v3/stream_call.h"
#include "proto/rpc.pb.h"
#include "state/kv/range_stream.h"

namespace v3 {

// KV.RangeStream: the chunks of a range, as fast as the client takes them.
class RangeStreamCall final : public StreamCall {
 public:
  using StreamCall::StreamCall;

 private:
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  void OnEnded(const base::Status&) override { stream_.reset(); }

  void Open();

  etcdserverpb::RangeRequest request_;
  std::optional<kv::RangeStream> stream_;
};

}  // namespace v3
