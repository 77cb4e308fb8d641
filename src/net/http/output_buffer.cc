#include "net/http/output_buffer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"

namespace http {
namespace {

// What one system call takes.
constexpr size_t kMaxPieces = 64;

}  // namespace

std::unique_ptr<BlockPool::Block> BlockPool::Take() {
  if (free_.empty()) return std::unique_ptr<Block>(new Block);  // left uninitialised
  std::unique_ptr<Block> block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void BlockPool::Give(std::unique_ptr<Block> block) {
  if (free_.size() < kMaxKept) free_.push_back(std::move(block));
}

OutputBuffer::~OutputBuffer() {
  Drop(size_);
}

void OutputBuffer::Append(base::ByteView bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (open_block_ == nullptr) {
      open_block_ = pool_->Take();
      open_used_ = 0;
    }
    const size_t count = std::min(bytes.size(), BlockPool::kBlockBytes - open_used_);
    char* to = open_block_->bytes + open_used_;
    std::memcpy(to, bytes.data(), count);
    bytes.remove_prefix(count);
    open_used_ += count;
    if (first_ == pieces_.size() || !pieces_.back().in_open_block) {
      pieces_.push_back({{to, 0}, true, nullptr, nullptr});
    }
    Piece& piece = pieces_.back();
    piece.bytes = {piece.bytes.data(), piece.bytes.size() + count};
    if (open_used_ == BlockPool::kBlockBytes) {
      piece.block = std::move(open_block_);
      piece.in_open_block = false;
    }
  }
}

void OutputBuffer::AppendReference(base::ByteView bytes) {
  size_ += bytes.size();
  pieces_.push_back({bytes, false, nullptr, nullptr});
}

void OutputBuffer::Keep(Chunk chunk) {
  if (empty()) return;
  account_.Add(chunk.size());
  auto kept = std::make_unique<Chunk>(std::move(chunk));
  if (pieces_.back().chunk == nullptr) {
    pieces_.back().chunk = std::move(kept);
  } else {
    pieces_.push_back({{}, false, nullptr, std::move(kept)});
  }
}

base::Status OutputBuffer::Flush(runtime::Stream& stream) {
  while (!empty()) {
    std::array<base::ByteView, kMaxPieces> batch;
    size_t count = 0;
    size_t batch_bytes = 0;
    for (size_t i = first_; i < pieces_.size() && count < kMaxPieces; ++i) {
      if (pieces_[i].bytes.empty()) continue;
      batch[count++] = pieces_[i].bytes;
      batch_bytes += pieces_[i].bytes.size();
    }
    ASSIGN_OR_RETURN(const size_t taken, stream.Write({batch.data(), count}));
    Drop(taken);
    if (taken < batch_bytes) break;
  }
  return {};
}

void OutputBuffer::Drop(size_t taken) {
  CHECK_LE(taken, size_);
  size_ -= taken;
  total_flushed_ += taken;
  while (first_ < pieces_.size()) {
    Piece& piece = pieces_[first_];
    if (taken < piece.bytes.size()) {
      piece.bytes.remove_prefix(taken);
      return;
    }
    taken -= piece.bytes.size();
    Release(piece);
    ++first_;
  }
  pieces_.clear();
  first_ = 0;
  if (open_block_ != nullptr) pool_->Give(std::move(open_block_));
}

void OutputBuffer::Release(Piece& piece) {
  if (piece.block != nullptr) pool_->Give(std::move(piece.block));
  if (piece.chunk == nullptr) return;
  account_.Remove(piece.chunk->size());
  piece.chunk.reset();
}

}  // namespace http
