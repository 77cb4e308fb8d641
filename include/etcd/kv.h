#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// What is asked of the store of keys and values, and what it answers. Plain values; strings are
// bytes. Revisions count the changes of the store from 1 on.

namespace etcd {
inline namespace v1 {

// Of the member that answered. Zero what it did not say.
struct ResponseHeader {
  uint64_t cluster_id = 0;
  uint64_t member_id = 0;
  // Of the store, when the request was served.
  int64_t revision = 0;
  uint64_t raft_term = 0;
  friend bool operator==(const ResponseHeader&, const ResponseHeader&) = default;
};

struct KeyValue {
  std::string key = {};
  int64_t create_revision = 0;
  int64_t mod_revision = 0;
  int64_t version = 0;  // 1 when created, one more with each put
  std::string value = {};
  int64_t lease = 0;  // 0: none
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// As `range_end`: all keys from `key` on.
inline constexpr std::string_view kFromKey("\0", 1);
// The `range_end` of all keys that begin with `prefix`; for the empty prefix, kFromKey.
std::string PrefixEnd(std::string_view prefix);

struct GetRequest;
struct DeleteRequest;
struct WatchRequest;  // <etcd/watch.h>

// Keys, to be made into a request: client.Get(etcd::Prefix("p/")).
struct KeyRange {
  // One key.
  KeyRange(std::string one) : key(std::move(one)) {}
  KeyRange(const char* one) : key(one) {}
  // From `first` to before `end`.
  KeyRange(std::string first, std::string end) : key(std::move(first)), range_end(std::move(end)) {}

  operator GetRequest() const;
  operator DeleteRequest() const;
  operator WatchRequest() const;

  std::string key;
  std::string range_end;  // as in GetRequest
};

// All keys that begin with `prefix`: all there are, if it is empty.
KeyRange Prefix(std::string_view prefix);
// All keys from `key` on.
KeyRange FromKey(std::string_view key);

enum class SortOrder : uint8_t { kNone = 0, kAscend = 1, kDescend = 2 };
enum class SortTarget : uint8_t { kKey = 0, kVersion = 1, kCreate = 2, kMod = 3, kValue = 4 };

struct GetRequest {
  // With a `range_end`, an empty key is the smallest one, a zero byte.
  std::string key = {};
  // Empty: the one key; otherwise the first key that is not meant, or kFromKey.
  std::string range_end = {};
  int64_t limit = 0;     // 0: none
  int64_t revision = 0;  // 0: the current one
  SortOrder sort_order = SortOrder::kNone;
  SortTarget sort_target = SortTarget::kKey;
  // Answered by one member from what it has, which may be old; without asking the others.
  bool serializable = false;
  bool keys_only = false;
  bool count_only = false;
  // Only keys whose revisions lie in these bounds; 0: any.
  int64_t min_mod_revision = 0;
  int64_t max_mod_revision = 0;
  int64_t min_create_revision = 0;
  int64_t max_create_revision = 0;
};

struct GetResponse {
  ResponseHeader header = {};
  std::vector<KeyValue> kvs = {};
  bool more = false;  // the limit cut the result
  int64_t count = 0;  // keys in the range, whatever the limit and the bounds
};

struct PutRequest {
  std::string key = {};
  std::string value = {};
  int64_t lease = 0;          // 0: none
  bool prev_kv = false;       // answer the pair as it was
  bool ignore_value = false;  // keep the value; the key must exist and `value` be empty
  bool ignore_lease = false;  // keep the lease; the key must exist and `lease` be 0
};

struct PutResponse {
  ResponseHeader header = {};
  std::optional<KeyValue> prev_kv = {};
};

struct DeleteRequest {
  std::string key = {};
  std::string range_end = {};  // as in GetRequest
  bool prev_kv = false;        // answer the deleted pairs
};

struct DeleteResponse {
  ResponseHeader header = {};
  int64_t deleted = 0;
  std::vector<KeyValue> prev_kvs = {};  // in the order of the keys
};

// A condition on a key, or on every key of a range. A key that does not exist has version,
// revisions and lease 0, and fails every comparison of its value.
struct Compare {
  enum class Result : uint8_t { kEqual = 0, kGreater = 1, kLess = 2, kNotEqual = 3 };
  enum class Target : uint8_t { kVersion = 0, kCreate = 1, kMod = 2, kValue = 3, kLease = 4 };
  // Compare::kEqual.
  using enum Result;

  Target target = Target::kVersion;
  std::string key = {};
  Result result = Result::kEqual;
  int64_t number = 0;          // for every target but kValue
  std::string value = {};      // for kValue
  std::string range_end = {};  // empty: the one key
};

// One condition each: CompareVersion("k", etcd::Compare::kEqual, 0) holds if there is no key k.
Compare CompareVersion(KeyRange keys, Compare::Result result, int64_t version);
Compare CompareCreateRevision(KeyRange keys, Compare::Result result, int64_t revision);
Compare CompareModRevision(KeyRange keys, Compare::Result result, int64_t revision);
Compare CompareLease(KeyRange keys, Compare::Result result, int64_t lease);
Compare CompareValue(KeyRange keys, Compare::Result result, std::string value);

struct Op;
struct TxnRequest {
  std::vector<Compare> compares = {};  // all must hold
  std::vector<Op> success;             // if they do
  std::vector<Op> failure;             // if one does not
};
struct Op {
  std::variant<GetRequest, PutRequest, DeleteRequest, TxnRequest> request;
};

// One operation each: OpGet(etcd::Prefix("p/")), OpPut({.key = "k", .value = "v"}).
Op OpGet(GetRequest request);
Op OpPut(PutRequest request);
Op OpDelete(DeleteRequest request);
Op OpTxn(TxnRequest request);

struct OpResponse;
struct TxnResponse {
  ResponseHeader header = {};
  bool succeeded = false;
  // Of the branch that was taken, one for each operation.
  std::vector<OpResponse> responses;
};
struct OpResponse {
  std::variant<GetResponse, PutResponse, DeleteResponse, TxnResponse> response;
};

struct CompactRequest {
  int64_t revision = 0;
  // Answer when the records are gone from the database, not when that is decided.
  bool physical = false;
};

struct CompactResponse {
  ResponseHeader header = {};
};

}  // namespace v1
}  // namespace etcd
