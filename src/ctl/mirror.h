#pragma once

#include <etcd/cancellation.h>
#include <etcd/client.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ctl {

struct MirrorOptions {
  std::string prefix = {};              // of the keys that are copied; empty: all
  std::string destination_prefix = {};  // what their copies have in its place
  // The first one whose changes are copied. 0: first the keys as they are, then each change.
  int64_t revision = 0;
  // Of one transaction. 0: as many as there are.
  uint64_t max_txn_ops = 0;
  // Ends it.
  etcd::Cancellation cancellation = {};
  // Is told, while the keys as they are are copied, how many are and how many there were at first.
  std::function<void(uint64_t done, uint64_t total)> on_keys = [](uint64_t, uint64_t) {};
};

// The transactions that do the same to the copies: one for each revision, or several if it has more
// changes than one may have.
std::vector<etcd::TxnRequest> CopyEvents(const std::vector<etcd::Event>& events,
                                         const MirrorOptions& options);

// Copies keys from one cluster to another. Copies have no lease. Keys that the destination has
// besides stay as they are.
class Mirror {
 public:
  // The clients outlive it. They may lead to the same cluster.
  Mirror(etcd::Client* source, etcd::Client* destination, MirrorOptions options);

  // Copies until something fails or it is canceled, and says what; never OK. A member that cannot
  // be reached is waited for. Once.
  etcd::Status Run();

  // How many keys and changes the destination has taken. Any thread.
  int64_t copied() const { return copied_; }

 private:
  etcd::Status CopyKeys();
  etcd::Status CopyChanges();

  etcd::Client& source_;
  etcd::Client& destination_;
  MirrorOptions options_;
  const etcd::CallOptions until_canceled_{.timeout = etcd::kNoTimeout,
                                          .cancellation = options_.cancellation};
  std::atomic<int64_t> copied_ = 0;
};

}  // namespace ctl
