#include "api/v3/snapshot_call.h"

#include <atomic>
#include <string>
#include <utility>

#include "runtime/disk.h"
#include "storage/image/snapshot_stream.h"

namespace v3 {
namespace {

// Spools that are filled at one time have different files.
std::string SpoolPath(const server::Options& options) {
  static std::atomic<uint64_t> count = 0;
  return runtime::JoinPath(server::Paths(options).snap, "tmp.spool." + std::to_string(++count));
}

class SnapshotCall : public std::enable_shared_from_this<SnapshotCall> {
 public:
  SnapshotCall(const Context& context, std::shared_ptr<rpc::ServerCall> call)
      : server_(context.server()), loop_(&context.frontend().loop()), call_(std::move(call)) {}

  void Start() {
    version_ = server_.view()->cluster_version;
    server_.apply_loop().WhenDurable([weak = weak_from_this(), loop = loop_] {
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
      if (!state.ok()) return call_->Finish(state.status());
      if (*state == image::SnapshotStream::State::kNothing) return;
      if (*state == image::SnapshotStream::State::kEnd) return call_->Finish({});
      Send(std::move(chunk));
    }
  }

 private:
  void Open() {
    if (!call_->is_open()) return;
    base::Status status = OpenStream();
    if (!status.ok()) return call_->Finish(status);
    Pump();
  }

  base::Status OpenStream() {
    ASSIGN_OR_RETURN(auto reader, server_.database().NewReader());
    image::SnapshotStream::Options options;
    options.spool_path = SpoolPath(server_.options());
    const server::Environment& environment = server_.environment();
    ASSIGN_OR_RETURN(stream_, image::SnapshotStream::Start(std::move(reader), environment.disk,
                                                           environment.workers, loop_, options,
                                                           [weak = weak_from_this()] {
                                                             if (const auto self = weak.lock())
                                                               self->Pump();
                                                           }));
    return {};
  }

  void Send(base::Bytes chunk) {
    etcdserverpb::SnapshotResponse response;
    response.set_remaining_bytes(stream_->remaining_bytes());
    response.set_blob(std::move(chunk));
    response.set_version(version_);
    rpc::Message message(response.ByteSizeLong());
    response.SerializeWithCachedSizesToArray(message.data());
    call_->Send(std::move(message));
  }

  server::Server& server_;
  runtime::Loop* const loop_;
  const std::shared_ptr<rpc::ServerCall> call_;
  std::string version_;
  std::unique_ptr<image::SnapshotStream> stream_;
};

// The call owns this, and this what works for it.
class Handler final : public rpc::CallHandler {
 public:
  Handler(const Context& context, std::shared_ptr<rpc::ServerCall> call)
      : snapshot_(std::make_shared<SnapshotCall>(context, std::move(call))) {}

  void OnMessage(base::ByteView) override { snapshot_->Start(); }
  void OnWritable() override { snapshot_->Pump(); }

 private:
  const std::shared_ptr<SnapshotCall> snapshot_;
};

}  // namespace

std::unique_ptr<rpc::CallHandler> NewSnapshotCall(const Context& context,
                                                  std::shared_ptr<rpc::ServerCall> call) {
  return std::make_unique<Handler>(context, std::move(call));
}

}  // namespace v3
