// What the public headers declare that needs no client.

#include <etcd/kv.h>
#include <etcd/status.h>

#include "base/status.h"

namespace etcd {

std::string_view CodeName(Code code) {
  return base::CodeName(static_cast<base::Code>(code));
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  const bool time_over =
      code_ == Code::kDeadlineExceeded && message_ == "context deadline exceeded";
  if (time_over || message_.starts_with("etcdserver: ")) return message_;
  return "rpc error: code = " + std::string(CodeName(code_)) + " desc = " + message_;
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  // The last byte that can be counted up; what follows it no longer matters.
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::string(kFromKey);
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace etcd
