#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http/budget.h"
#include "net/http/chunk.h"
#include "runtime/network.h"

namespace http {

// Blocks of output memory that the connections of one loop share: a connection holds some only
// while it has something to send, so idle ones cost nothing and busy ones reuse warm memory.
class BlockPool {
 public:
  static constexpr size_t kBlockBytes = 16 * 1024;
  struct Block {
    char bytes[kBlockBytes];
  };

  std::unique_ptr<Block> Take();
  void Give(std::unique_ptr<Block> block);

 private:
  static constexpr size_t kMaxKept = 64;
  std::vector<std::unique_ptr<Block>> free_;
};

// What one connection is about to send: small frames copied together into blocks, large chunks by
// reference between them, all handed to the socket in one system call. The chunks that it owns
// count against the connection's account until they are written.
class OutputBuffer {
 public:
  // Both outlive this.
  OutputBuffer(BlockPool* pool, Account* account) : pool_(pool), account_(*account) {}
  ~OutputBuffer();
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Copies.
  void Append(base::ByteView bytes);
  // Refers to bytes that stay where they are until they have been written, or until the chunk
  // that they are a part of is handed over with Keep.
  void AppendReference(base::ByteView bytes);
  // Owns `chunk` until all that was appended so far has been written.
  void Keep(Chunk chunk);

  // Writes as much as the stream takes. OK also if that is not all.
  base::Status Flush(runtime::Stream& stream);

  // Appended and not yet taken by the stream.
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Everything ever taken by a stream.
  uint64_t total_flushed() const { return total_flushed_; }

 private:
  // A run of bytes in a block or in a chunk, and what ends with it.
  struct Piece {
    base::ByteView bytes;
    bool in_open_block = false;  // more may be copied behind it
    std::unique_ptr<BlockPool::Block> block;
    std::unique_ptr<Chunk> chunk;
  };

  void Drop(size_t taken);
  void Release(Piece& piece);

  BlockPool* pool_;
  Account& account_;
  std::vector<Piece> pieces_;
  size_t first_ = 0;  // pieces before it have been written
  // The block being filled; a full one belongs to its last piece.
  std::unique_ptr<BlockPool::Block> open_block_;
  size_t open_used_ = 0;
  size_t size_ = 0;
  uint64_t total_flushed_ = 0;
};

}  // namespace http
