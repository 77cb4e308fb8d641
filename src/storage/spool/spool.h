#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/result.h"
#include "runtime/disk.h"

namespace spool {

// A queue of bytes from a producer that must not wait to a receiver that may be slow: a snapshot's
// read transaction ends when the database has been read, not when the network has taken it. What
// the receiver leaves waiting is kept in memory up to a bound and beyond it in a temporary file,
// which is unlinked as soon as it is open, so nothing of it outlives the spool or the process.
// Bounded by the free space of the disk, of which it leaves a part to others.
//
// One producer thread and one receiver thread at a time. Both may block on the disk, but for
// TakeReady.
class Spool {
 public:
  struct Options {
    // Where the file is made when it is needed; what is there is replaced.
    std::string path;
    size_t memory_bytes_max = 4 << 20;
  };
  // What a spool's file leaves free on a disk of so many bytes, for others must not die of it:
  // kReserveBytes, or a seventh of a small one.
  static uint64_t LeftToOthers(uint64_t total_bytes) {
    return std::min(kReserveBytes, total_bytes / 7);
  }
  static constexpr uint64_t kReserveBytes = uint64_t{192} << 20;

  // `disk` outlives this. `on_readable` runs on the producer's thread when there is something to
  // take, or the end, after Take answered that there was nothing; it only passes the word on.
  Spool(runtime::Disk* disk, Options options, base::Callback<void()> on_readable)
      : disk_(*disk), options_(std::move(options)), on_readable_(std::move(on_readable)) {}
  // Blocks on the disk if the file is large.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // The producer's side. Append fails with kCanceled once the receiver has given up, with
  // kResourceExhausted if the disk has no room beside what is left to others, and with the disk's
  // error, naming the path, if that cannot take more. After an error the producer ends with Finish.
  base::Status Append(base::ByteView bytes);
  // No more bytes come. The receiver gets `outcome` behind the last of them; a failed one at once.
  void Finish(base::Status outcome);

  // The receiver's side.
  enum class State {
    kBytes,    // `*out` has some
    kNothing,  // not now
    kInFile,   // TakeReady alone: there are some, which Take reads from the disk
    kEnd,      // everything was taken and the producer finished well
  };
  // Takes up to `size` bytes, at least one for kBytes. Fails with the producer's outcome, or the
  // disk's error.
  base::Result<State> Take(size_t size, base::Bytes* out);
  // The same without blocking.
  base::Result<State> TakeReady(size_t size, base::Bytes* out);
  // The receiver wants no more.
  void Cancel();

  // Whether bytes wait in the file.
  bool spilled() const;
  // Whether so many bytes more would stay in memory. Any thread; the receiver only makes room.
  bool HasRoomInMemory(size_t bytes) const;

 private:
  base::Status AppendToFile(base::ByteView bytes);
  base::Status OpenFile();
  // For so many bytes more.
  base::Status CheckRoom(uint64_t bytes) const;
  // These expect mutex_ to be held.
  bool HasRoomLocked(size_t bytes) const;
  void TakeFromMemory(size_t size, base::Bytes* out);
  base::Result<State> StateWithoutBytes();
  base::Result<State> TakeReadyLocked(size_t size, base::Bytes* out);

  runtime::Disk& disk_;
  const Options options_;
  base::Callback<void()> on_readable_;

  // The same unlinked file, opened twice: for the producer and for the receiver.
  std::unique_ptr<runtime::File> to_write_;
  std::unique_ptr<runtime::File> to_read_;

  mutable std::mutex mutex_;
  // The rest is guarded by mutex_. Bytes in memory come before bytes in the file.
  std::deque<base::Bytes> pieces_;
  size_t piece_offset_ = 0;  // what was taken of the first piece
  size_t memory_bytes_ = 0;
  uint64_t file_begin_ = 0;  // waiting in the file: [file_begin_, file_end_)
  uint64_t file_end_ = 0;
  bool receiver_waits_ = false;
  bool canceled_ = false;
  bool finished_ = false;
  base::Status outcome_;
};

}  // namespace spool
