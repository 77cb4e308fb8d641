#include "net/http/headers.h"

#include <charconv>
#include <cstring>

namespace http {

namespace {

struct Sizes {
  uint32_t name;
  uint32_t value;
};

Sizes SizesAt(const char* field) {
  Sizes sizes;
  std::memcpy(&sizes, field, sizeof sizes);
  return sizes;
}

}  // namespace

void Headers::Add(base::ByteView name, base::ByteView value) {
  static_assert(sizeof(Sizes) == kSizeBytes);
  const Sizes sizes{static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())};
  fields_.append(reinterpret_cast<const char*>(&sizes), sizeof sizes);
  fields_.append(name);
  fields_.append(value);
  ++count_;
}

void Headers::Add(const Headers& more) {
  fields_.append(more.fields_);
  count_ += more.count_;
}

void Headers::Clear() {
  fields_.clear();
  count_ = 0;
}

Headers::Field Headers::Iterator::operator*() const {
  const Sizes sizes = SizesAt(at_);
  const char* const name = at_ + kSizeBytes;
  return {{name, sizes.name}, {name + sizes.name, sizes.value}};
}

Headers::Iterator& Headers::Iterator::operator++() {
  const Sizes sizes = SizesAt(at_);
  at_ += kSizeBytes + sizes.name + sizes.value;
  return *this;
}

std::optional<base::ByteView> Headers::Find(base::ByteView name) const {
  for (const Field field : *this) {
    if (field.name == name) return field.value;
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
