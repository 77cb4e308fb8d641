#include "base/status.h"

#include <array>
#include <cerrno>

#include "base/check.h"
#include "base/errno_text.h"

namespace base {

std::string_view CodeName(Code code) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto position = static_cast<size_t>(code);
  return position < kNames.size() ? kNames[position] : "Unknown";
}

Status::Status(Code code, std::string_view message)
    : rep_(std::make_unique<Rep>(Rep{code, std::string(message)})) {
  CHECK(code != Code::kOk);
}

Status::Status(const Status& other)
    : rep_(other.ok() ? nullptr : std::make_unique<Rep>(*other.rep_)) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) rep_ = other.ok() ? nullptr : std::make_unique<Rep>(*other.rep_);
  return *this;
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  return std::string(CodeName(rep_->code)) + ": " + rep_->message;
}

Status ErrnoStatus(int error_number, std::string_view subject) {
  Code code = Code::kUnavailable;
  switch (error_number) {
    case ENOENT:
      code = Code::kNotFound;
      break;
    case ENOSPC:
    case EDQUOT:
      code = Code::kResourceExhausted;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::kPermissionDenied;
      break;
    case EEXIST:
      code = Code::kAlreadyExists;
      break;
    default:
      break;
  }
  return Status(code, std::string(subject) + ": " + ErrnoText(error_number));
}

}  // namespace base
