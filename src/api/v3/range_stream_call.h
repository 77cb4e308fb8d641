#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "api/v3/long_read_call.h"
#include "proto/rpc.pb.h"
#include "state/kv/range_stream.h"
#include "state/kv/sorted_stream.h"

namespace v3 {

// KV.RangeStream: the chunks of a range, as fast as the client takes them. A chunk that takes
// several steps needs a place among the long reads, until it is sent. A sorted range needs one
// until all of its chunks are made, which counts as gathered for the client: without room for that
// it is refused, before anything was sent.
class RangeStreamCall final : public LongReadCall {
 public:
  RangeStreamCall(const Context* context, std::shared_ptr<kv::LongReads> long_reads, Call call)
      : LongReadCall(context, std::move(long_reads), std::move(call)) {}

 private:
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  void OnBlocked() override;
  void OnEnded(const base::Status&) override;

  void Open();
  // Whether who asks may read the range; once, after its revision was pinned.
  base::Status CheckRights();
  base::Result<Next> ProduceSorted();
  // Makes the next chunk of a range that is read and sorted.
  base::Status MakeSorted();
  Next SendMade();
  void Release() override;
  size_t KeptBytes() const override {
    return sizeof(*this) - sizeof(request_) + request_.SpaceUsedLong();
  }

  etcdserverpb::RangeRequest request_;
  std::optional<kv::RangeStream> stream_;   // of a range in the order of its keys
  std::optional<kv::SortedStream> sorted_;  // of another
  std::deque<rpc::Message> made_;           // its chunks, before they are sent
  size_t made_bytes_ = 0;
  bool is_sorted_ = false;  // read and sorted: its chunks are being made
  bool may_read_ = false;
};

}  // namespace v3
