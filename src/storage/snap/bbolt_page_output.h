#pragma once

#include <cstdint>

#include "base/callback.h"
#include "base/result.h"
#include "storage/snap/bbolt_node.h"
#include "storage/snap/bbolt_page.h"

namespace snap {

// Takes the next bytes of a file; borrowed during the call. A failure ends the writing.
using Sink = base::Callback<base::Status(base::ByteView bytes)>;

// Gives pages their numbers in the order in which they come, and hands their bytes on in this
// order, about kChunkBytes at a time; without a sink it only counts.
class BboltPageOutput {
 public:
  static constexpr size_t kChunkBytes = 64 * 1024;

  // `sink`, which may be null, outlives this.
  BboltPageOutput(uint32_t page_size, Sink* sink) : page_size_(page_size), sink_(sink) {}

  uint32_t page_size() const { return page_size_; }
  // The number that the next page will have.
  uint64_t next_id() const { return next_id_; }

  // Before any other page. Both say the same; the first has the higher txid.
  base::Status EmitMetas(Meta meta);
  // The page's number.
  base::Result<uint64_t> Emit(const BboltNode& node);
  // Hands on what has not yet been.
  base::Status Flush();

 private:
  base::Status FlushIfFull();

  const uint32_t page_size_;
  Sink* const sink_;
  uint64_t next_id_ = kFirstPage;
  base::Bytes chunk_;
};

}  // namespace snap
