#include "net/http/headers.h"

#include <charconv>

namespace http {

void Headers::Add(base::ByteView name, base::ByteView value) {
  places_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()),
                     static_cast<uint32_t>(value.size())});
  text_.append(name);
  text_.append(value);
}

void Headers::Clear() {
  text_.clear();
  places_.clear();
}

Headers::Field Headers::operator[](size_t position) const {
  const Place& place = places_[position];
  const base::ByteView text = text_;
  return {text.substr(place.offset, place.name_size),
          text.substr(place.offset + place.name_size, place.value_size)};
}

std::optional<base::ByteView> Headers::Find(base::ByteView name) const {
  for (size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].name_size != name.size()) continue;
    const Field field = (*this)[i];
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
