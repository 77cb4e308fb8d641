#include "storage/wal/segment_check.h"

#include <algorithm>
#include <utility>

namespace wal {
namespace {

constexpr uint64_t kPieceBytes = 1 << 20;

}  // namespace

base::Result<std::unique_ptr<SegmentCheck>> SegmentCheck::Open(runtime::Disk& disk,
                                                               std::string path,
                                                               std::optional<uint32_t> chain) {
  ASSIGN_OR_RETURN(auto file, disk.Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  const Decoder::Options options{
      .chain = chain.value_or(0), .chain_known = chain.has_value(), .may_be_torn = false};
  return std::unique_ptr<SegmentCheck>(
      new SegmentCheck(std::move(file), size, std::move(path), options));
}

base::Result<uint64_t> SegmentCheck::Step(uint64_t bytes) {
  const uint64_t begin = decoder_.offset();
  Record record;
  while (decoder_.offset() - begin < bytes) {
    switch (decoder_.Next(&record)) {
      case Decoder::Outcome::kRecord:
        continue;
      case Decoder::Outcome::kEnd:
        RETURN_IF_ERROR(CheckEnd());
        return decoder_.offset() - begin;
      case Decoder::Outcome::kTorn:
      case Decoder::Outcome::kDamaged:
      case Decoder::Outcome::kFailed:
        return decoder_.status();
    }
  }
  return decoder_.offset() - begin;
}

// A length that has become zero looks like the end, but something stands behind it.
base::Status SegmentCheck::CheckEnd() const {
  base::Bytes piece;
  for (uint64_t offset = decoder_.offset(); offset < size_; offset += piece.size()) {
    RETURN_IF_ERROR(file_->ReadAt(offset, std::min(kPieceBytes, size_ - offset), &piece));
    if (piece.empty()) break;
    if (piece.find_first_not_of('\0') != base::Bytes::npos) {
      return {base::Code::kDataLoss, path_ + ": damaged record at offset " +
                                         std::to_string(decoder_.offset()) +
                                         ": its length is zero"};
    }
  }
  if (decoder_.offset() > 0) return {};
  return {base::Code::kDataLoss, path_ + ": damaged record at offset 0: nothing there"};
}

}  // namespace wal
