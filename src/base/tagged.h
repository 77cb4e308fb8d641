#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>

namespace base {

// An integer with a meaning of its own: two tags never mix, and nothing converts implicitly.
// Sums and differences with the plain representation are allowed, since positions are counted.
template <typename Tag, typename Rep>
class Tagged {
 public:
  using Value = Rep;

  constexpr Tagged() = default;
  constexpr explicit Tagged(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }

  friend constexpr auto operator<=>(Tagged, Tagged) = default;

  constexpr Tagged& operator++() {
    ++value_;
    return *this;
  }
  constexpr Tagged& operator--() {
    --value_;
    return *this;
  }
  constexpr Tagged& operator+=(Rep count) {
    value_ += count;
    return *this;
  }
  friend constexpr Tagged operator+(Tagged a, Rep count) { return Tagged(a.value_ + count); }
  friend constexpr Tagged operator-(Tagged a, Rep count) { return Tagged(a.value_ - count); }
  // The distance from `b` to `a`.
  friend constexpr Rep operator-(Tagged a, Tagged b) { return a.value_ - b.value_; }

 private:
  Rep value_{};
};

template <typename Tag, typename Rep>
std::string ToString(Tagged<Tag, Rep> id) {
  return std::to_string(id.value());
}

}  // namespace base

template <typename Tag, typename Rep>
struct std::hash<base::Tagged<Tag, Rep>> {
  size_t operator()(base::Tagged<Tag, Rep> id) const noexcept {
    return std::hash<Rep>()(id.value());
  }
};
