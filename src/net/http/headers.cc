#include "net/http/headers.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace http {
namespace {

// Room for the fields of a usual block, made at once.
constexpr size_t kUsualBytes = 240;
// More is not kept for the next one.
constexpr size_t kKeptBytes = 2048;

}  // namespace

void Headers::Add(base::ByteView name, base::ByteView value) {
  const Sizes sizes{static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())};
  const size_t end = fields_.size();
  if (end == 0) fields_.reserve(kUsualBytes);
  fields_.resize(end + sizeof(Sizes) + name.size() + value.size());  // once, not at each part
  char* const field = fields_.data() + end;
  std::memcpy(field, &sizes, sizeof sizes);
  std::copy(name.begin(), name.end(), field + sizeof(Sizes));
  std::copy(value.begin(), value.end(), field + sizeof(Sizes) + name.size());
  ++count_;
}

void Headers::Add(const Headers& more) {
  if (fields_.empty()) fields_.reserve(kUsualBytes + more.fields_.size());
  fields_.append(more.fields_);
  count_ += more.count_;
}

void Headers::Clear() {
  fields_.clear();
  count_ = 0;
}

void Headers::Recycle() {
  // Assigning an empty string would keep the memory.
  if (fields_.capacity() > kKeptBytes) base::Bytes().swap(fields_);
  Clear();
}

void Headers::Trim() {
  if (fields_.capacity() - fields_.size() > kKeptBytes) fields_.shrink_to_fit();
}

std::optional<base::ByteView> Headers::Find(base::ByteView name) const {
  const char* const end = fields_.data() + fields_.size();
  for (const char* at = fields_.data(); at < end;) {
    const Sizes sizes = SizesAt(at);
    const char* const found = at + sizeof(Sizes);
    if (sizes.name == name.size() && std::memcmp(found, name.data(), name.size()) == 0) {
      return base::ByteView(found + sizes.name, sizes.value);
    }
    at = found + sizes.name + sizes.value;
  }
  return std::nullopt;
}

base::ByteView PathOnly(const Headers& head) {
  const base::ByteView path = Path(head);
  return path.substr(0, path.find('?'));
}

base::ByteView Query(const Headers& head) {
  const base::ByteView path = Path(head);
  const size_t mark = path.find('?');
  return mark == base::ByteView::npos ? base::ByteView() : path.substr(mark + 1);
}

int StatusCode(const Headers& head) {
  const base::ByteView text = head.Get(":status");
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  return error == std::errc() && end == text.data() + text.size() ? code : 0;
}

}  // namespace http
