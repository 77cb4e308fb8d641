#include "storage/spool/spool.h"

#include <algorithm>

namespace spool {
namespace {

// Bulk writes go to the disk in portions, or one flush of them all would delay every other sync.
constexpr uint64_t kWritebackBytes = 4 << 20;

}  // namespace

Spool::~Spool() {
  if (to_write_ != nullptr) runtime::TruncateByPieces(*to_write_, 0).IgnoreError();
}

base::Status Spool::Append(base::ByteView bytes) {
  if (bytes.empty()) return {};
  bool in_memory = false;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (canceled_) return base::Status(base::Code::kCanceled, "the receiver has gone");
    in_memory = HasRoomLocked(bytes.size());
    if (in_memory) {
      pieces_.emplace_back(bytes);
      memory_bytes_ += bytes.size();
      wake = std::exchange(receiver_waits_, false);
    }
  }
  if (!in_memory) return AppendToFile(bytes);
  if (wake) on_readable_();
  return {};
}

base::Status Spool::CheckRoom(uint64_t bytes) const {
  const std::string directory = runtime::ParentPath(options_.path);
  ASSIGN_OR_RETURN(const uint64_t free_bytes, disk_.FreeBytes(directory));
  ASSIGN_OR_RETURN(const uint64_t total_bytes, disk_.TotalBytes(directory));
  const uint64_t left = LeftToOthers(total_bytes);
  if (free_bytes >= left + bytes) return {};
  return {base::Code::kResourceExhausted, options_.path + ": " + std::to_string(free_bytes) +
                                              " bytes are free on the disk, of which " +
                                              std::to_string(left) + " are left to others"};
}

base::Status Spool::AppendToFile(base::ByteView bytes) {
  uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    if (file_begin_ == file_end_) file_begin_ = file_end_ = 0;
    offset = file_end_;
  }
  RETURN_IF_ERROR(CheckRoom(bytes.size()));
  if (to_write_ == nullptr) RETURN_IF_ERROR(OpenFile());
  if (offset == 0) RETURN_IF_ERROR(runtime::TruncateByPieces(*to_write_, 0));
  RETURN_IF_ERROR(to_write_->WriteAt(offset, bytes));
  const uint64_t end = offset + bytes.size();
  const uint64_t portions_begin = offset - offset % kWritebackBytes;
  const uint64_t portions_end = end - end % kWritebackBytes;
  if (portions_end > portions_begin) {
    RETURN_IF_ERROR(to_write_->StartWriteback(portions_begin, portions_end - portions_begin));
  }
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    file_end_ = end;
    wake = std::exchange(receiver_waits_, false);
  }
  if (wake) on_readable_();
  return {};
}

base::Status Spool::OpenFile() {
  ASSIGN_OR_RETURN(to_write_, disk_.Open(options_.path, runtime::OpenMode::kCreateOrTruncate));
  auto opened = disk_.Open(options_.path, runtime::OpenMode::kRead);
  const base::Status removed = disk_.Remove(options_.path);
  ASSIGN_OR_RETURN(to_read_, std::move(opened));
  return removed;
}

void Spool::Finish(base::Status outcome) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    outcome_ = std::move(outcome);
    wake = std::exchange(receiver_waits_, false);
  }
  if (wake) on_readable_();
}

base::Result<Spool::State> Spool::TakeReady(size_t size, base::Bytes* out) {
  const std::lock_guard lock(mutex_);
  return TakeReadyLocked(size, out);
}

base::Result<Spool::State> Spool::TakeReadyLocked(size_t size, base::Bytes* out) {
  out->clear();
  if (!outcome_.ok()) return outcome_;
  if (!pieces_.empty()) {
    TakeFromMemory(size, out);
    return State::kBytes;
  }
  return file_begin_ == file_end_ ? StateWithoutBytes() : State::kInFile;
}

base::Result<Spool::State> Spool::Take(size_t size, base::Bytes* out) {
  uint64_t offset = 0;
  uint64_t in_file = 0;
  {
    const std::lock_guard lock(mutex_);
    ASSIGN_OR_RETURN(const State state, TakeReadyLocked(size, out));
    if (state != State::kInFile) return state;
    offset = file_begin_;
    in_file = std::min<uint64_t>(size, file_end_ - file_begin_);
  }
  RETURN_IF_ERROR(to_read_->ReadAt(offset, in_file, out));
  if (out->size() < in_file) {
    return base::Status(base::Code::kDataLoss, options_.path + ": cut off while it was read");
  }
  const std::lock_guard lock(mutex_);
  file_begin_ += in_file;
  return State::kBytes;
}

void Spool::TakeFromMemory(size_t size, base::Bytes* out) {
  while (!pieces_.empty() && out->size() < size) {
    const base::Bytes& piece = pieces_.front();
    const size_t taken = std::min(piece.size() - piece_offset_, size - out->size());
    out->append(piece, piece_offset_, taken);
    piece_offset_ += taken;
    memory_bytes_ -= taken;
    if (piece_offset_ < piece.size()) return;
    pieces_.pop_front();
    piece_offset_ = 0;
  }
}

base::Result<Spool::State> Spool::StateWithoutBytes() {
  if (finished_) return State::kEnd;
  receiver_waits_ = true;
  return State::kNothing;
}

void Spool::Cancel() {
  const std::lock_guard lock(mutex_);
  canceled_ = true;
}

bool Spool::HasRoomLocked(size_t bytes) const {
  return file_begin_ == file_end_ && memory_bytes_ + bytes <= options_.memory_bytes_max;
}

bool Spool::HasRoomInMemory(size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return HasRoomLocked(bytes);
}

bool Spool::spilled() const {
  const std::lock_guard lock(mutex_);
  return file_begin_ != file_end_;
}

}  // namespace spool
