#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace etcd {
inline namespace v1 {

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
  Status(Code code, std::string message, std::string cause = {},
         std::optional<std::chrono::milliseconds> retry_after = {})
      : code_(code),
        message_(std::move(message)),
        cause_(std::move(cause)),
        retry_after_(retry_after) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  // What the member answered, "etcdserver: mvcc: required revision has been compacted", or what
  // went wrong on the way to it; empty if OK. The texts that begin with "etcdserver: " are part of
  // etcd's protocol and may be compared.
  const std::string& message() const { return message_; }
  // Why no member could be reached, by endpoint, if that is what kDeadlineExceeded or kUnavailable
  // comes from: "127.0.0.1:2379: connect: Connection refused". For people; may be empty.
  const std::string& cause() const { return cause_; }
  // Of what a member refused as too early, without having done anything: after what time it may be
  // asked again. Members of etcd's own say nothing of that.
  const std::optional<std::chrono::milliseconds>& retry_after() const { return retry_after_; }

  // "OK", the message alone if clientv3 knows it, or if this client gave the call up, and otherwise
  // "rpc error: code = Unimplemented desc = unknown service": the texts of etcd's tools.
  std::string ToString() const;

  // Whatever the causes and the times.
  friend bool operator==(const Status& a, const Status& b) {
    return a.code_ == b.code_ && a.message_ == b.message_;
  }

 private:
  Code code_ = Code::kOk;
  std::string message_;
  std::string cause_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

}  // namespace v1
}  // namespace etcd
