#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "observe/log.h"
#include "observe/metrics.h"
#include "raft/tracer.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/workers.h"
#include "server/transport.h"
#include "state/auth/observer.h"
#include "storage/backend/backend.h"

namespace server {

class Witness;

// What a member runs on. All of it outlives the member, and the loops have stopped before the
// member is destroyed. Loops may be the same one; those that block on the disk should not be.
struct Environment {
  runtime::Disk* disk;
  runtime::Loop* raft_loop;
  runtime::Loop* apply_loop;
  runtime::Loop* wal_loop;      // blocks on the log's syncs
  runtime::Loop* backend_loop;  // blocks on the database's commits
  // Other work on the disk, in lanes: what the log waits for never queues behind what clients ask.
  runtime::Workers* log_workers;   // the log's next segment, its snapshots
  runtime::Workers* bulk_workers;  // snapshots for clients, hashes, defragmentation
  // Opens or creates the database at a path; `on_damage` is told what damage its reads meet.
  std::function<base::Result<std::unique_ptr<backend::Backend>>(const std::string& path,
                                                                backend::OnDamage on_damage)>
      open_backend;
  // Puts the database at `from`, which nobody has open, in the place of the one at `to`, which may
  // still be read by those who have it open. Durable on return. Needed only with a transport.
  std::function<base::Status(const std::string& from, const std::string& to)> move_backend;
  // The server's own, for open_backend.
  backend::OnDamage on_damage = [](const base::Status&) { return false; };
  Transport* transport = nullptr;  // null: the cluster has no other member
  Witness* witness = nullptr;      // or null
  // Is told of the steps of the raft node, on the raft loop; or null.
  raft::Tracer* raft_tracer = nullptr;
  // Is told of log-ins, on the apply loop; or null.
  auth::Observer* auth_observer = nullptr;
  // The member must not go on; see Failure. Ends the process, or takes the member down.
  std::function<void(const base::Status& why)> on_failure;
  // The member was removed from the cluster, as its log says, a moment ago, or the other members:
  // it is to stop for good. Once or twice, on any thread.
  std::function<void()> on_removed = [] {};
  // Is told how far the import of etcd's database is, in bytes of its file.
  std::function<void(uint64_t done, uint64_t total)> on_import = [](uint64_t, uint64_t) {};
  const observe::Logger* logger;
  observe::Registry* registry;
  // Of elections and identifiers; differs between members and starts.
  uint64_t seed;
};

}  // namespace server
