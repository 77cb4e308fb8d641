#include "storage/backend/write_buffer.h"

#include <utility>

#include "base/check.h"

namespace backend {

void WriteBuffer::Put(BucketId bucket, base::ByteView key, base::ByteView value) {
  within_entry_ = true;
  open_->Put(bucket, key, value);
  uncommitted_bytes_ += key.size() + value.size();
}

void WriteBuffer::Delete(BucketId bucket, base::ByteView key) {
  within_entry_ = true;
  open_->Delete(bucket, key);
  uncommitted_bytes_ += key.size();
}

void WriteBuffer::EndEntry(base::Index index, base::Term term, runtime::TimePoint now) {
  CHECK_LT(index_, index);
  index_ = index;
  term_ = term;
  Touch(now);
}

void WriteBuffer::EndUnlogged(runtime::TimePoint now) {
  if (within_entry_) Touch(now);
}

void WriteBuffer::Touch(runtime::TimePoint now) {
  within_entry_ = false;
  if (!dirty_) dirty_since_ = now;
  dirty_ = true;
}

bool WriteBuffer::due(runtime::TimePoint now) const {
  if (!can_cut()) return false;
  return now - dirty_since_ >= limits_.age_max ||
         open_->operations().size() >= limits_.operations_max ||
         open_->bytes() >= limits_.bytes_max;
}

std::unique_ptr<Batch> WriteBuffer::Cut() {
  CHECK(!within_entry_);
  CHECK(!out_);
  if (index_ != base::Index()) {
    const size_t before = open_->bytes();
    stamp_(index_, term_, open_.get());
    uncommitted_bytes_ += open_->bytes() - before;
  }
  cut_index_ = index_;
  dirty_ = false;
  out_ = true;
  auto next = spare_ != nullptr ? std::move(spare_) : std::make_unique<Batch>();
  return std::exchange(open_, std::move(next));
}

void WriteBuffer::Committed(std::unique_ptr<Batch> batch) {
  CHECK(out_);
  out_ = false;
  durable_index_ = cut_index_;
  CHECK_LE(batch->bytes(), uncommitted_bytes_);
  uncommitted_bytes_ -= batch->bytes();
  batch->Clear();
  spare_ = std::move(batch);
}

}  // namespace backend
