#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace etcd {

// gRPC's codes with their numbers on the wire.
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

// How an operation ended. A value; any thread.
class [[nodiscard]] Status {
 public:
  // OK.
  Status() = default;
  // `code` is not kOk.
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  // What the member answered, "etcdserver: mvcc: required revision has been compacted", or what
  // went wrong on the way to it; empty if OK. The texts that begin with "etcdserver: " are part of
  // etcd's protocol and may be compared.
  const std::string& message() const { return message_; }

  // "OK", the message alone if it is etcd's or says that the time is over, and otherwise
  // "rpc error: code = Unimplemented desc = unknown service": the texts of etcd's tools.
  std::string ToString() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

}  // namespace etcd
