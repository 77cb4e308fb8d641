#pragma once

#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/shared_bytes.h"

namespace http {

// Bytes on their way out: owned by one answer, or shared by many (an event that goes to a
// thousand watchers is encoded once). Moved, never copied, on the way to the socket.
class Chunk {
 public:
  Chunk() = default;
  Chunk(base::Bytes bytes) : bytes_(std::move(bytes)) {}  // NOLINT(google-explicit-constructor)
  Chunk(base::SharedBytes bytes)
      : bytes_(std::move(bytes)) {}  // NOLINT(google-explicit-constructor)
  Chunk(Chunk&&) = default;
  Chunk& operator=(Chunk&&) = default;

  // Survives moves of the chunk only if it is larger than kCopiedChunkBytes.
  base::ByteView view() const {
    if (const auto* owned = std::get_if<base::Bytes>(&bytes_)) return *owned;
    return std::get<base::SharedBytes>(bytes_).view();
  }
  size_t size() const { return view().size(); }

 private:
  std::variant<base::Bytes, base::SharedBytes> bytes_;
};

// Chunks up to this size are copied next to their frame header; a copy costs less than a piece of
// its own in the system call. Every larger chunk is on the heap, so its view survives moves.
inline constexpr size_t kCopiedChunkBytes = 2048;

}  // namespace http
