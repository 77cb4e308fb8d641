#include "api/v3/snapshot_call.h"

#include <string>
#include <utility>

#include "base/errors.h"
#include "runtime/disk.h"
#include "storage/backend/read_failure.h"
#include "storage/image/snapshot_stream.h"

namespace v3 {
namespace {

class SnapshotCall : public std::enable_shared_from_this<SnapshotCall> {
 public:
  SnapshotCall(const Context& context, observe::Histogram seconds,
               std::shared_ptr<rpc::ServerCall> call)
      : server_(context.server()),
        state_(context.state()),
        loop_(&context.frontend().loop()),
        seconds_(seconds),
        call_(std::move(call)) {}

  void Start(base::ByteView bytes) {
    etcdserverpb::SnapshotRequest request;
    if (!Parse(*call_, bytes, &request)) return;
    version_ = state_->view().Get()->cluster_version;
    server_.WhenDurable([weak = weak_from_this(), loop = loop_] {
      loop->Post([weak] {
        if (const auto self = weak.lock()) self->Open();
      });
    });
  }

  void Pump() {
    if (stream_ == nullptr) return;
    base::Bytes chunk;
    while (call_->is_open() && call_->writable()) {
      base::Result<image::SnapshotStream::State> state = stream_->Take(&chunk);
      if (!state.ok()) return Fail(state.status());
      if (*state == image::SnapshotStream::State::kNothing) return;
      if (*state == image::SnapshotStream::State::kEnd) return End();
      Send(std::move(chunk));
    }
  }

 private:
  void Open() {
    if (!call_->is_open()) return;
    start_ = loop_->clock().Now();
    base::Status status = OpenStream();
    if (!status.ok()) return Fail(status);
    Pump();
  }

  // What is told to operators may name files; clients are told no more than the kind.
  void Fail(const base::Status& status) {
    server_.environment().logger->Warn("failed to send database snapshot to client",
                                       {{"error", status.message()}});
    call_->Finish(backend::ReadFailure(state_->database(), status));
  }

  base::Status OpenStream() {
    ASSIGN_OR_RETURN(auto reader, state_->database().NewReader());
    image::SnapshotStream::Options options;
    options.spool_path = server_.NewSpoolPath();
    const server::Environment& environment = server_.environment();
    ASSIGN_OR_RETURN(stream_, image::SnapshotStream::Start(std::move(reader), environment.disk,
                                                           environment.bulk_workers, loop_, options,
                                                           [weak = weak_from_this()] {
                                                             if (const auto self = weak.lock())
                                                               self->Pump();
                                                           }));
    return {};
  }

  void End() {
    const runtime::Duration took = loop_->clock().Now() - start_;
    seconds_.Observe(took);
    server_.environment().logger->Info("successfully sent database snapshot to client",
                                       {{"total-bytes", sent_bytes_}, {"took", took}});
    call_->Finish({});
  }

  void Send(base::Bytes chunk) {
    if (sent_bytes_ == 0) {
      server_.environment().logger->Info(
          "sending database snapshot to client",
          {{"total-bytes", chunk.size() + stream_->remaining_bytes()},
           {"storage-version", version_}});
    }
    sent_bytes_ += chunk.size();
    etcdserverpb::SnapshotResponse response;
    response.set_remaining_bytes(stream_->remaining_bytes());
    response.set_blob(std::move(chunk));
    response.set_version(version_);
    rpc::Message message(response.ByteSizeLong());
    response.SerializeWithCachedSizesToArray(message.data());
    call_->Send(std::move(message));
  }

  server::Server& server_;
  const std::shared_ptr<apply::State> state_;
  runtime::Loop* const loop_;
  observe::Histogram seconds_;
  const std::shared_ptr<rpc::ServerCall> call_;
  std::string version_;
  runtime::TimePoint start_;
  uint64_t sent_bytes_ = 0;
  std::unique_ptr<image::SnapshotStream> stream_;
};

// The call owns this, and this what works for it.
class Handler final : public rpc::CallHandler {
 public:
  Handler(const Context& context, observe::Histogram seconds, std::shared_ptr<rpc::ServerCall> call)
      : snapshot_(std::make_shared<SnapshotCall>(context, seconds, std::move(call))) {}

  void OnMessage(base::ByteView bytes) override { snapshot_->Start(bytes); }
  void OnWritable() override { snapshot_->Pump(); }

 private:
  const std::shared_ptr<SnapshotCall> snapshot_;
};

}  // namespace

std::unique_ptr<rpc::CallHandler> NewSnapshotCall(const Context& context,
                                                  observe::Histogram seconds,
                                                  std::shared_ptr<rpc::ServerCall> call) {
  return std::make_unique<Handler>(context, seconds, std::move(call));
}

}  // namespace v3
