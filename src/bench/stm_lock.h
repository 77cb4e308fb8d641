#pragma once

#include <etcd/client.h>
#include <etcd/mutex.h>
#include <etcd/session.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "bench/fleet.h"

namespace bench {

// What keeps the transactions of several clients apart beside the transactions themselves. Of one
// client; on its thread, and all of it waits.
class StmLock {
 public:
  enum class Kind : uint8_t { kNone, kMutex, kService };

  // The client's mutex, or the lock service by way of the connection. The client and the fleet
  // outlive it.
  static etcd::Result<std::unique_ptr<StmLock>> New(Kind kind, etcd::Client* client, Fleet* fleet,
                                                    size_t connection);
  // Ends its lease.
  ~StmLock();
  StmLock(const StmLock&) = delete;
  StmLock& operator=(const StmLock&) = delete;

  etcd::Status Lock(const etcd::CallOptions& options);
  etcd::Status Unlock();

 private:
  StmLock(Kind kind, Fleet* fleet, size_t connection)
      : kind_(kind), fleet_(fleet), connection_(connection) {}
  etcd::Result<base::Bytes> Ask(const char* path, base::Bytes request,
                                const etcd::CallOptions& options);

  const Kind kind_;
  Fleet* const fleet_;
  const size_t connection_;
  std::unique_ptr<etcd::Session> session_;
  std::unique_ptr<etcd::Mutex> mutex_;
  std::string key_;  // of the service's lock
};

}  // namespace bench
