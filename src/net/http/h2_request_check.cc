#include "net/http/h2_request_check.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

namespace http {
namespace {

constexpr uint8_t kMethod = 1;
constexpr uint8_t kScheme = 2;
constexpr uint8_t kPath = 4;
constexpr uint8_t kAuthority = 8;

const uint8_t* Bytes(base::ByteView view) {
  return reinterpret_cast<const uint8_t*>(view.data());
}

uint8_t PseudoField(base::ByteView name) {
  if (name == ":method") return kMethod;
  if (name == ":scheme") return kScheme;
  if (name == ":path") return kPath;
  if (name == ":authority") return kAuthority;
  return 0;
}

bool IsOfConnection(base::ByteView name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" ||
         name == "transfer-encoding" || name == "upgrade";
}

bool EqualsIgnoringCase(base::ByteView text, base::ByteView lower_case) {
  return std::equal(
      text.begin(), text.end(), lower_case.begin(), lower_case.end(),
      [](char c, char lower) { return (c >= 'A' && c <= 'Z' ? c + 32 : c) == lower; });
}

// Also refuses upper case.
bool IsName(base::ByteView name) {
  return nghttp2_check_header_name(Bytes(name), name.size()) != 0;
}

constexpr uint64_t EachByte(uint8_t byte) {
  return uint64_t{0x0101010101010101} * byte;
}

// False only if none of the eight bytes is a control character; may be true in spite of that.
bool MayHaveControl(uint64_t eight) {
  const uint64_t below_space = (eight - EachByte(0x20)) & ~eight;
  const uint64_t is_delete = (eight ^ EachByte(0x7f)) - EachByte(1);
  return ((below_space | is_delete) & EachByte(0x80)) != 0;
}

// No control character but the tab. Values are long and almost always fine: eight at a time.
bool IsValue(base::ByteView value) {
  uint64_t eight = 0;
  size_t at = 0;
  for (; at + sizeof eight <= value.size(); at += sizeof eight) {
    std::memcpy(&eight, value.data() + at, sizeof eight);
    if (MayHaveControl(eight)) break;
  }
  return std::all_of(value.begin() + static_cast<ptrdiff_t>(at), value.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

}  // namespace

bool H2RequestCheck::OnField(base::ByteView name, base::ByteView value) {
  if (name.starts_with(':')) return OnPseudoField(name, value);
  regular_field_ = true;
  if (!IsName(name) || !IsValue(value) || IsOfConnection(name)) return false;
  if (name == "te") return EqualsIgnoringCase(value, "trailers");
  return name != "content-length" || OnContentLength(value);
}

bool H2RequestCheck::OnPseudoField(base::ByteView name, base::ByteView value) {
  const uint8_t field = PseudoField(name);
  const bool in_place = !regular_field_ && !head_complete_;
  if (field == 0 || (pseudo_fields_ & field) != 0 || !in_place) return false;
  pseudo_fields_ |= field;
  if (field != kAuthority && value.empty()) return false;
  if (field == kPath && value.front() != '/' && value != "*") return false;
  return IsValue(value);
}

bool H2RequestCheck::OnContentLength(base::ByteView value) {
  if (has_length_ || head_complete_) return false;
  has_length_ = true;
  const char* const end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, to_come_);
  return parsed.ec == std::errc() && parsed.ptr == end && to_come_ >= 0;
}

bool H2RequestCheck::OnHeadComplete() {
  head_complete_ = true;
  constexpr uint8_t kNeeded = kMethod | kScheme | kPath;
  return (pseudo_fields_ & kNeeded) == kNeeded;
}

bool H2RequestCheck::OnData(size_t size) {
  to_come_ -= static_cast<int64_t>(size);
  return !has_length_ || to_come_ >= 0;
}

bool H2RequestCheck::OnEnd() const {
  return !has_length_ || to_come_ == 0;
}

}  // namespace http
