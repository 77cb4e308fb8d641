#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "api/identity/passwords.h"
#include "api/identity/simple_tokens.h"
#include "api/v2/totals.h"
#include "api/web/health_metrics.h"
#include "app/net_services.h"
#include "app/network_metrics.h"
#include "base/callback.h"
#include "config/server_config.h"
#include "net/http/limits.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"
#include "server/server.h"
#include "server/witness.h"
#include "sim/checker.h"
#include "sim/message_network.h"
#include "sim/slow_loop.h"
#include "sim/storage.h"

namespace sim {

// One life of a member: server::Server and what serves its clients (app::NetServices), as they are
// shipped, on loops, workers, a disk and networks of the simulation. It serves from its start on,
// whether or not it has found its cluster. Destroying it is the process's death.
class Process final : public Receiver, public server::Transport, public server::Witness {
 public:
  // What the processes of a cluster have in common.
  struct Cluster {
    runtime::simulated::Scheduler* scheduler;
    MessageNetwork* network;
    runtime::simulated::Wires* wires;    // to the clients
    const config::ServerConfig* config;  // of what serves them
    const http::Limits* limits;          // of their connections
    Checker* checker;
    const observe::Logger* logger;
    raft::Tracer* raft_tracer;  // or null
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
  // Whether all that the member knows has been on its disk and applied for so long that its end
  // loses nothing.
  bool IsQuiet() const;
  // Whether the member has seen that it was removed from the cluster.
  bool was_removed() const;
  // Runs `task` where requests are handled; not in a process that is dead by then.
  void Post(base::Callback<void()> task) { net_loop_->Post(std::move(task)); }
  server::Frontend& frontend() { return server_->frontend(0); }

  // Where a member of that name serves its clients.
  static runtime::Address ClientAddress(const std::string& name) { return {name, 2379, ""}; }

  // Ends the service as app::App does: calls under way may end, then connections are closed, and
  // what is applied is brought into the database. `on_stopped` runs on one of the process's loops,
  // not if the member fails before; the process waits to be destroyed. Once.
  void Stop(base::Callback<void()> on_stopped);
  bool stopping() const { return stopping_; }

  // A paused process does nothing; what reaches it waits.
  void SetPaused(bool paused);
  void SetDiskLatency(runtime::Duration latency_max) {
    wal_loop_.set_latency_max(latency_max);
    backend_loop_.set_latency_max(latency_max);
  }
  // Its log's disk stands still, or goes on.
  void SetStalled(bool stalled) { cluster_.scheduler->SetPaused(wal_loop_.inner(), stalled); }

  // Receiver
  void Receive(Parcel parcel) override;
  void OnSnapshotStatus(base::MemberId peer, bool delivered) override;
  void OnUnreachable(base::MemberId peer) override;
  void OnPromote(base::MemberId learner, runtime::TimePoint deadline,
                 OnPromoted on_promoted) override;
  void OnRenewLease(base::LeaseId lease, OnLeaseRenewed on_renewed) override;
  void OnLeaseAsked(base::LeaseId lease, bool keys, OnLeaseTimes on_times) override;
  void OnHashAsked(base::Revision at, OnHash on_hash) override;
  const members::Extensions& extensions() const override { return options_.extensions; }
  // server::Transport
  void Send(std::vector<raft::Message> messages) override;
  void SendSnapshot(server::SnapshotToSend snapshot) override;
  void SetMembers(server::ClusterMembers members) override;
  std::optional<runtime::TimePoint> ActiveSince(base::MemberId peer) const override;
  std::shared_ptr<const server::AppendTimes> AppendTimesOf(base::MemberId) const override {
    return {};  // nothing takes them
  }
  void AskVersions(OnVersions on_versions) override;
  void AskHashes(base::Revision at, runtime::Duration timeout, OnHashes on_hashes) override;
  void ForwardPromote(base::MemberId leader, base::MemberId learner, runtime::TimePoint deadline,
                      OnPromoted on_promoted) override;
  void RenewLease(base::MemberId leader, base::LeaseId lease, runtime::TimePoint deadline,
                  OnLeaseRenewed on_renewed) override;
  void AskLease(base::MemberId leader, base::LeaseId lease, bool keys, runtime::TimePoint deadline,
                OnLeaseTimes on_times) override;
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
  void Serve();
  void EndService();
  void Die();
  // Whether a message finds that member.
  bool IsReachable(base::MemberId id) const;

  const Cluster cluster_;
  Storage& storage_;
  const server::Options options_;
  base::Callback<void()> on_death_;
  observe::Registry registry_;
  const std::unique_ptr<runtime::Loop> net_loop_;
  const std::unique_ptr<runtime::Loop> raft_loop_;
  const std::unique_ptr<runtime::Loop> apply_loop_;
  SlowLoop wal_loop_;
  SlowLoop backend_loop_;
  runtime::simulated::Workers workers_;
  identity::SimpleTokens tokens_;
  identity::Passwords passwords_;
  std::unique_ptr<admission::Meters> meters_;
  const raft::Node* node_ = nullptr;
  raft::HardState last_state_;
  raft::EntryId last_entry_;
  runtime::TimePoint changed_at_;
  base::MemberId id_;
  // Those that the member has told of, and those it has heard from.
  std::set<base::MemberId> reachable_;
  std::vector<base::MemberId> others_;  // in the cluster
  bool dead_ = false;
  bool is_paused_ = false;
  bool stopping_ = false;
  bool service_ended_ = false;
  base::Callback<void()> on_stopped_;
  const std::unique_ptr<runtime::Timer> patience_;
  std::unique_ptr<runtime::Network> network_;
  app::NetworkMetrics network_metrics_;
  web::HealthMetrics health_metrics_;
  v2::Totals v2_totals_;
  std::unique_ptr<app::NetServices> services_;
  // Destroyed first: nothing runs any more.
  std::unique_ptr<server::Server> server_;
};

}  // namespace sim
