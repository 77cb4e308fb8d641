#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/time.h"
#include "runtime/workers.h"
#include "storage/backend/backend.h"

namespace image {

// A snapshot of the database on its way to a receiver, in one of two forms. What the receiver has
// not taken waits in a spool.
//
//   an image    A bbolt file, and its SHA-256 if that is wanted. A worker lays the image out and
//               then writes it, two passes over one reader, as fast as the disk allows: however
//               slow the receiver is, the reader ends with the second pass.
//   records     As snap::RecordStreamWriter writes them, in one pass. While the spool's memory is
//               full no worker works on it, and the work goes on when half of that was taken. The
//               reader is not held up for longer than `patience` in all: then the work goes on as
//               fast as the disk allows.
//
// Belongs to the receiver's loop, all of it, and never blocks it: what lies in the spool's file is
// read by a worker, so many bytes at a time. Of what the receiver has not taken
// `spool_memory_bytes`, `read_ahead_bytes` and one record are in memory, and the rest in the
// spool's file.
class SnapshotStream {
 public:
  static constexpr size_t kChunkBytesMax = 32 * 1024;
  static constexpr size_t kReadAheadBytes = 1 << 20;

  enum class Form : uint8_t { kImage, kRecords };

  struct Options {
    Form form = Form::kImage;
    std::string spool_path;  // where the spool's temporary file is made if one is needed
    size_t spool_memory_bytes = 4 << 20;
    size_t read_ahead_bytes = kReadAheadBytes;
    bool with_digest = true;  // of an image
    // For a receiver of records.
    runtime::Duration patience = std::chrono::seconds(10);
  };

  // Starts on a worker; the snapshot is what `reader` sees, and the reader ends with the work.
  // `on_readable` runs on `loop` when Take has something new to answer after it answered kNothing,
  // and never after this object has ended. `disk`, `loop` and the database outlive the workers,
  // since the work may outlive this; when the workers end before it has begun or goes on, nothing
  // more ever comes.
  // kResourceExhausted if the workers' queue is full.
  static base::Result<std::unique_ptr<SnapshotStream>> Start(
      std::unique_ptr<backend::Reader> reader, runtime::Disk* disk, runtime::Workers* workers,
      runtime::Loop* loop, Options options, base::Callback<void()> on_readable);
  // Cancels the work, which then ends within about 64 KiB of output or one record.
  ~SnapshotStream();
  SnapshotStream(const SnapshotStream&) = delete;
  SnapshotStream& operator=(const SnapshotStream&) = delete;

  enum class State {
    kChunk,    // `*chunk` has the next bytes
    kNothing,  // not now
    kEnd,      // everything was taken
  };
  // The next bytes, at most kChunkBytesMax and never none; after the last of an image the digest,
  // as a chunk of its own. Fails, for good, with what befell the work: kDataLoss for a damaged
  // record, the disk's error if the spool cannot take more, kResourceExhausted if no worker is to
  // be had for reading it or for going on.
  base::Result<State> Take(base::Bytes* chunk);
  // Of an image, what was not taken yet; 0 with the digest. Known when the first chunk comes.
  uint64_t remaining_bytes() const;

 private:
  class Work;

  SnapshotStream(std::shared_ptr<Work> work, runtime::Workers* workers, runtime::Loop* loop,
                 runtime::Duration patience);

  // Has a worker begin, or go on. False if none is to be had.
  bool RunWork();
  // The work waits for room.
  void OnPaused();
  void GoOn();

  runtime::Workers& workers_;
  runtime::Loop* const loop_;
  std::shared_ptr<Work> work_;  // shared with the worker
  uint64_t taken_ = 0;
  bool digest_taken_ = false;

  runtime::Duration patience_left_;
  std::optional<runtime::TimePoint> paused_since_;
  std::unique_ptr<runtime::Timer> patience_timer_;
};

}  // namespace image
