#include "storage/image/snapshot_stream.h"

#include <atomic>
#include <utility>
#include <vector>

#include "storage/image/reader_source.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/spool/spool.h"

namespace image {
namespace {

// A source that fails once it is canceled, so that the first pass ends early too.
class CancelableSource final : public snap::Source {
 public:
  CancelableSource(snap::Source* source, const std::atomic<bool>* canceled)
      : source_(*source), canceled_(*canceled) {}

  base::Status Rewind() override { return source_.Rewind(); }
  base::Result<std::optional<base::ByteView>> NextBucket() override { return source_.NextBucket(); }
  base::Result<std::optional<snap::Record>> NextRecord() override {
    if (canceled_.load(std::memory_order_relaxed)) {
      return base::Status(base::Code::kCanceled, "the snapshot was canceled");
    }
    return source_.NextRecord();
  }

 private:
  snap::Source& source_;
  const std::atomic<bool>& canceled_;
};

}  // namespace

// What the worker and the receiver share.
class SnapshotStream::Work : public std::enable_shared_from_this<SnapshotStream::Work> {
 public:
  Work(std::unique_ptr<backend::Reader> reader, runtime::Disk* disk, runtime::Loop* loop,
       Options options, base::Callback<void()> on_readable)
      : with_digest_(options.with_digest),
        read_ahead_bytes_(options.read_ahead_bytes),
        loop_(loop),
        on_readable_(std::move(on_readable)),
        reader_(std::move(reader)),
        spool_(
            disk,
            {.path = std::move(options.spool_path), .memory_bytes_max = options.spool_memory_bytes},
            [this] { PostReadable(); }) {}

  // The worker's.
  void Run() {
    const base::Status outcome = Produce();
    reader_.reset();
    spool_.Finish(outcome);
  }

  // The receiver's.
  void Cancel() {
    on_readable_ = nullptr;
    canceled_.store(true, std::memory_order_relaxed);
    spool_.Cancel();
  }
  // The next bytes, if that needs no disk; otherwise a worker gets them.
  base::Result<spool::Spool::State> Take(runtime::Workers& workers, base::Bytes* chunk) {
    if (next_ready_ < ready_.size()) {
      *chunk = std::move(ready_[next_ready_++]);
      return spool::Spool::State::kBytes;
    }
    if (reading_) return spool::Spool::State::kNothing;
    RETURN_IF_ERROR(read_);
    ASSIGN_OR_RETURN(const spool::Spool::State state, spool_.TakeReady(kChunkBytesMax, chunk));
    if (state != spool::Spool::State::kInFile) return state;
    RETURN_IF_ERROR(ReadAhead(workers));
    return spool::Spool::State::kNothing;
  }
  // Once the first byte of the image could be taken.
  uint64_t image_bytes() const { return image_bytes_; }
  // Once its last byte was; empty if it is not wanted.
  const base::Bytes& digest() const { return digest_; }

 private:
  base::Status Produce() {
    ReaderSource records(reader_.get());
    CancelableSource source(&records, &canceled_);
    ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source));
    image_bytes_ = layout.file_bytes();
    snap::SnapshotHasher hasher;
    RETURN_IF_ERROR(snap::WriteBbolt(source, layout, [&](base::ByteView bytes) {
      if (with_digest_) hasher.Update(bytes);
      return spool_.Append(bytes);
    }));
    if (with_digest_) digest_ = hasher.Finish();
    return {};
  }

  base::Status ReadAhead(runtime::Workers& workers) {
    const bool accepted = workers.Run([work = shared_from_this()] { work->ReadFile(); }, loop_,
                                      [work = shared_from_this()] {
                                        work->reading_ = false;
                                        if (work->on_readable_) work->on_readable_();
                                      });
    if (!accepted) return {base::Code::kResourceExhausted, "too many snapshots at a time"};
    reading_ = true;
    return {};
  }

  // A worker's, while reading_ is set.
  void ReadFile() {
    ready_.clear();
    next_ready_ = 0;
    for (size_t bytes = 0; bytes < read_ahead_bytes_ && spool_.spilled();) {
      base::Bytes chunk;
      const auto state = spool_.Take(kChunkBytesMax, &chunk);
      if (!state.ok()) {
        read_ = state.status();
        return;
      }
      bytes += chunk.size();
      ready_.push_back(std::move(chunk));
    }
  }

  void PostReadable() {
    loop_->Post([work = shared_from_this()] {
      if (work->on_readable_) work->on_readable_();
    });
  }

  const bool with_digest_;
  const size_t read_ahead_bytes_;
  runtime::Loop* const loop_;
  base::Callback<void()> on_readable_;  // the receiver's; null once it has gone
  std::unique_ptr<backend::Reader> reader_;
  std::atomic<bool> canceled_ = false;
  // Written before the first byte, and before the end, goes through the spool.
  uint64_t image_bytes_ = 0;
  base::Bytes digest_;
  spool::Spool spool_;
  // What was read of the spool's file: the receiver's, but while reading_ is set the worker's.
  std::vector<base::Bytes> ready_;
  size_t next_ready_ = 0;
  base::Status read_;
  bool reading_ = false;  // the receiver's
};

base::Result<std::unique_ptr<SnapshotStream>> SnapshotStream::Start(
    std::unique_ptr<backend::Reader> reader, runtime::Disk* disk, runtime::Workers* workers,
    runtime::Loop* loop, Options options, base::Callback<void()> on_readable) {
  auto work = std::make_shared<Work>(std::move(reader), disk, loop, std::move(options),
                                     std::move(on_readable));
  if (!workers->Run([work] { work->Run(); }, loop, [] {})) {
    return base::Status(base::Code::kResourceExhausted, "too many snapshots at a time");
  }
  return std::unique_ptr<SnapshotStream>(new SnapshotStream(std::move(work), workers, loop));
}

// Giving a spool's file back to the disk takes as long as it is large: a worker does it, if one is
// to be had.
SnapshotStream::~SnapshotStream() {
  work_->Cancel();
  auto ending = std::make_shared<std::shared_ptr<Work>>(std::move(work_));
  (void)workers_.Run([ending] { ending->reset(); }, loop_, [] {});
}

base::Result<SnapshotStream::State> SnapshotStream::Take(base::Bytes* chunk) {
  ASSIGN_OR_RETURN(const spool::Spool::State state, work_->Take(workers_, chunk));
  switch (state) {
    case spool::Spool::State::kBytes:
      taken_ += chunk->size();
      return State::kChunk;
    case spool::Spool::State::kNothing:
      return State::kNothing;
    case spool::Spool::State::kInFile:
    case spool::Spool::State::kEnd:
      break;
  }
  if (digest_taken_ || work_->digest().empty()) return State::kEnd;
  digest_taken_ = true;
  *chunk = work_->digest();
  return State::kChunk;
}

uint64_t SnapshotStream::remaining_bytes() const {
  return taken_ == 0 ? 0 : work_->image_bytes() - taken_;
}

}  // namespace image
