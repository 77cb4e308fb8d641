#include "base/wire.h"

namespace base {
namespace {

constexpr uint64_t kFieldMax = (1u << 29) - 1;

}  // namespace

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
