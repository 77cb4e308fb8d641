#include "api/v3/range_stream_call.h"

#include "state/apply/request_rights.h"
#include "state/kv/request_check.h"

namespace v3 {

namespace {

base::Status TooLarge() {
  return {base::Code::kResourceExhausted, "there is no memory to sort so large a range"};
}

}  // namespace

void RangeStreamCall::OnMessage(base::ByteView bytes) {
  if (!Parse(bytes, &request_)) return;
  SetKept(KeptBytes());
  const base::Status status = kv::CheckRangeStream(request_);
  if (!status.ok()) return Finish(status);
  BeginSpan(request_, "range_streaming");
  if (request_.serializable()) return Open();
  WhenLinearizable([this] { Open(); });
}

void RangeStreamCall::Open() {
  const size_t chunk_bytes = context().server().options().max_request_bytes;
  if (kv::IsSorted(request_)) {
    sorted_.emplace(&reads().keys(), request_, chunk_bytes);
  } else {
    stream_.emplace(&reads().keys(), request_, chunk_bytes);
  }
  Continue();
}

base::Status RangeStreamCall::CheckRights() {
  if (may_read_) return {};
  ASSIGN_OR_RETURN(const server::Caller who, Identify());
  RETURN_IF_ERROR(apply::CheckRights(reads().judge(), who.identity, request_));
  may_read_ = true;
  return {};
}

// The steps that only make chunks send nothing, so that all are made before the first is sent.
base::Result<StreamCall::Next> RangeStreamCall::ProduceSorted() {
  if (!sorted_->HasChunk()) return SendMade();
  if (is_sorted_) {
    const base::Status made = MakeSorted();
    return made.ok() ? base::Result<Next>(Next::kMore) : made;
  }
  const base::Result<bool> is_sorted = sorted_->Step();
  RETURN_IF_ERROR(CheckRights());
  ASSIGN_OR_RETURN(is_sorted_, is_sorted);
  if (!SetGathered(sorted_->held_bytes())) return TooLarge();
  return is_sorted_ ? Next::kMore : ReadOn();
}

base::Status RangeStreamCall::MakeSorted() {
  const kv::ResponseHeader header = context().HeaderAt({});
  const size_t size = sorted_->ChunkSize(header);
  if (!SetGathered(sorted_->held_bytes() + made_bytes_ + size)) {
    return TooLarge();
  }
  rpc::Message& message = made_.emplace_back(size);
  sorted_->WriteChunk(header, reinterpret_cast<char*>(message.data()));
  made_bytes_ += size;
  if (sorted_->HasChunk()) return {};
  context().reads().CountRanges(1);
  sorted_->Release();
  DropPlace();
  static_cast<void>(SetGathered(made_bytes_));  // less always fits
  return {};
}

StreamCall::Next RangeStreamCall::SendMade() {
  rpc::Message message = std::move(made_.front());
  made_.pop_front();
  made_bytes_ -= message.size();
  static_cast<void>(SetGathered(made_bytes_));
  Send(std::move(message));
  return made_.empty() ? Next::kEnd : Next::kMore;
}

base::Result<StreamCall::Next> RangeStreamCall::Produce() {
  if (sorted_.has_value()) return ProduceSorted();
  const base::Result<bool> step = stream_->Step();
  RETURN_IF_ERROR(CheckRights());
  ASSIGN_OR_RETURN(const bool whole, step);
  if (!whole) return ReadOn();
  context().reads().CountRanges(1);
  const kv::ResponseHeader header = context().HeaderAt({});
  rpc::Message message(stream_->ChunkSize(header));
  stream_->WriteChunk(header, reinterpret_cast<char*>(message.data()));
  stream_->Release();
  DropPlace();
  Send(std::move(message));
  return stream_->last() ? Next::kEnd : Next::kMore;
}

// What was read of the chunk is read again.
void RangeStreamCall::OnBlocked() {
  if (has_place()) Release();
  DropPlace();
}

void RangeStreamCall::Release() {
  if (!sorted_.has_value()) return stream_->Release();
  sorted_->Release();
  is_sorted_ = false;
  made_.clear();
  made_bytes_ = 0;
  DropGathered();
}

void RangeStreamCall::OnEnded(const base::Status&) {
  stream_.reset();
  sorted_.reset();
  made_.clear();
  DropPlace();
}

}  // namespace v3
