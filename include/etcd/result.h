#pragma once

#include <optional>
#include <utility>

#include <etcd/status.h>

namespace etcd {
inline namespace v1 {

namespace internal {
// Ends the process, and says on standard error why: the status of a result whose value was asked
// for though it has none, or a result made of an OK status.
[[noreturn]] void EndForMisuse(const Status& status);
}  // namespace internal

// A value, or the Status that says why there is none. Asking for a value that is not there ends
// the process with a line on standard error: look at ok() first.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  // `status` is not OK.
  Result(Status status) : status_(std::move(status)) {
    if (status_.ok()) internal::EndForMisuse(status_);
  }

  bool ok() const { return value_.has_value(); }
  // OK if there is a value.
  const Status& status() const { return status_; }

  const T& value() const& { return Checked(*this); }
  T& value() & { return Checked(*this); }
  T&& value() && { return std::move(Checked(*this)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  template <typename Self>
  static auto& Checked(Self& self) {
    if (!self.value_.has_value()) internal::EndForMisuse(self.status_);
    return *self.value_;
  }

  Status status_;
  std::optional<T> value_;
};

}  // namespace v1
}  // namespace etcd
