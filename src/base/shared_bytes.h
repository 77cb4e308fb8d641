#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace base {

// Immutable bytes with a shared owner count: one allocation however many logs, messages and
// buffers hold them. Copies may be held and dropped by different threads. Empty bytes cost none.
class SharedBytes {
 public:
  SharedBytes() = default;
  // Copies `bytes`; at most 4 GiB - 1.
  explicit SharedBytes(ByteView bytes);

  SharedBytes(const SharedBytes& other) noexcept : block_(other.block_) { Retain(); }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() { Release(); }

  ByteView view() const {
    return block_ == nullptr ? ByteView() : ByteView(Data(block_), block_->size);
  }
  size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  bool empty() const { return size() == 0; }

  friend bool operator==(const SharedBytes& a, const SharedBytes& b) {
    return a.view() == b.view();
  }

 private:
  struct Block {
    std::atomic<uint32_t> owners;
    uint32_t size;
  };

  static char* Data(Block* block) { return reinterpret_cast<char*>(block + 1); }
  static void Free(Block* block);

  void Retain() const {
    if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  void Release() const {
    if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      Free(block_);
    }
  }

  Block* block_ = nullptr;
};

}  // namespace base
