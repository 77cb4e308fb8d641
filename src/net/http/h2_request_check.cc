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

bool HasUpperCase(base::ByteView name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

H2RequestCheck::Verdict H2RequestCheck::OnField(base::ByteView name, base::ByteView value) {
  if (name.starts_with(':')) return OnPseudoField(name, value);
  regular_field_ = true;
  if (HasUpperCase(name) || IsOfConnection(name)) return Verdict::kMalformed;
  if (name == "te" && value != "trailers") return Verdict::kMalformed;
  // Odd ones are frequent and harm nobody if they are left out.
  if (nghttp2_check_header_name(Bytes(name), name.size()) == 0 ||
      nghttp2_check_header_value(Bytes(value), value.size()) == 0) {
    return Verdict::kIgnore;
  }
  return name == "content-length" ? OnContentLength(value) : Verdict::kAccept;
}

H2RequestCheck::Verdict H2RequestCheck::OnPseudoField(base::ByteView name, base::ByteView value) {
  const uint8_t field = PseudoField(name);
  const bool in_place = !regular_field_ && !head_complete_;
  if (field == 0 || (pseudo_fields_ & field) != 0 || !in_place) return Verdict::kMalformed;
  pseudo_fields_ |= field;
  bool valid = nghttp2_check_header_value(Bytes(value), value.size()) != 0;
  if (field != kAuthority) valid = valid && !value.empty();
  if (field == kPath) valid = valid && (value.front() == '/' || value == "*");
  return valid ? Verdict::kAccept : Verdict::kMalformed;
}

H2RequestCheck::Verdict H2RequestCheck::OnContentLength(base::ByteView value) {
  if (content_length_ != kNotGiven || head_complete_) return Verdict::kMalformed;
  const char* const end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, content_length_);
  const bool valid = parsed.ec == std::errc() && parsed.ptr == end && content_length_ >= 0;
  return valid ? Verdict::kAccept : Verdict::kMalformed;
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
