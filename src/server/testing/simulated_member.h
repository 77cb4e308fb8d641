#pragma once

#include <memory>
#include <string>
#include <vector>

#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"
#include "server/server.h"
#include "server/testing/planted.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

namespace server {

// A member in virtual time, whose process can die at any moment: the disk then forgets what was not
// synced, and the database everything that was not committed.
class SimulatedMember {
 public:
  explicit SimulatedMember(uint64_t seed, Planted planted = Planted::kNothing)
      : planted_(planted), scheduler_(seed), disk_(seed) {
    options.data_dir = "/default.etcd";
    options.initial_cluster = {{"default", {"http://localhost:2380"}}};
    options.advertise_client_urls = {"http://localhost:2379"};
    options.wal_segment_bytes = 64 * 1024;
  }
  ~SimulatedMember() { Kill(); }

  // Starts the process, and the member in it unless it may not start.
  base::Status Start() {
    // Longer than the time that tells the identifiers of one process from those of the next.
    scheduler_.RunFor(std::chrono::milliseconds(10));
    for (auto* loop : {&net_loop_, &raft_loop_, &apply_loop_, &wal_loop_, &backend_loop_}) {
      *loop = scheduler_.NewLoop("loop");
    }
    workers_ = std::make_unique<runtime::simulated::Workers>(
        &scheduler_, runtime::simulated::Workers::Options{
                         .latency_min = {}, .latency_max = std::chrono::milliseconds(20)});
    Environment environment;
    seen_disk_ = OpenPlantedDisk(&disk_, planted_);
    environment.disk = seen_disk_.get();
    environment.raft_loop = raft_loop_.get();
    environment.apply_loop = apply_loop_.get();
    environment.wal_loop = wal_loop_.get();
    environment.backend_loop = backend_loop_.get();
    environment.log_workers = workers_.get();
    environment.bulk_workers = workers_.get();
    environment.open_backend =
        [this](const std::string& path,
               backend::OnDamage on_damage) -> base::Result<std::unique_ptr<backend::Backend>> {
      if (database_is_a_file) RETURN_IF_ERROR(FindDatabase(path));
      return OpenPlantedBackend(database_, &disk_, planted_,
                                {.faults = faults, .on_damage = std::move(on_damage)});
    };
    environment.on_failure = [this](const base::Status& why) { failure_ = why; };
    environment.on_removed = [this] { ++removals_; };
    environment.transport = transport;
    environment.auth_observer = auth_observer;
    environment.logger = &logger_;
    registry_ = std::make_unique<observe::Registry>();
    environment.registry = registry_.get();
    environment.seed = scheduler_.random().Next();
    ASSIGN_OR_RETURN(server_, Server::Open(options, environment, {net_loop_.get()}));
    ready_ = false;
    failure_ = {};
    server_->Start([this] { ready_ = true; });
    return {};
  }

  // Ends the member alone, before what serves it on its loop ends.
  void EndServer() { server_.reset(); }
  // The process ends; its memory and what it had not written are gone.
  void Kill() {
    EndServer();
    workers_.reset();
    for (auto* loop : {&net_loop_, &raft_loop_, &apply_loop_, &wal_loop_, &backend_loop_}) {
      loop->reset();
    }
  }
  // And so does the power.
  void Crash(runtime::simulated::CrashMode mode = runtime::simulated::CrashMode::kKeepSome) {
    Kill();
    disk_.Restart(mode);
  }

  void RunFor(runtime::Duration duration) { scheduler_.RunFor(duration); }
  // Runs until `done`, for a minute of virtual time at most.
  template <typename Done>
  bool RunUntil(Done done) {
    const runtime::TimePoint end = scheduler_.clock().Now() + std::chrono::minutes(1);
    while (!done() && scheduler_.clock().Now() < end && scheduler_.Step()) {
    }
    return done();
  }

  void RunOnNetLoopAfter(runtime::Duration delay, base::Callback<void()> task) {
    scheduler_.RunAt(scheduler_.clock().Now() + delay, net_loop_.get(), std::move(task));
  }

  bool ready() const { return ready_; }
  // Why the member must not go on; OK as long as it may.
  const base::Status& failure() const { return failure_; }
  // How often the member said that it was removed.
  size_t removals() const { return removals_; }
  Server& server() { return *server_; }
  Frontend& frontend() { return server_->frontend(0); }
  runtime::Loop& net_loop() { return *net_loop_; }
  runtime::simulated::Scheduler& scheduler() { return scheduler_; }
  // While it is paused nothing is proposed, and no read gets its index.
  void SetRaftPaused(bool paused) { scheduler_.SetPaused(raft_loop_.get(), paused); }
  // The log's disk stands still, or goes on.
  void SetLogStalled(bool stalled) { scheduler_.SetPaused(wal_loop_.get(), stalled); }
  runtime::Random& random() { return scheduler_.random(); }
  const observe::Logger* logger() const { return &logger_; }
  runtime::simulated::Disk& disk() { return disk_; }
  // What is durable of it.
  const std::shared_ptr<backend::MemoryDatabase>& database() const { return database_; }
  std::string Metrics() const { return registry_->Scrape(); }
  std::vector<std::string> LogLines() const { return sink_.lines(); }

  Options options;
  backend::MemoryFaults faults;    // of the database, as the process sees it
  Transport* transport = nullptr;  // null: the cluster has no other member
  auth::Observer* auth_observer = nullptr;
  // Whether the database is there only as long as its file is, which is empty.
  bool database_is_a_file = false;

 private:
  base::Status FindDatabase(const std::string& path) {
    ASSIGN_OR_RETURN(const bool exists, disk_.Exists(path));
    if (exists) return {};
    database_ = backend::NewMemoryDatabase(schema::kBucketNames.size());
    RETURN_IF_ERROR(disk_.Open(path, runtime::OpenMode::kCreate).status());
    return disk_.SyncDirectory(path.substr(0, path.rfind('/')));
  }

  const Planted planted_;
  runtime::simulated::Scheduler scheduler_;
  runtime::simulated::Disk disk_;
  std::unique_ptr<runtime::Disk> seen_disk_;
  std::shared_ptr<backend::MemoryDatabase> database_ =
      backend::NewMemoryDatabase(schema::kBucketNames.size());
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  std::unique_ptr<observe::Registry> registry_;
  std::unique_ptr<runtime::Loop> net_loop_;
  std::unique_ptr<runtime::Loop> raft_loop_;
  std::unique_ptr<runtime::Loop> apply_loop_;
  std::unique_ptr<runtime::Loop> wal_loop_;
  std::unique_ptr<runtime::Loop> backend_loop_;
  std::unique_ptr<runtime::simulated::Workers> workers_;
  std::unique_ptr<Server> server_;
  bool ready_ = false;
  base::Status failure_;
  size_t removals_ = 0;
};

}  // namespace server
