#include "api/v3/range_stream_call.h"

#include <optional>
#include <utility>

#include "state/kv/range_stream.h"
#include "state/kv/request_check.h"

namespace v3 {
namespace {

class RangeStreamCall : public std::enable_shared_from_this<RangeStreamCall> {
 public:
  RangeStreamCall(const Context& context, std::shared_ptr<rpc::ServerCall> call)
      : context_(context), call_(std::move(call)) {
    call_->SetKept(sizeof(RangeStreamCall));
  }

  void Start(base::ByteView bytes) {
    if (!Parse(*call_, bytes, &request_)) return;
    const base::Status status = kv::CheckRangeStream(request_);
    if (!status.ok()) return call_->Finish(status);
    if (request_.serializable()) return Open();
    context_.frontend().ReadIndex([self = shared_from_this()](const base::Status& read) {
      if (!read.ok()) return self->call_->Finish(read);
      self->Open();
    });
  }

  // One chunk a turn, so that other calls have theirs.
  void Pump() {
    if (!stream_.has_value() || waiting_ || !call_->is_open() || !call_->writable()) return;
    const base::Result<bool> last = stream_->Next();
    if (!last.ok()) return call_->Finish(last.status());
    context_.reads().CountRanges(1);
    Send();
    if (*last) return call_->Finish({});
    waiting_ = true;
    context_.frontend().loop().PostSlice([self = shared_from_this()] {
      self->waiting_ = false;
      self->Pump();
    });
  }

 private:
  void Open() {
    reads_ = context_.frontend().reads();
    stream_.emplace(&reads_->keys(), request_, context_.server().options().max_request_bytes);
    Pump();
  }

  void Send() {
    const kv::ResponseHeader header = context_.HeaderAt({});
    rpc::Message message(stream_->ChunkSize(header));
    stream_->WriteChunk(header, reinterpret_cast<char*>(message.data()));
    stream_->Release();
    call_->Send(std::move(message));
  }

  const Context& context_;
  const std::shared_ptr<rpc::ServerCall> call_;
  etcdserverpb::RangeRequest request_;
  std::shared_ptr<apply::StateReads> reads_;  // of the state that is read
  std::optional<kv::RangeStream> stream_;
  bool waiting_ = false;
};

// The call owns this, and this what works for it.
class Handler final : public rpc::CallHandler {
 public:
  Handler(const Context& context, std::shared_ptr<rpc::ServerCall> call)
      : stream_(std::make_shared<RangeStreamCall>(context, std::move(call))) {}

  void OnMessage(base::ByteView bytes) override { stream_->Start(bytes); }
  void OnWritable() override { stream_->Pump(); }

 private:
  const std::shared_ptr<RangeStreamCall> stream_;
};

}  // namespace

std::unique_ptr<rpc::CallHandler> NewRangeStreamCall(const Context& context,
                                                     std::shared_ptr<rpc::ServerCall> call) {
  return std::make_unique<Handler>(context, std::move(call));
}

}  // namespace v3
