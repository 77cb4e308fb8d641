#pragma once

#include <concepts>
#include <string>
#include <string_view>

// A broken invariant of ours ends the process (CHECK). A failure of the world that a member must
// not survive, such as a log that cannot be synced, ends that member: see server::Failure. CHECK
// stays on in every build; DCHECK is for checks that cost and is off under NDEBUG.

namespace base {

// Called once, before the process aborts, with the whole message; flushes logs. Any thread.
using FatalHook = void (*)(std::string_view message);

// Replaces the hook that writes the message to standard error. Call before threads start.
void SetFatalHook(FatalHook hook);

// Reports `message` through the hook and aborts: what CHECK does, and a process that gives up.
[[noreturn]] void Fatal(std::string_view message);

namespace internal {

[[noreturn]] void CheckFailed(const char* file, int line, std::string_view condition);
[[noreturn]] void CheckFailed(const char* file, int line, std::string_view condition,
                              const std::string& left, const std::string& right);

template <typename T>
std::string Printed(const T& value) {
  if constexpr (std::convertible_to<T, std::string_view>) {
    return std::string(std::string_view(value));
  } else if constexpr (requires { std::to_string(value); }) {
    return std::to_string(value);
  } else if constexpr (requires { std::to_string(value.value()); }) {
    return std::to_string(value.value());
  } else {
    return "?";
  }
}

}  // namespace internal
}  // namespace base

#define CHECK(condition) \
  ((condition) ? (void)0 : ::base::internal::CheckFailed(__FILE__, __LINE__, #condition))

#define BASE_CHECK_OP(left, op, right)                                            \
  do {                                                                            \
    const auto& check_left = (left);                                              \
    const auto& check_right = (right);                                            \
    if (!(check_left op check_right)) [[unlikely]] {                              \
      ::base::internal::CheckFailed(__FILE__, __LINE__, #left " " #op " " #right, \
                                    ::base::internal::Printed(check_left),        \
                                    ::base::internal::Printed(check_right));      \
    }                                                                             \
  } while (false)

#define CHECK_EQ(left, right) BASE_CHECK_OP(left, ==, right)
#define CHECK_NE(left, right) BASE_CHECK_OP(left, !=, right)
#define CHECK_LT(left, right) BASE_CHECK_OP(left, <, right)
#define CHECK_LE(left, right) BASE_CHECK_OP(left, <=, right)
#define CHECK_GT(left, right) BASE_CHECK_OP(left, >, right)
#define CHECK_GE(left, right) BASE_CHECK_OP(left, >=, right)

#ifdef NDEBUG
#define DCHECK(condition) ((void)sizeof((condition) ? 1 : 0))
#else
#define DCHECK(condition) CHECK(condition)
#endif
