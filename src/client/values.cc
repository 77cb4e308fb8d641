// What the public headers declare that needs no client.

#include <etcd/kv.h>
#include <etcd/result.h>
#include <etcd/status.h>
#include <etcd/watch.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/prefix_end.h"
#include "base/status.h"
#include "client/concurrency_errors.h"
#include "client/known_errors.h"

namespace etcd {
inline namespace v1 {

std::string_view CodeName(Code code) {
  return base::CodeName(static_cast<base::Code>(code));
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  const bool given_up =
      (code_ == Code::kDeadlineExceeded && message_ == "context deadline exceeded") ||
      (code_ == Code::kCanceled && message_ == "context canceled");
  const bool is_bare =
      given_up || client::IsKnownError(message_) || client::IsConcurrencyError(code_, message_);
  if (is_bare) return message_;
  return "rpc error: code = " + std::string(CodeName(code_)) + " desc = " + message_;
}

void internal::EndForMisuse(const Status& status) {
  if (status.ok()) {
    std::fputs("etcd::Result: made of a status that is OK, and without a value\n", stderr);
  } else {
    std::fprintf(stderr, "etcd::Result: the value was asked for, but there is none: %s\n",
                 status.ToString().c_str());
  }
  std::abort();
}

std::string PrefixEnd(std::string_view prefix) {
  return base::PrefixEnd(prefix);
}

KeyRange::operator GetRequest() const {
  return {.key = key, .range_end = range_end};
}
KeyRange::operator DeleteRequest() const {
  return {.key = key, .range_end = range_end};
}
KeyRange::operator WatchRequest() const {
  return {.key = key, .range_end = range_end};
}

KeyRange Prefix(std::string_view prefix) {
  if (prefix.empty()) return FromKey(prefix);
  return {std::string(prefix), PrefixEnd(prefix)};
}

KeyRange FromKey(std::string_view key) {
  // An empty key is none; the smallest there can be is one zero byte.
  return {std::string(key.empty() ? kFromKey : key), std::string(kFromKey)};
}

namespace {

Compare CompareNumber(Compare::Target target, KeyRange keys, Compare::Result result,
                      int64_t number) {
  return {.target = target,
          .key = std::move(keys.key),
          .result = result,
          .number = number,
          .range_end = std::move(keys.range_end)};
}

}  // namespace

Compare CompareVersion(KeyRange keys, Compare::Result result, int64_t version) {
  return CompareNumber(Compare::Target::kVersion, std::move(keys), result, version);
}
Compare CompareCreateRevision(KeyRange keys, Compare::Result result, int64_t revision) {
  return CompareNumber(Compare::Target::kCreate, std::move(keys), result, revision);
}
Compare CompareModRevision(KeyRange keys, Compare::Result result, int64_t revision) {
  return CompareNumber(Compare::Target::kMod, std::move(keys), result, revision);
}
Compare CompareLease(KeyRange keys, Compare::Result result, int64_t lease) {
  return CompareNumber(Compare::Target::kLease, std::move(keys), result, lease);
}
Compare CompareValue(KeyRange keys, Compare::Result result, std::string value) {
  return {.target = Compare::Target::kValue,
          .key = std::move(keys.key),
          .result = result,
          .value = std::move(value),
          .range_end = std::move(keys.range_end)};
}

Op OpGet(GetRequest request) {
  return {std::move(request)};
}
Op OpPut(PutRequest request) {
  return {std::move(request)};
}
Op OpDelete(DeleteRequest request) {
  return {std::move(request)};
}
Op OpTxn(TxnRequest request) {
  return {std::move(request)};
}

}  // namespace v1
}  // namespace etcd
