#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"
#include "server/server.h"
#include "server/witness.h"
#include "sim/checker.h"
#include "sim/message_network.h"
#include "sim/slow_loop.h"
#include "sim/storage.h"

namespace sim {

// One life of a member: server::Server, as it is shipped, on loops, workers, a disk and a network
// of the simulation. Destroying it is the process's death.
class Process final : public Receiver, public server::Transport, public server::Witness {
 public:
  // What the processes of a cluster have in common.
  struct Cluster {
    runtime::simulated::Scheduler* scheduler;
    MessageNetwork* network;
    Checker* checker;
    const observe::Logger* logger;
  };
  // `on_death` is told when the member must not go on; it lets nothing out any more and waits to be
  // destroyed. Fails as Server::Open does. All outlive this.
  static base::Result<std::unique_ptr<Process>> Start(const Cluster& cluster, Storage* storage,
                                                      const server::Options& options,
                                                      runtime::Duration disk_latency_max,
                                                      base::Callback<void()> on_death);
  ~Process() override;

  server::Server& server() { return *server_; }
  base::MemberId id() const { return server_->id(); }
  const raft::Node& node() const { return *node_; }
  bool dead() const { return dead_; }
  // Whether the member has seen that it was removed from the cluster.
  bool was_removed() const;
  // Runs `task` where requests are handled; not in a process that is dead by then.
  void Post(base::Callback<void()> task) { client_loop_->Post(std::move(task)); }
  server::Frontend& frontend() { return server_->frontend(0); }

  // A paused process does nothing; what reaches it waits.
  void SetPaused(bool paused);

  // Receiver
  void Receive(Parcel parcel) override;
  void OnSnapshotStatus(base::MemberId peer, bool delivered) override;
  void OnUnreachable(base::MemberId peer) override;
  // server::Transport
  void Send(std::vector<raft::Message> messages) override;
  void SendSnapshot(server::SnapshotToSend snapshot) override;
  // server::Witness
  void OnStarted(const raft::Node& node, const raft::HardState& saved,
                 base::Index applied) override;
  void OnStep(const raft::Node& node) override;
  void OnCommitted(std::span<const raft::Entry> entries) override;
  void OnSnapshot(raft::EntryId at) override;
  void OnApplied(apply::Applier& applier) override;

 private:
  Process(const Cluster& cluster, Storage* storage, const server::Options& options,
          runtime::Duration disk_latency_max, base::Callback<void()> on_death);

  server::Environment NewEnvironment();
  void Die();

  const Cluster cluster_;
  Storage& storage_;
  const server::Options options_;
  base::Callback<void()> on_death_;
  observe::Registry registry_;
  const std::unique_ptr<runtime::Loop> client_loop_;
  const std::unique_ptr<runtime::Loop> raft_loop_;
  const std::unique_ptr<runtime::Loop> apply_loop_;
  SlowLoop wal_loop_;
  SlowLoop backend_loop_;
  runtime::simulated::Workers workers_;
  const raft::Node* node_ = nullptr;
  base::MemberId id_;
  bool dead_ = false;
  // Destroyed first: nothing runs any more.
  std::unique_ptr<server::Server> server_;
};

}  // namespace sim
