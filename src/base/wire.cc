#include "base/wire.h"

#include "base/varint.h"

namespace base {
namespace {

constexpr uint64_t kFieldMax = (1u << 29) - 1;

uint64_t Tag(uint32_t field, WireType type) {
  return (static_cast<uint64_t>(field) << 3) | static_cast<uint64_t>(type);
}

}  // namespace

void WireWriter::Varint(uint32_t field, uint64_t value) {
  AppendVarint(Tag(field, WireType::kVarint), out_);
  AppendVarint(value, out_);
}

void WireWriter::BytesHeader(uint32_t field, size_t size) {
  AppendVarint(Tag(field, WireType::kBytes), out_);
  AppendVarint(size, out_);
}

void WireWriter::Bytes(uint32_t field, ByteView value) {
  BytesHeader(field, value.size());
  out_->append(value);
}

size_t WireVarintSize(uint32_t field, uint64_t value) {
  return VarintSize(Tag(field, WireType::kVarint)) + VarintSize(value);
}

size_t WireBytesSize(uint32_t field, size_t size) {
  return VarintSize(Tag(field, WireType::kBytes)) + VarintSize(size) + size;
}

bool WireReader::Next() {
  if (!ok_ || in_.empty()) return false;
  uint64_t tag = 0;
  if (!ConsumeVarint(&in_, &tag)) return Fail();
  const uint64_t field = tag >> 3;
  if (field == 0 || field > kFieldMax) return Fail();
  field_ = static_cast<uint32_t>(field);
  type_ = static_cast<WireType>(tag & 7);
  return ReadValue() || Fail();
}

bool WireReader::ReadValue() {
  switch (type_) {
    case WireType::kVarint:
      return ConsumeVarint(&in_, &scalar_);
    case WireType::kFixed64:
      if (in_.size() < 8) return false;
      scalar_ = Load64Le(in_.data());
      in_.remove_prefix(8);
      return true;
    case WireType::kFixed32:
      if (in_.size() < 4) return false;
      scalar_ = Load32Le(in_.data());
      in_.remove_prefix(4);
      return true;
    case WireType::kBytes:
      if (!ConsumeVarint(&in_, &scalar_) || scalar_ > in_.size()) return false;
      bytes_ = in_.substr(0, scalar_);
      in_.remove_prefix(scalar_);
      return true;
  }
  return false;
}

}  // namespace base
