#pragma once

#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <etcd/client.h>

namespace etcd {
inline namespace v1 {

struct UsageRequest {
  std::string prefix = {};     // of the keys that are meant; empty: all keys
  std::string delimiter = {};  // what ends a level of the keys, of at most 64 bytes; empty: "/"
  uint32_t limit = 0;          // groups in the answer, up to 1000; 0: 100
};

// The keys that are the same up to the first delimiter behind the prefix that was asked for, or one
// key that has none there.
struct UsageGroup {
  // Up to and with that delimiter, or the key. Empty: the sum of all groups that are not told.
  std::string prefix = {};
  int64_t keys = 0;
  int64_t bytes = 0;      // of keys and their newest values
  int64_t revisions = 0;  // how often the keys were written since they were created
};

struct UsageResponse {
  ResponseHeader header = {};  // of the revision that was read
  // The largest first, and behind them the sum of the others, if there are any.
  std::vector<UsageGroup> groups = {};
};

// What fills the store, by the prefixes of its keys, which members of etcd's own do not tell
// (kUnimplemented). Threads, errors and the three forms of a call are the client's, which outlives
// this. Where authentication is enabled it needs the right to read all keys that are meant
// (kPermissionDenied).
class Usage {
 public:
  template <typename T>
  using Callback = Client::Callback<T>;

  explicit Usage(Client* client) : client_(*client) {}

  // Tried again as other reads are. kInvalidArgument, naming what is wrong with the request;
  // kOutOfRange if what was read was compacted meanwhile.
  Result<UsageResponse> Of(const UsageRequest& request, const CallOptions& options = {});
  void Of(const UsageRequest& request, const CallOptions& options, Callback<UsageResponse> done);
  std::future<Result<UsageResponse>> OfAsync(const UsageRequest& request,
                                             const CallOptions& options = {}) {
    return Client::Future<UsageResponse>([&](auto done) { Of(request, options, std::move(done)); });
  }

 private:
  Client& client_;
};

}  // namespace v1
}  // namespace etcd
