#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace base {

// gRPC's canonical codes with their wire values: a Status travels to clients unchanged.
enum class Code : uint8_t {
  kOk = 0,
  kCanceled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The name as gRPC prints it, "InvalidArgument".
std::string_view CodeName(Code code);

// The outcome of an operation that can fail through no fault of ours: OK, or a code and a text
// that names the thing at fault. One pointer wide, null when OK, so success costs nothing.
class [[nodiscard]] Status {
 public:
  Status() = default;
  // `code` must not be kOk.
  Status(Code code, std::string_view message);

  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;

  bool ok() const { return rep_ == nullptr; }
  Code code() const { return ok() ? Code::kOk : rep_->code; }
  std::string_view message() const { return ok() ? std::string_view() : rep_->message; }

  // "OK", or "NotFound: etcdserver: member not found".
  std::string ToString() const;

  // For a failure that the caller has decided to survive without acting on it.
  void IgnoreError() const {}

  friend bool operator==(const Status& a, const Status& b) {
    return a.code() == b.code() && a.message() == b.message();
  }

 private:
  struct Rep {
    Code code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;
};

// A Status named after the failing operation of the operating system: the path or address at
// fault and errno's text. ENOENT is kNotFound, ENOSPC and EDQUOT kResourceExhausted, EACCES and
// EROFS kPermissionDenied, EEXIST kAlreadyExists, anything else kUnavailable.
Status ErrnoStatus(int error_number, std::string_view subject);

}  // namespace base

// Returns from the enclosing function if `expression` yields a failed Status.
#define RETURN_IF_ERROR(expression)                             \
  do {                                                          \
    if (::base::Status status_ = (expression); !status_.ok()) { \
      return status_;                                           \
    }                                                           \
  } while (false)
