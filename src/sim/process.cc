#include "sim/process.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "raft/codec.h"
#include "server/lease_requests.h"
#include "server/snapshot_install.h"
#include "state/auth/bcrypt.h"
#include "state/auth/users.h"
#include "storage/mvcc/reads.h"

namespace sim {
namespace {

// How long calls may take to end once the member stops.
constexpr runtime::Duration kDrainMax = std::chrono::milliseconds(4800);

// A commit index waits for some milliseconds before it is written (server::LogWriter), and the disk
// of a plan whose members die quietly takes some, too.
constexpr runtime::Duration kQuiet = std::chrono::milliseconds(40);

// What a member makes secrets of: the same at each of its starts, since nobody guesses here.
identity::Chance ChanceOf(const server::Options& options) {
  const auto random = std::make_shared<runtime::Random>(std::hash<std::string>()(options.name));
  return [random](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(random->Next());
  };
}

}  // namespace

Process::Process(const Cluster& cluster, Storage* storage, const server::Options& options,
                 runtime::Duration disk_latency_max, base::Callback<void()> on_death)
    : cluster_(cluster),
      storage_(*storage),
      options_(options),
      on_death_(std::move(on_death)),
      net_loop_(cluster.scheduler->NewLoop("net")),
      raft_loop_(cluster.scheduler->NewLoop("raft")),
      apply_loop_(cluster.scheduler->NewLoop("apply")),
      wal_loop_(cluster.scheduler, disk_latency_max),
      backend_loop_(cluster.scheduler, disk_latency_max),
      workers_(cluster.scheduler, {.latency_min = {}, .latency_max = disk_latency_max}),
      tokens_({.chance = ChanceOf(options)}, &cluster.scheduler->clock(), cluster.logger),
      passwords_({.bcrypt_cost = auth::kBcryptCostMin, .chance = ChanceOf(options)},
                 net_loop_.get(), {&workers_, &workers_}),
      patience_(net_loop_->NewTimer([this] { EndService(); })) {}

Process::~Process() {
  if (id_ != base::MemberId()) cluster_.network->SetReceiver(id_, nullptr);
  if (services_ != nullptr) services_->Close();
}

base::Result<std::unique_ptr<Process>> Process::Start(const Cluster& cluster, Storage* storage,
                                                      const server::Options& options,
                                                      runtime::Duration disk_latency_max,
                                                      base::Callback<void()> on_death) {
  std::unique_ptr<Process> process(
      new Process(cluster, storage, options, disk_latency_max, std::move(on_death)));
  ASSIGN_OR_RETURN(process->server_, server::Server::Open(options, process->NewEnvironment(),
                                                          {process->net_loop_.get()}));
  process->id_ = process->server_->id();
  cluster.network->SetReceiver(process->id_, process.get());
  process->Serve();
  process->server_->Start([] {});
  return process;
}

void Process::Serve() {
  network_ = cluster_.wires->NewNetwork(options_.name, net_loop_.get());
  meters_ = app::NetServices::NewMeters(cluster_.config->client_api, server_.get());
  services_ = std::make_unique<app::NetServices>(
      app::NetServices::Parts{
          .config = cluster_.config,
          .server = server_.get(),
          .origin = 0,
          .tls = nullptr,
          .handshake_workers = nullptr,
          .workers = &workers_,
          .trim_heap = [] {},
          .registry = &registry_,
          .counts = &network_metrics_,
          .health = &health_metrics_,
          .budget = std::make_shared<http::SharedBudget>(
              app::NetServices::BudgetOf(cluster_.config->client_api, options_).member_max()),
          .identification = {.tokens = &tokens_, .passwords = &passwords_},
          .meters = meters_.get(),
          .v2_totals = &v2_totals_,
          .limits = *cluster_.limits},
      net_loop_.get());
  services_->AddServer(app::Surface::kAll, network_.get());
  const app::ListenerPlan plan{ClientAddress(options_.name), app::Surface::kAll, true, false};
  CHECK(services_->ServerOf(plan.surface).Listen(plan.address, services_->ListeningOf(plan)).ok());
}

void Process::Stop(base::Callback<void()> on_stopped) {
  CHECK(!stopping_);
  stopping_ = true;
  on_stopped_ = std::move(on_stopped);
  net_loop_->Post([this] {
    patience_->Arm(kDrainMax);
    // Not inside an event of the last connection.
    services_->Drain([this] { net_loop_->Post([this] { EndService(); }); });
  });
}

void Process::EndService() {
  if (std::exchange(service_ended_, true)) return;
  patience_->Disarm();
  services_->Close();
  server_->Stop(std::move(on_stopped_));
}

server::Environment Process::NewEnvironment() {
  server::Environment environment;
  environment.disk = &storage_.disk();
  environment.raft_loop = raft_loop_.get();
  environment.apply_loop = apply_loop_.get();
  environment.wal_loop = &wal_loop_;
  environment.backend_loop = &backend_loop_;
  environment.log_workers = &workers_;
  environment.bulk_workers = &workers_;
  environment.open_backend = [this](const std::string& path, backend::OnDamage on_damage) {
    return storage_.OpenBackend(path, std::move(on_damage));
  };
  environment.move_backend = [this](const std::string& from, const std::string& to) {
    return storage_.MoveBackend(from, to);
  };
  environment.transport = this;
  environment.witness = this;
  environment.raft_tracer = cluster_.raft_tracer;
  environment.auth_observer = &tokens_;
  environment.on_failure = [this](const base::Status& why) {
    // A disk that failed is what happens; anything else is a fault of the member.
    const bool is_disk = storage_.disk().power_failed() ||
                         why.message().find("input/output error") != std::string_view::npos;
    if (!is_disk) cluster_.checker->Fail(why);
    Die();
  };
  environment.logger = cluster_.logger;
  environment.registry = &registry_;
  environment.seed = cluster_.scheduler->random().Next();
  return environment;
}

void Process::Die() {
  dead_ = true;
  on_death_();
}

// Until a joint configuration is left, those that it removes still vote.
bool Process::was_removed() const {
  return server_->state()->members().removed().contains(id_) && !node_->membership().Contains(id_);
}

void Process::SetPaused(bool paused) {
  is_paused_ = paused;
  changed_at_ = cluster_.scheduler->clock().Now();
  for (runtime::Loop* loop : {net_loop_.get(), raft_loop_.get(), apply_loop_.get(),
                              wal_loop_.inner(), backend_loop_.inner()}) {
    cluster_.scheduler->SetPaused(loop, paused);
  }
}

void Process::Receive(Parcel parcel) {
  if (dead_) return;
  base::Result<raft::Message> message = raft::DecodeMessage(parcel.message);
  CHECK(message.ok());
  reachable_.insert(message->from);
  if (parcel.database != nullptr) {
    const std::string path = server::ReceivedDatabasePath(options_, message->snapshot->index);
    if (!storage_.Receive(path, std::move(parcel.database)).ok()) {
      // Perhaps nothing else of the member writes to its disk.
      if (storage_.disk().power_failed()) Die();
      return;
    }
  }
  CHECK(server_->Step(*std::move(message)));
}

void Process::OnSnapshotStatus(base::MemberId peer, bool delivered) {
  server_->ReportSnapshot(peer, delivered);
}

void Process::OnUnreachable(base::MemberId peer) {
  server_->ReportUnreachable(peer);
}

void Process::OnPromote(base::MemberId learner, runtime::TimePoint deadline,
                        OnPromoted on_promoted) {
  if (dead_) return;
  server_->reconfiguration().Promote(learner, {.deadline = deadline}, std::move(on_promoted));
}

void Process::OnRenewLease(base::LeaseId lease, OnLeaseRenewed on_renewed) {
  if (!dead_) server_->leases().RenewHere(lease, std::move(on_renewed));
}

void Process::OnLeaseAsked(base::LeaseId lease, bool keys, OnLeaseTimes on_times) {
  if (!dead_) server_->leases().TimeToLiveHere(lease, keys, std::move(on_times));
}

void Process::OnHashAsked(base::Revision at, OnHash on_hash) {
  if (dead_) return;
  struct Asking {
    OnHash on_hash;
    base::Result<mvcc::KeyValueHash> hash = base::Status(base::errors::kStopped);
  };
  const auto asking = std::make_shared<Asking>(Asking{std::move(on_hash)});
  CHECK(
      workers_.Run([state = server_->state(), asking,
                    at] { asking->hash = mvcc::Reads(&state->store()).HashKv(at); },
                   net_loop_.get(),
                   [state = server_->state(), asking] {
                     if (!asking->hash.ok()) return asking->on_hash(asking->hash.status());
                     asking->on_hash(server::MemberHash{*asking->hash, state->store().revision()});
                   }));
}

void Process::Send(std::vector<raft::Message> messages) {
  for (const raft::Message& message : messages) {
    if (IsReachable(message.to)) cluster_.network->Send(message, nullptr);
  }
}

// Those that were removed stay so, also after a start: until a joint configuration is left, their
// votes may be needed. No client can ask for one, so that is not asked of the transport of peers.
bool Process::IsReachable(base::MemberId id) const {
  return reachable_.contains(id) || node_->membership().voters.outgoing.Contains(id);
}

void Process::SendSnapshot(server::SnapshotToSend snapshot) {
  cluster_.network->Send(snapshot.message, CopyOf(*snapshot.database));
}

void Process::SetMembers(server::ClusterMembers members) {
  others_.clear();
  for (const members::Member& member : members.members) {
    reachable_.insert(member.id);
    if (member.id != id_) others_.push_back(member.id);
  }
}

std::optional<runtime::TimePoint> Process::ActiveSince(base::MemberId peer) const {
  return cluster_.network->ActiveSince(id_, peer);
}

void Process::AskVersions(OnVersions on_versions) {
  cluster_.network->AskVersions(id_, std::move(on_versions));
}

void Process::AskHashes(base::Revision at, runtime::Duration timeout, OnHashes on_hashes) {
  cluster_.network->AskHashes(id_, others_, at, timeout, std::move(on_hashes));
}

void Process::ForwardPromote(base::MemberId leader, base::MemberId learner,
                             runtime::TimePoint deadline, OnPromoted on_promoted) {
  cluster_.network->Promote(id_, leader, learner, deadline, std::move(on_promoted));
}

void Process::RenewLease(base::MemberId leader, base::LeaseId lease, runtime::TimePoint deadline,
                         OnLeaseRenewed on_renewed) {
  cluster_.network->RenewLease(id_, leader, lease, deadline, std::move(on_renewed));
}

void Process::AskLease(base::MemberId leader, base::LeaseId lease, bool keys,
                       runtime::TimePoint deadline, OnLeaseTimes on_times) {
  cluster_.network->AskLease(id_, leader, lease, keys, deadline, std::move(on_times));
}

void Process::OnStarted(const raft::Node& node, const raft::HardState& saved, base::Index applied) {
  node_ = &node;
  cluster_.checker->Started(node, saved, applied);
}

void Process::OnStep(const raft::Node& node) {
  if (node.hard_state() != last_state_ || node.log().Last() != last_entry_) {
    last_state_ = node.hard_state();
    last_entry_ = node.log().Last();
    changed_at_ = cluster_.scheduler->clock().Now();
  }
  if (!dead_) cluster_.checker->AfterStep(node);
}

bool Process::IsQuiet() const {
  const raft::Log& log = node_->log();
  return !is_paused_ && log.applied() == log.committed() &&
         cluster_.scheduler->clock().Now() - changed_at_ > kQuiet;
}

void Process::OnCommitted(std::span<const raft::Entry> entries) {
  cluster_.checker->Applied(id(), entries);
}

void Process::OnSnapshot(raft::EntryId at) {
  cluster_.checker->Restored(id(), at.index);
}

void Process::OnApplied(apply::Applier& applier) {
  cluster_.checker->CheckRevision(applier.applied().index, applier.state().store().revision(),
                                  applier.state().users().view().stamp());
  for (const alarms::Alarm& alarm : applier.state().alarms().Get(alarms::Type::kCorrupt)) {
    cluster_.checker->Fail(base::Status(
        base::Code::kInternal, "alarm CORRUPT of " + members::HexText(alarm.member.value())));
  }
}

}  // namespace sim
