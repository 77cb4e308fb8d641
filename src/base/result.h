#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace base {

// Either a value or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return status;` both read well.
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) { CHECK(!status_.ok()); }
  template <typename E>
  requires(std::convertible_to<const E&, Status> && !std::same_as<E, Status> &&
           !std::same_as<E, T> && !std::convertible_to<const E&, T>) Result(const E& error)
      : Result(Status(error)) {}

  bool ok() const { return value_.has_value(); }
  // OK if there is a value.
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  // The value; ok() must hold.
  const T& value() const& { return Checked(); }
  T& value() & {
    CHECK(ok());
    return *value_;
  }
  T value() && {
    CHECK(ok());
    return std::move(*value_);
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  const T& Checked() const {
    CHECK(ok());
    return *value_;
  }

  Status status_;
  std::optional<T> value_;
};

}  // namespace base

#define BASE_JOIN_(a, b) a##b
#define BASE_JOIN(a, b) BASE_JOIN_(a, b)

// `ASSIGN_OR_RETURN(auto file, disk.Open(path));` declares or assigns the value, or returns the
// failure from the enclosing function.
#define ASSIGN_OR_RETURN(declaration, expression) \
  BASE_ASSIGN_OR_RETURN(BASE_JOIN(result_, __LINE__), declaration, expression)
#define BASE_ASSIGN_OR_RETURN(result, declaration, expression) \
  auto result = (expression);                                  \
  if (!result.ok()) return std::move(result).status();         \
  declaration = std::move(result).value()
