#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "api/v3/stream_call.h"
#include "observe/metrics.h"
#include "storage/image/snapshot_stream.h"

namespace v3 {

// Maintenance.Snapshot: everything that was applied when the call came, as a bbolt file and its
// digest, in chunks that go out as fast as the client takes them.
class SnapshotCall final : public StreamCall {
 public:
  // `seconds` measures how long that takes, and belongs to the call's loop.
  SnapshotCall(const Context* context, Call call, observe::Histogram seconds)
      : StreamCall(context, std::move(call)), seconds_(seconds) {}

 private:
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  void OnEnded(const base::Status&) override { stream_.reset(); }

  apply::State& state() { return *reads().state(); }
  void Open();
  base::Status OpenStream();
  // What the client is told of it.
  base::Status Failed(const base::Status& status);
  void SendChunk(base::Bytes chunk);
  void ReportSent();

  observe::Histogram seconds_;
  image::SnapshotStream::Options options_;
  std::string version_;
  runtime::TimePoint start_;
  uint64_t sent_bytes_ = 0;
  std::unique_ptr<image::SnapshotStream> stream_;
};

}  // namespace v3
