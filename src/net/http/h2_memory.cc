#include "net/http/h2_memory.h"

#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace http {
namespace {

// The sanitizer must see every piece end.
#if defined(__has_feature)
constexpr bool kKeeps = !__has_feature(address_sanitizer);
#elif defined(__SANITIZE_ADDRESS__)
constexpr bool kKeeps = false;
#else
constexpr bool kKeeps = true;
#endif

}  // namespace

H2Memory::~H2Memory() {
  for (Piece* piece : kept_) {
    while (piece != nullptr) std::free(std::exchange(piece, piece->next));
  }
}

void* H2Memory::Take(size_t size) {
  if (size > kPieceMax) return std::malloc(size);
  const size_t index = (size + kStep - 1) / kStep;
  Piece* const piece = kept_[index];
  if (piece == nullptr) return std::malloc(index * kStep);
  kept_[index] = piece->next;
  kept_bytes_ -= index * kStep;
  return piece;
}

void* H2Memory::TakeZeroed(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* const piece = Take(count * size);
  if (piece != nullptr) std::memset(piece, 0, count * size);
  return piece;
}

// Every piece came from malloc.
void* H2Memory::Resize(void* piece, size_t size) {
  return std::realloc(piece, size);
}

void H2Memory::Give(void* piece) {
  if (piece == nullptr) return;
  // At least what was asked for, and all of it may be used.
  const size_t index = ::malloc_usable_size(piece) / kStep;
  const size_t bytes = index * kStep;
  if (!kKeeps || index == 0 || bytes > kPieceMax || kept_bytes_ + bytes > kKeptMax) {
    return std::free(piece);
  }
  kept_[index] = new (piece) Piece{kept_[index]};
  kept_bytes_ += bytes;
}

}  // namespace http
