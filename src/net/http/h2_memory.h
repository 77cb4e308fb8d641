#pragma once

#include <array>
#include <cstddef>

namespace http {

// The memory of the nghttp2 sessions of one loop. nghttp2 asks for some nine small pieces a
// request, and with many requests under way gives them back in bursts that are too long for the
// caches of malloc; those are kept here for the next ones. Outlives its sessions.
//
// The calls are those of malloc, calloc, realloc and free: null if there is no memory.
class H2Memory {
 public:
  H2Memory() = default;
  ~H2Memory();
  H2Memory(const H2Memory&) = delete;
  H2Memory& operator=(const H2Memory&) = delete;

  void* Take(size_t size);
  void* TakeZeroed(size_t count, size_t size);
  static void* Resize(void* piece, size_t size);
  void Give(void* piece);

  // Held for later.
  size_t kept_bytes() const { return kept_bytes_; }

  // Larger pieces are rare, and more is not kept.
  static constexpr size_t kPieceMax = 512;
  static constexpr size_t kKeptMax = 1 << 20;

 private:
  // Sizes are rounded up to a class's.
  static constexpr size_t kStep = 32;
  struct Piece {
    Piece* next;
  };

  std::array<Piece*, kPieceMax / kStep + 1> kept_{};  // by size / kStep
  size_t kept_bytes_ = 0;
};

}  // namespace http
