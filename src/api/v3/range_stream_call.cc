#include "api/v3/range_stream_call.h"

#include <utility>

#include "state/kv/request_check.h"

namespace v3 {

void RangeStreamCall::OnMessage(base::ByteView bytes) {
  if (!Parse(bytes, &request_)) return;
  SetKept(sizeof(*this) - sizeof(request_) + request_.SpaceUsedLong());
  const base::Status status = kv::CheckRangeStream(request_);
  if (!status.ok()) return Finish(status);
  if (request_.serializable()) return Open();
  WhenLinearizable([this] { Open(); });
}

void RangeStreamCall::Open() {
  stream_.emplace(&reads().keys(), request_, context().server().options().max_request_bytes);
  Continue();
}

base::Result<StreamCall::Next> RangeStreamCall::Produce() {
  ASSIGN_OR_RETURN(const bool last, stream_->Next());
  context().reads().CountRanges(1);
  const kv::ResponseHeader header = context().HeaderAt({});
  rpc::Message message(stream_->ChunkSize(header));
  stream_->WriteChunk(header, reinterpret_cast<char*>(message.data()));
  stream_->Release();
  Send(std::move(message));
  return last ? Next::kEnd : Next::kMore;
}

}  // namespace v3
