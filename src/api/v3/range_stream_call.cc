#include "api/v3/range_stream_call.h"

#include "base/errors.h"
#include "state/kv/request_check.h"

namespace v3 {

using Place = kv::LongReads::Place;

void RangeStreamCall::OnMessage(base::ByteView bytes) {
  if (!Parse(bytes, &request_)) return;
  SetKept(KeptBytes());
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
  ASSIGN_OR_RETURN(const bool whole, stream_->Step());
  if (!whole) return ReadOn();
  context().reads().CountRanges(1);
  const kv::ResponseHeader header = context().HeaderAt({});
  rpc::Message message(stream_->ChunkSize(header));
  stream_->WriteChunk(header, reinterpret_cast<char*>(message.data()));
  stream_->Release();
  place_.reset();
  Send(std::move(message));
  return stream_->last() ? Next::kEnd : Next::kMore;
}

StreamCall::Next RangeStreamCall::ReadOn() {
  if (place_.has_value()) return Next::kMore;
  if (auto place = long_reads_->TryEnter(); place.has_value()) {
    place_.emplace(*std::move(place));
    return Next::kMore;
  }
  stream_->Release();
  auto given = std::make_shared<std::optional<Place>>();
  auto resume = Posted([this, given] { OnPlace(std::exchange(*given, std::nullopt)); });
  long_reads_->Wait(connection().number, KeptBytes(),
                    [given, resume = std::move(resume)](std::optional<Place> place) mutable {
                      if (place.has_value()) given->emplace(*std::move(place));
                      resume();
                    });
  return Next::kWaits;
}

void RangeStreamCall::OnPlace(std::optional<Place> place) {
  if (!place.has_value()) return Finish(base::errors::kTooManyRequests);
  place_.emplace(*std::move(place));
  Continue();
}

// What was read of the chunk is read again.
void RangeStreamCall::OnBlocked() {
  if (place_.has_value()) stream_->Release();
  place_.reset();
}

void RangeStreamCall::OnEnded(const base::Status&) {
  stream_.reset();
  place_.reset();
}

}  // namespace v3
