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
  // How many there are on a loop at a time: each may have a copy of the database on the disk, for a
  // client that is slow. More are refused with kResourceExhausted. A client that takes next to
  // nothing for a minute is ended, so that others have its place.
  class Places {
   public:
    static constexpr int kMax = 8;
    bool Take() { return taken_ < kMax && ++taken_ > 0; }
    void Give() { --taken_; }

   private:
    int taken_ = 0;
  };

  // `seconds` measures how long that takes; it and `places`, which outlive the call, belong to its
  // loop.
  SnapshotCall(const Context* context, Call call, observe::Histogram seconds, Places* places)
      : StreamCall(context, std::move(call)), seconds_(seconds), places_(*places) {}

 private:
  void OnMessage(base::ByteView bytes) override;
  base::Result<Next> Produce() override;
  void OnBlocked() override { blocked_ = true; }
  void OnEnded(const base::Status&) override;

  apply::State& state() { return *reads().state(); }
  void Open();
  base::Status OpenStream();
  // What the client is told of it.
  base::Status Failed(const base::Status& status);
  void SendChunk(base::Bytes chunk);
  void ReportSent();
  void CheckProgress();

  observe::Histogram seconds_;
  Places& places_;
  bool has_place_ = false;
  bool blocked_ = false;  // by the client
  runtime::TimePoint progress_at_;
  uint64_t sent_at_progress_ = 0;
  std::unique_ptr<runtime::Timer> progress_timer_;
  image::SnapshotStream::Options options_;
  std::string version_;
  runtime::TimePoint start_;
  uint64_t sent_bytes_ = 0;
  std::unique_ptr<image::SnapshotStream> stream_;
};

}  // namespace v3
