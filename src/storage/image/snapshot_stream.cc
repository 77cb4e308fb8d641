#include "storage/image/snapshot_stream.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "storage/image/reader_source.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/record_stream.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/spool/spool.h"

namespace image {
namespace {

base::Status NoWorker() {
  return {base::Code::kResourceExhausted, "too many snapshots at a time"};
}

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
      : form_(options.form),
        with_digest_(options.with_digest),
        read_ahead_bytes_(options.read_ahead_bytes),
        spool_memory_bytes_(options.spool_memory_bytes),
        loop_(loop),
        on_readable_(std::move(on_readable)),
        reader_(std::move(reader)),
        records_(reader_.get()),
        spool_(
            disk,
            {.path = std::move(options.spool_path), .memory_bytes_max = options.spool_memory_bytes},
            [this] { PostReadable(); }) {}

  // The worker's: all of it, or until the receiver is to take something first.
  void Run() {
    const base::Result<bool> ended = form_ == Form::kImage ? ProduceImage() : ProduceRecords();
    is_paused_ = ended.ok() && !*ended;
    if (!is_paused_) End(ended.status());
  }

  // The receiver's, while no worker works on it.
  bool is_paused() const { return is_paused_; }
  bool HasRoomToGoOn() const { return spool_.HasRoomInMemory(spool_memory_bytes_ / 2); }
  void LosePatience() { waits_for_room_ = false; }
  void End(const base::Status& outcome) {
    records_.Rewind().IgnoreError();  // without a cursor, which would have to end before the reader
    reader_.reset();
    spool_.Finish(outcome);
  }

  // The receiver's.
  // `on_ran` follows each Run of a worker, until Cancel.
  void SetOnRan(base::Callback<void()> on_ran) { on_ran_ = std::move(on_ran); }
  void OnRan() {
    if (on_ran_) on_ran_();
  }
  void Cancel() {
    on_readable_ = nullptr;
    on_ran_ = nullptr;
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
  // Whether they have come to the end.
  base::Result<bool> ProduceImage() {
    ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source_));
    image_bytes_ = layout.file_bytes();
    snap::SnapshotHasher hasher;
    RETURN_IF_ERROR(snap::WriteBbolt(source_, layout, [&](base::ByteView bytes) {
      if (with_digest_) hasher.Update(bytes);
      return spool_.Append(bytes);
    }));
    if (with_digest_) digest_ = hasher.Finish();
    return true;
  }
  base::Result<bool> ProduceRecords() {
    const size_t piece_bytes = std::clamp<size_t>(spool_memory_bytes_ / 2, 1, kChunkBytesMax);
    while (true) {
      while (spooled_bytes_ < written_.size()) {
        const base::ByteView piece = base::ByteView(written_).substr(spooled_bytes_, piece_bytes);
        if (waits_for_room_ && !spool_.HasRoomInMemory(piece.size())) return false;
        RETURN_IF_ERROR(spool_.Append(piece));
        spooled_bytes_ += piece.size();
      }
      if (!more_comes_) return true;
      written_.clear();
      spooled_bytes_ = 0;
      ASSIGN_OR_RETURN(more_comes_, writer_.Write(kChunkBytesMax, &written_));
    }
  }

  base::Status ReadAhead(runtime::Workers& workers) {
    const bool accepted = workers.Run([work = shared_from_this()] { work->ReadFile(); }, loop_,
                                      [work = shared_from_this()] {
                                        work->reading_ = false;
                                        if (work->on_readable_) work->on_readable_();
                                      });
    if (!accepted) return NoWorker();
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

  const Form form_;
  const bool with_digest_;
  const size_t read_ahead_bytes_;
  const size_t spool_memory_bytes_;
  runtime::Loop* const loop_;
  base::Callback<void()> on_readable_;  // the receiver's; null once it has gone
  base::Callback<void()> on_ran_;       // the same
  std::unique_ptr<backend::Reader> reader_;
  std::atomic<bool> canceled_ = false;
  // What the worker goes on with.
  ReaderSource records_;
  CancelableSource source_{&records_, &canceled_};
  snap::RecordStreamWriter writer_{&source_};
  base::Bytes written_;       // of records
  size_t spooled_bytes_ = 0;  // of these
  bool more_comes_ = true;
  bool waits_for_room_ = true;
  bool is_paused_ = false;
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
  const runtime::Duration patience = options.patience;
  auto work = std::make_shared<Work>(std::move(reader), disk, loop, std::move(options),
                                     std::move(on_readable));
  std::unique_ptr<SnapshotStream> stream(
      new SnapshotStream(std::move(work), workers, loop, patience));
  if (!stream->RunWork()) return NoWorker();
  return stream;
}

SnapshotStream::SnapshotStream(std::shared_ptr<Work> work, runtime::Workers* workers,
                               runtime::Loop* loop, runtime::Duration patience)
    : workers_(*workers),
      loop_(loop),
      work_(std::move(work)),
      patience_left_(patience),
      patience_timer_(loop->NewTimer([this] { GoOn(); })) {
  work_->SetOnRan([this] {
    if (work_->is_paused()) OnPaused();
  });
}

bool SnapshotStream::RunWork() {
  return workers_.Run([work = work_] { work->Run(); }, loop_, [work = work_] { work->OnRan(); });
}

void SnapshotStream::OnPaused() {
  paused_since_ = loop_->clock().Now();
  // It may have been taken while the worker was ending.
  if (work_->HasRoomToGoOn()) return GoOn();
  patience_timer_->Arm(patience_left_);
}

void SnapshotStream::GoOn() {
  patience_timer_->Disarm();
  patience_left_ -= loop_->clock().Now() - *paused_since_;
  paused_since_.reset();
  if (patience_left_ <= runtime::Duration(0)) work_->LosePatience();
  if (!RunWork()) work_->End(NoWorker());
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
      if (paused_since_.has_value() && work_->HasRoomToGoOn()) GoOn();
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
  // Of records that is not known.
  return taken_ == 0 || work_->image_bytes() < taken_ ? 0 : work_->image_bytes() - taken_;
}

}  // namespace image
