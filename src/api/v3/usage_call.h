#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "api/v3/long_read_call.h"
#include "proto/usage.pb.h"
#include "state/kv/usage_read.h"

namespace v3 {

// Usage.Usage. Who waits for a place begins anew. One whose connection takes nothing for a while
// keeps what it has counted, and goes on at the same revision: else it might never come to an end.
class UsageCall final : public LongReadCall {
 public:
  UsageCall(const Context* context, std::shared_ptr<kv::LongReads> long_reads, Call call)
      : LongReadCall(context, std::move(long_reads), std::move(call)) {}

 private:
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  void OnBlocked() override;
  void OnEnded(const base::Status&) override;
  void Release() override;
  size_t KeptBytes() const override {
    return sizeof(*this) - sizeof(request_) + request_.SpaceUsedLong();
  }

  // Whether who asks may read all that is meant; after its revision was pinned.
  base::Status CheckRights();
  base::Status Answer();

  usagepb::UsageRequest request_;
  std::optional<kv::UsageRead> read_;
};

}  // namespace v3
