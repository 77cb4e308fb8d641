#include "net/http/h2_request_check.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
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

bool IsValue(base::ByteView value) {
  return nghttp2_check_header_value(Bytes(value), value.size()) != 0;
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
  if (content_length_ != kNotGiven || head_complete_) return false;
  const char* const end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, content_length_);
  return parsed.ec == std::errc() && parsed.ptr == end && content_length_ >= 0;
}

bool H2RequestCheck::OnHeadComplete() {
  head_complete_ = true;
  constexpr uint8_t kNeeded = kMethod | kScheme | kPath;
  return (pseudo_fields_ & kNeeded) == kNeeded;
}

bool H2RequestCheck::OnData(size_t size) {
  received_ += static_cast<int64_t>(size);
  return content_length_ == kNotGiven || received_ <= content_length_;
}

bool H2RequestCheck::OnEnd() const {
  return content_length_ == kNotGiven || received_ == content_length_;
}

}  // namespace http
