#include "storage/snap/bbolt_page_output.h"

#include "base/check.h"

namespace snap {

base::Status BboltPageOutput::EmitMetas(Meta meta) {
  CHECK_EQ(next_id_, kFirstPage);
  if (sink_ == nullptr) return {};
  // A commit of txid N goes to page N mod 2, so bbolt's next one replaces the older meta.
  meta.txid = 2;
  AppendMetaPage(meta, 0, &chunk_);
  meta.txid = 1;
  AppendMetaPage(meta, 1, &chunk_);
  return FlushIfFull();
}

base::Result<uint64_t> BboltPageOutput::Emit(const BboltNode& node) {
  const uint64_t id = next_id_;
  const uint64_t pages = (node.size() + page_size_ - 1) / page_size_;
  next_id_ += pages;
  if (sink_ != nullptr) {
    const size_t end = chunk_.size() + pages * page_size_;
    node.AppendTo(id, static_cast<uint32_t>(pages - 1), &chunk_);
    chunk_.resize(end);
    RETURN_IF_ERROR(FlushIfFull());
  }
  return id;
}

base::Status BboltPageOutput::FlushIfFull() {
  return chunk_.size() < kChunkBytes ? base::Status() : Flush();
}

base::Status BboltPageOutput::Flush() {
  if (chunk_.empty()) return {};
  const base::Status status = (*sink_)(chunk_);
  chunk_.clear();
  return status;
}

}  // namespace snap
