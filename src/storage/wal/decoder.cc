#include "storage/wal/decoder.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/varint.h"

namespace wal {
namespace {

constexpr uint64_t kWindowBytes = 1 << 20;
enum class Agreement { kNone, kPossible, kCertain };

// Whether `written`, the first bytes of a record (perhaps none), may be those of one that is
// `body_bytes` long: the size of the data, its last field, must add up to that. Certain only if
// that was written.
Agreement Agrees(base::ByteView written, uint64_t body_bytes) {
  base::ByteView rest = written;
  uint64_t value = 0;
  for (const char tag : {kRecordTypeTag, kRecordCrcTag, kRecordDataTag}) {
    if (rest.empty()) return Agreement::kPossible;
    if (rest.front() != tag) return Agreement::kNone;
    rest.remove_prefix(1);
    if (!base::ConsumeVarint(&rest, &value)) {
      return rest.size() < base::kVarintBytesMax ? Agreement::kPossible : Agreement::kNone;
    }
  }
  const bool agrees = written.size() - rest.size() + value == body_bytes;
  return agrees ? Agreement::kCertain : Agreement::kNone;
}

}  // namespace

Decoder::Decoder(const runtime::File* file, uint64_t size, std::string path, Options options)
    : file_(file),
      size_(size),
      path_(std::move(path)),
      may_be_torn_(options.may_be_torn),
      may_be_unpadded_(options.may_be_unpadded),
      at_{.offset = 0, .chain = options.chain, .chain_known = options.chain_known} {}

Decoder::Outcome Decoder::Next(Record* record) {
  base::ByteView body;
  base::ByteView padded;
  const Outcome outcome = ReadFrame(&body, &padded);
  if (outcome != Outcome::kRecord) return outcome;
  if (!ParseRecord(body, record)) return Bad(IsTorn(body.size(), padded), "not a record");
  if (!Continues(*record)) return Bad(IsTorn(body.size(), padded), "checksum mismatch");
  at_.offset += kFrameLengthBytes + padded.size();
  return Outcome::kRecord;
}

bool Decoder::TakeUnchecked(Record* record) {
  const base::Status error = error_;
  base::ByteView body;
  base::ByteView padded;
  if (ReadFrame(&body, &padded) != Outcome::kRecord || !ParseRecord(body, record)) {
    error_ = error;
    return false;
  }
  at_ = {at_.offset + kFrameLengthBytes + padded.size(), record->crc, true};
  return true;
}

bool Decoder::PassOver() {
  const Position bad = at_;
  const base::Status error = error_;
  if (FindContinuation()) return true;
  at_ = bad;
  error_ = error;
  return false;
}

bool Decoder::FindContinuation() {
  base::ByteView body;
  base::ByteView padded;
  if (ReadFrame(&body, &padded) != Outcome::kRecord) return false;
  at_.offset += kFrameLengthBytes + padded.size();
  Record record;
  if (ReadFrame(&body, &padded) != Outcome::kRecord || !ParseRecord(body, &record)) return false;
  at_ = {at_.offset + kFrameLengthBytes + padded.size(), record.crc, true};
  const Position next = at_;
  if (Next(&record) != Outcome::kRecord) return false;
  at_ = next;
  return true;
}

Decoder::Outcome Decoder::ReadFrame(base::ByteView* body, base::ByteView* padded) {
  torn_end_ = 0;
  const uint64_t left = size_ - at_.offset;
  if (left == 0) return Outcome::kEnd;
  if (left < kFrameLengthBytes) return Bad(true, "the file ends within a length");
  base::ByteView word;
  error_ = View(at_.offset, kFrameLengthBytes, &word);
  if (!error_.ok()) return Outcome::kFailed;
  const uint64_t length_word = base::Load64Le(word.data());
  if (length_word == 0) return Outcome::kEnd;

  const FrameLength length = ParseFrameLength(length_word);
  const bool is_padded = (length.body_bytes + length.pad_bytes) % kFrameAlignment == 0;
  if (!is_padded && !(may_be_unpadded_ && IsUnpadded(length_word))) {
    return Bad(false, "the length is not padded");
  }
  const uint64_t frame_left = left - kFrameLengthBytes;
  if (length.body_bytes > frame_left || length.pad_bytes > frame_left - length.body_bytes) {
    error_ = View(at_.offset + kFrameLengthBytes, std::min(frame_left, kSectorBytes), padded);
    if (!error_.ok()) return Outcome::kFailed;
    const base::ByteView written = BeforeUnwrittenSector(*padded);
    torn_end_ = size_;
    return Bad(Agrees(written, length.body_bytes) != Agreement::kNone,
               "the file ends within the record");
  }
  error_ = View(at_.offset + kFrameLengthBytes, length.body_bytes + length.pad_bytes, padded);
  if (!error_.ok()) return Outcome::kFailed;
  *body = padded->substr(0, length.body_bytes);
  return Outcome::kRecord;
}

bool Decoder::Continues(const Record& record) {
  if (record.type == RecordType::kCrc) {
    if (at_.chain_known && record.crc != at_.chain) return false;
    at_.chain = record.crc;
    at_.chain_known = true;
    return true;
  }
  const uint32_t chain = base::Crc32c(record.data, at_.chain);
  if (record.crc != chain) return false;
  at_.chain = chain;
  at_.chain_known = true;
  return true;
}

Decoder::Outcome Decoder::Bad(bool torn, std::string_view what) {
  const bool is_torn = torn && may_be_torn_;
  std::string message = path_ + ": " + (is_torn ? "torn" : "damaged") + " record at offset ";
  message.append(std::to_string(at_.offset)).append(": ").append(what);
  error_ = base::Status(base::Code::kDataLoss, message);
  return is_torn ? Outcome::kTorn : Outcome::kDamaged;
}

// Segments are full of zeros before they are written, and only by rare chance is a sector of a
// record all zero: etcd tells torn from damaged in the same way. But a damaged length may reach
// into the zeros behind the last record; so the length must agree with what follows it.
bool Decoder::IsTorn(uint64_t body_bytes, base::ByteView padded) {
  const base::ByteView written = BeforeUnwrittenSector(padded);
  if (written.size() == padded.size()) return false;
  const Agreement agreement = Agrees(written, body_bytes);
  if (agreement == Agreement::kCertain) {
    torn_end_ = at_.offset + kFrameLengthBytes + padded.size();
  }
  return agreement != Agreement::kNone;
}

base::ByteView Decoder::BeforeUnwrittenSector(base::ByteView padded) const {
  const uint64_t start = at_.offset + kFrameLengthBytes;
  size_t checked = 0;
  while (checked < padded.size()) {
    const uint64_t to_boundary = kSectorBytes - (start + checked) % kSectorBytes;
    const base::ByteView sector = padded.substr(checked, to_boundary);
    if (sector.find_first_not_of('\0') == base::ByteView::npos) break;
    checked += sector.size();
  }
  return padded.substr(0, checked);
}

base::Status Decoder::View(uint64_t offset, uint64_t size, base::ByteView* view) {
  const uint64_t window_end = window_offset_ + window_.size();
  if (offset < window_offset_ || offset + size > window_end) {
    const uint64_t wanted = std::min(std::max(size, kWindowBytes), size_ - offset);
    window_offset_ = offset;
    RETURN_IF_ERROR(file_->ReadAt(offset, wanted, &window_));
    if (window_.size() < size) {
      return base::Status(base::Code::kUnavailable, path_ + ": shrank while it was read");
    }
  }
  *view = base::ByteView(window_).substr(offset - window_offset_, size);
  return {};
}

}  // namespace wal
