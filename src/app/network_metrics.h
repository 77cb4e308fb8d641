#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/http/server.h"
#include "net/rpc/server.h"
#include "observe/metrics.h"

namespace app {

// The labels of a method in grpc-go's metrics.
observe::Labels LabelsOf(const std::string& service, const std::string& method, rpc::Kind kind);

// What the net threads count of calls and bytes, under the names of grpc-go's and etcd's metrics.
// Threads add their tables and servers when they begin to serve and take them back before they
// end; counts of those that ended are not told any more. Any thread.
class NetworkMetrics {
 public:
  void Add(const rpc::Server* table);
  void Add(const http::Server* server);
  // What is counted as held for clients.
  void Add(std::shared_ptr<const http::SharedBudget> budget);
  void Remove(const rpc::Server* table);
  void Remove(const http::Server* server);

  void Collect(observe::Samples& samples) const;

 private:
  void CollectCalls(observe::Samples& samples) const;
  void CollectBytes(observe::Samples& samples) const;
  void CollectConnections(observe::Samples& samples) const;
  void CollectAbuse(observe::Samples& samples) const;

  void CollectMemory(observe::Samples& samples) const;

  mutable std::mutex mutex_;
  std::vector<const rpc::Server*> tables_;            // guarded by mutex_
  std::vector<const http::Server*> servers_;          // guarded by mutex_
  std::shared_ptr<const http::SharedBudget> budget_;  // guarded by mutex_; null until it is added
};

}  // namespace app
