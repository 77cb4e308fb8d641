#include "net/http/h2_memory.h"

#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace http {
namespace {

#ifdef __SANITIZE_ADDRESS__
// The sanitizer must see every piece end.
constexpr bool kKeeps = false;
#else
constexpr bool kKeeps = true;
#endif

void* Allocate(size_t size, void* memory) {
  return static_cast<H2Memory*>(memory)->Take(size);
}

void Free(void* piece, void* memory) {
  static_cast<H2Memory*>(memory)->Give(piece);
}

void* AllocateZeroed(size_t count, size_t size, void* memory) {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* const piece = static_cast<H2Memory*>(memory)->Take(count * size);
  if (piece != nullptr) std::memset(piece, 0, count * size);
  return piece;
}

void* Reallocate(void* piece, size_t size, void*) {
  return std::realloc(piece, size);
}

}  // namespace

H2Memory::H2Memory() : functions_{this, Allocate, Free, AllocateZeroed, Reallocate} {}

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
