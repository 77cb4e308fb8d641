#include "storage/wal/record_scan.h"

#include "storage/wal/found_records.h"

namespace wal {

base::Result<std::optional<Record>> RecordScan::Next() {
  while (true) {
    if (!decoder_.has_value()) {
      if (next_path_ == paths_.size()) return std::optional<Record>();
      RETURN_IF_ERROR(OpenNext());
    }
    offset_ = decoder_->offset();
    Record record;
    switch (decoder_->Next(&record)) {
      case Decoder::Outcome::kRecord:
        return std::optional(record);
      case Decoder::Outcome::kEnd:
        if (next_path_ < paths_.size()) {
          RETURN_IF_ERROR(OpenNext());
          continue;
        }
        RETURN_IF_ERROR(FindLeftover());
        break;
      case Decoder::Outcome::kTorn:
        leftover_ = decoder_->status();
        break;
      case Decoder::Outcome::kDamaged:
      case Decoder::Outcome::kFailed:
        return decoder_->status();
    }
    decoder_.reset();
    return std::optional<Record>();
  }
}

std::optional<Record> RecordScan::TakeUnchecked() {
  Record record;
  if (!decoder_.has_value() || !decoder_->TakeUnchecked(&record)) return std::nullopt;
  return record;
}

base::Status RecordScan::OpenNext() {
  Decoder::Options options;
  if (decoder_.has_value()) {
    options.chain = decoder_->chain();
    options.chain_known = true;
  }
  decoder_.reset();
  path_ = paths_[next_path_++];
  options.may_be_torn = next_path_ == paths_.size();
  ASSIGN_OR_RETURN(file_, disk_.Open(path_, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(size_, file_->Size());
  decoder_.emplace(file_.get(), size_, path_, options);
  return {};
}

base::Status RecordScan::FindLeftover() {
  const uint64_t end = decoder_->offset();
  FoundRecords behind(file_.get(), size_, end);
  ASSIGN_OR_RETURN(const std::optional<FoundRecord> found, behind.Next());
  if (!found.has_value() || found->offset == end) return {};
  leftover_ = base::Status(base::Code::kDataLoss,
                           path_ + ": the log ends at offset " + std::to_string(end) +
                               ", but a record stands at offset " + std::to_string(found->offset));
  return {};
}

}  // namespace wal
