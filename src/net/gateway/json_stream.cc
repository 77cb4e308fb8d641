#include "net/gateway/json_stream.h"

#include <utility>

namespace gateway {
namespace {

constexpr char kSpace[] = " \t\r\n";

}  // namespace

base::Result<std::optional<base::Bytes>> JsonStream::Next() {
  if (looked_at_ == 0) text_.erase(0, std::min(text_.find_first_not_of(kSpace), text_.size()));
  if (text_.empty()) return std::optional<base::Bytes>();
  if (text_[0] != '{') {
    return base::Status(base::Code::kInvalidArgument, "json: a message must be an object");
  }
  for (; looked_at_ < text_.size(); ++looked_at_) {
    const char c = text_[looked_at_];
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      continue;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ == 0) {
      base::Bytes value = text_.substr(0, looked_at_ + 1);
      text_.erase(0, std::exchange(looked_at_, 0) + 1);
      return std::optional(std::move(value));
    }
  }
  if (text_.size() > max_value_bytes_) {
    return base::Status(base::Code::kResourceExhausted, "json: the message is too long");
  }
  return std::optional<base::Bytes>();
}

bool JsonStream::InsideValue() const {
  return text_.find_first_not_of(kSpace) != base::Bytes::npos;
}

}  // namespace gateway
