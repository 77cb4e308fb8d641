#include "server/server.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "server/alarm.h"
#include "server/lease_keeper.h"
#include "server/lease_requests.h"
#include "server/lease_rights.h"
#include "server/refill.h"
#include "server/snapshot_install.h"
#include "server/takeover.h"
#include "state/members/member.h"

namespace server {

using etcdserverpb::InternalRaftRequest;

namespace {

// Between two tries to tell the cluster something; doubled each time.
constexpr runtime::Duration kRetryPauseMin = std::chrono::milliseconds(100);
constexpr runtime::Duration kRetryPauseMax = std::chrono::seconds(5);

// Between a member's removal and its end.
constexpr runtime::Duration kRemovedPause = std::chrono::seconds(1);

base::Status DefragmentIfWorthwhile(const Options& options, const observe::Logger& logger,
                                    backend::Backend* database) {
  if (options.bootstrap_defragment_bytes == 0) return {};
  const backend::Sizes before = database->sizes();
  if (before.allocated - before.in_use < options.bootstrap_defragment_bytes) {
    logger.Info("Skipping defragmentation",
                {{"current-db-size-bytes", before.allocated},
                 {"current-db-size-in-use-bytes", before.in_use},
                 {"bootstrap-defrag-threshold-bytes", options.bootstrap_defragment_bytes}});
    return {};
  }
  RETURN_IF_ERROR(database->Defragment([](uint64_t) { return true; }));
  logger.Info("defragmented the database before the start",
              {{"previous-db-size-bytes", before.allocated},
               {"current-db-size-bytes", database->sizes().allocated}});
  return {};
}

}  // namespace

Server::Server(const Options& options, const Environment& environment, Recovered recovered,
               std::vector<runtime::Loop*> loops)
    : options_(options),
      environment_(environment),
      failure_(environment.on_failure),
      recovered_(std::move(recovered)),
      loops_(std::move(loops)),
      ids_(recovered_.id, environment.raft_loop->clock().WallNow(), loops_.size()),
      room_(options, environment, &progress_),
      retry_pause_(kRetryPauseMin) {}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::Open(const Options& options, const Environment& given,
                                                   std::vector<runtime::Loop*> loops) {
  // Damage that is met before there is a server fails the start.
  const auto opened = std::make_shared<std::atomic<Server*>>(nullptr);
  Environment environment = given;
  environment.on_damage = [opened](const base::Status& damage) {
    Server* const server = *opened;
    return server != nullptr && server->ReportDamage(damage);
  };
  const runtime::Clock& clock = environment.raft_loop->clock();
  const runtime::TimePoint start = clock.Now();
  ASSIGN_OR_RETURN(Recovered recovered, OpenDataDirectory(options, environment));
  RETURN_IF_ERROR(DefragmentIfWorthwhile(options, *environment.logger, recovered.database.get()));
  environment.logger->Info("opened data directory",
                           {{"data-dir", options.data_dir},
                            {"local-member-id", members::HexText(recovered.id.value())},
                            {"cluster-id", members::HexText(recovered.cluster.value())},
                            {"consistent-index", recovered.applied.index.value()},
                            {"snapshot-index", recovered.base.index.value()},
                            {"log-entries", recovered.entries.size()},
                            {"took", clock.Now() - start}});
  loops.push_back(environment.apply_loop);
  std::unique_ptr<Server> server(
      new Server(options, environment, std::move(recovered), std::move(loops)));
  RETURN_IF_ERROR(server->OpenState());
  server->replica_ =
      std::make_unique<Replica>(options, environment, &server->recovered_, &server->progress_,
                                &server->room_, &server->failure_, server->ReplicaHooks());
  const base::MemberId self = server->id();
  ApplyLoop* const apply_loop = server->apply_loop_.get();
  Replica* const replica = server->replica_.get();
  Progress* const progress = &server->progress_;
  for (size_t origin = 0; origin < server->loops_.size(); ++origin) {
    server->frontends_.push_back(std::make_unique<Frontend>(
        options, Frontend::Parts{server->loops_[origin], &server->ids_, origin, replica, apply_loop,
                                 progress, environment.registry}));
  }
  server->OpenReconfiguration();
  Frontend* const own = server->frontends_.back().get();
  server->defragmenter_ = std::make_unique<Defragmenter>(environment, apply_loop);
  server->downgrading_ =
      std::make_unique<Downgrading>(environment, Downgrading::Parts{apply_loop, own});
  server->lease_requests_ = std::make_unique<LeaseRequests>(
      options, environment,
      LeaseRequests::Parts{self, apply_loop, server->lease_keeper_.get(), own, replica, progress});
  server->lease_rights_ = std::make_unique<LeaseRights>(environment, apply_loop, own);
  server->extensions_ =
      std::make_unique<Extensions>(options, environment, Extensions::Parts{self, apply_loop, own});
  server->version_monitor_ = std::make_unique<VersionMonitor>(
      options, environment, VersionMonitor::Parts{self, apply_loop, own, progress});
  server->corruption_checker_ = std::make_unique<CorruptionChecker>(
      options, environment, CorruptionChecker::Parts{self, apply_loop, own, progress});
  server->space_keeper_ = std::make_unique<SpaceKeeper>(
      options, environment, SpaceKeeper::Parts{self, apply_loop, own, &server->room_, progress});
  server->free_pages_ =
      std::make_unique<FreePages>(options, environment, apply_loop, server->defragmenter_.get());
  const AutoCompaction& automatic = options.auto_compaction;
  if (automatic.period > runtime::Duration(0) || automatic.revisions > 0) {
    server->auto_compactor_ =
        std::make_unique<AutoCompactor>(automatic, self, own, environment.logger);
  }
  AddServerMetrics(server.get(), environment.registry);
  *opened = server.get();
  return server;
}

void Server::OpenReconfiguration() {
  Frontend* const own = frontends_.back().get();
  leader_transfer_ = std::make_unique<LeaderTransfer>(
      environment_, LeaderTransfer::Parts{id(), replica_.get(), apply_loop_.get(), &progress_});
  reconfiguration_ = std::make_unique<Reconfiguration>(
      options_, environment_,
      Reconfiguration::Parts{id(), replica_.get(), apply_loop_.get(), own, leader_transfer_.get(),
                             &progress_});
  replacing_ = std::make_unique<Replacing>(options_, environment_,
                                           Replacing::Parts{id(), cluster(), apply_loop_.get(), own,
                                                            reconfiguration_.get(), &progress_});
  self_promotion_ = std::make_unique<SelfPromotion>(
      options_, environment_, SelfPromotion::Parts{id(), reconfiguration_.get(), &progress_});
}

base::Status Server::OpenState() {
  const runtime::Clock& clock = environment_.apply_loop->clock();
  const runtime::TimePoint start = clock.Now();
  ASSIGN_OR_RETURN(
      std::shared_ptr<apply::State> state,
      apply::State::Open(std::move(recovered_.database), StateOptions(options_), &clock));
  environment_.logger->Info(
      "restored key-value store",
      {{"current-revision", state->store().revision().value()}, {"took", clock.Now() - start}});
  lease_keeper_ = std::make_unique<LeaseKeeper>(options_, environment_, id(), &progress_);
  apply_loop_ = std::make_unique<ApplyLoop>(
      options_, environment_, &ids_, &progress_, &failure_, ApplyHooks(), std::move(state),
      recovered_.applied, std::min(recovered_.base.index, recovered_.applied.index));
  return {};
}

ApplyLoop::Hooks Server::ApplyHooks() {
  return {
      .on_applied =
          [this](base::Index index, std::vector<raft::ConfChangeV2> changes) {
            replica_->ReportApplied(index, std::move(changes));
          },
      .on_completed =
          [this](size_t origin, std::vector<Completion> completions,
                 std::optional<base::Revision> changed) {
            frontends_[origin]->Complete(std::move(completions), changed);
          },
      .send_snapshot =
          [this](raft::Message message, std::unique_ptr<backend::Reader> database) {
            replica_->SendSnapshot({std::move(message), std::move(database)});
          },
      .save_snapshot =
          [this](snap::Snapshot snapshot, base::Callback<void(bool saved)> done) {
            replica_->log_writer().SaveSnapshot(std::move(snapshot), std::move(done));
          },
      .on_members = [this](ClusterMembers members) { OnMembers(std::move(members)); },
      .on_term = [this](base::Term term) { lease_keeper_->Promote(term, apply_loop_->leases()); },
      .on_installed = [this] { damaged_ = false; },
      .lease_observer = lease_keeper_.get()};
}

Replica::Hooks Server::ReplicaHooks() {
  return {.on_committed =
              [this](std::vector<raft::Entry> entries) { apply_loop_->Apply(std::move(entries)); },
          .on_snapshot = [this](raft::EntryId at) { apply_loop_->Install(at); },
          .on_snapshot_wanted =
              [this](raft::Message message) { apply_loop_->MakeSnapshot(std::move(message)); },
          .on_refused =
              [this](size_t origin, std::vector<Completion> refused) {
                frontends_[origin]->Complete(std::move(refused));
              },
          .on_leader = [this](base::MemberId leader) { OnLeader(leader); }};
}

void Server::Start(base::Callback<void()> on_ready) {
  on_ready_ = std::move(on_ready);
  environment_.apply_loop->Post([this] {
    apply_loop_->Start();
    environment_.raft_loop->Post([this] { replica_->Start(); });
    if (auto_compactor_ != nullptr) auto_compactor_->Start();
    version_monitor_->Start();
    corruption_checker_->Start();
    space_keeper_->Start();
    tree_keeper_ = std::make_unique<TreeKeeper>(
        environment_,
        TreeKeeper::Parts{id(), apply_loop_.get(), frontends_.back().get(), &progress_});
    tree_keeper_->Start();
    free_pages_->Start();
    scrubber_ = std::make_unique<Scrubber>(
        options_, environment_,
        Scrubber::Parts{apply_loop_.get(), &replica_->log_writer(), &progress_});
    scrubber_->Start();
    lease_keeper_->Start(frontends_.back().get());
    Publish();
  });
}

bool Server::ReportDamage(const base::Status& damage) {
  const bool is_refilled = MayRefill(options_, environment_) && HasOtherVoter();
  if (damaged_.exchange(true)) return is_refilled;
  environment_.logger->Error(
      "a read of the database has met damage",
      {{"local-member-id", members::HexText(recovered_.id.value())}, {"error", damage.message()}});
  environment_.apply_loop->Post([this, is_refilled] {
    if (!is_refilled) return RaiseCorrupt();
    apply_loop_->KeepDamagedDatabase();
    replica_->AwaitSnapshot();
  });
  return is_refilled;
}

bool Server::HasOtherVoter() const {
  const std::shared_ptr<apply::State> current = state();
  const auto view = current->view().Get();
  return std::any_of(view->members.begin(), view->members.end(),
                     [this](const auto& each) { return each.id != id() && !each.is_learner; });
}

void Server::RaiseCorrupt() {
  RaiseAlarm(frontends_.back().get(), alarms::Type::kCorrupt, id(),
             [this](const apply::Reply& reply) {
               if (reply.status.ok() || reply.status == base::errors::kStopped) return;
               corrupt_timer_ = environment_.apply_loop->NewTimer([this] { RaiseCorrupt(); });
               corrupt_timer_->Arm(kRetryPauseMax);
             });
}

// Tells the cluster this member's name and where its clients find it; again until it is told.
void Server::Publish() {
  membershippb::ClusterMemberAttrSetRequest request;
  request.set_member_id(recovered_.id.value());
  request.mutable_member_attributes()->set_name(options_.name);
  for (const std::string& url : options_.advertise_client_urls) {
    request.mutable_member_attributes()->add_client_urls(url);
  }
  frontends_.back()->Propose(InternalRaftRequest::kClusterMemberAttrSetFieldNumber,
                             request.SerializeAsString(), [this](const apply::Reply& reply) {
                               if (reply.status == base::errors::kStopped) return;
                               if (!reply.status.ok()) return RetryPublish(reply.status);
                               LogPublished();
                               published_ = true;
                               CheckReady();
                             });
}

void Server::RetryPublish(const base::Status& status) {
  // What it waits for is told by SnapshotWait.
  if (progress_.awaits_snapshot) return RetryLater([this] { Publish(); });
  environment_.logger->Warn(
      "failed to publish local member to cluster through raft",
      {{"local-member-id", members::HexText(recovered_.id.value())}, {"error", status.message()}});
  if (progress_.leader == 0 && retry_pause_ == kRetryPauseMin) {  // once
    environment_.logger->Warn(
        "there is no leader: a majority of the members must run and reach each other; if it is "
        "lost for good, etcdutl recover makes a new cluster of what is left",
        {{"local-member-id", members::HexText(recovered_.id.value())}});
  }
  RetryLater([this] { Publish(); });
}

void Server::RetryLater(base::Callback<void()> retry) {
  retry_timer_ = environment_.apply_loop->NewTimer(std::move(retry));
  retry_timer_->Arm(retry_pause_);
  retry_pause_ = std::min(2 * retry_pause_, kRetryPauseMax);
}

void Server::LogPublished() const {
  std::string urls;
  for (const std::string& url : options_.advertise_client_urls) {
    urls += (urls.empty() ? "" : " ") + url;
  }
  environment_.logger->Info(
      "published local member to cluster through raft",
      {{"local-member-id", members::HexText(recovered_.id.value())},
       {"local-member-attributes", "{Name:" + options_.name + " ClientURLs:[" + urls + "]}"},
       {"cluster-id", members::HexText(recovered_.cluster.value())},
       {"publish-timeout", options_.request_timeout()}});
}

void Server::CheckReady() {
  const std::string& version = apply_loop_->members().cluster_version();
  if (ready_ || !published_ || version.empty()) return;
  ready_ = true;
  space_keeper_->SetReady();
  environment_.logger->Info("enabled capabilities for version",
                            {{"cluster-version", version.substr(0, version.rfind('.'))}});
  if (recovered_.replacement.has_value()) self_promotion_->Start(*recovered_.replacement);
  on_ready_();
}

void Server::TakeOver(base::Callback<void()> done) {
  replica_->log_writer().RunOnLog(
      [this](wal::Log* log) { return MoveEtcdFiles(environment_, Paths(options_), log); },
      [this, done = std::move(done)]() mutable {
        recovered_.etcd_database = nullptr;
        done();
      });
}

std::string Server::NewSpoolPath() {
  return runtime::JoinPath(Paths(options_).snap, "tmp.spool." + std::to_string(++spools_));
}

void Server::WhenLogged(base::Callback<void()> done) {
  replica_->log_writer().RunOnLog([](wal::Log* log) { return log->WriteState(); }, std::move(done));
}

void Server::Stop(base::Callback<void()> done) {
  defragmenter_->Stop();
  environment_.apply_loop->Post([this, done = std::move(done)]() mutable {
    if (!HasOtherVoter() || progress_.leader != id().value()) {
      return apply_loop_->WhenDurable(std::move(done));
    }
    const runtime::TimePoint deadline =
        environment_.apply_loop->clock().Now() + options_.election_timeout;
    leader_transfer_->MoveAway(
        deadline, [this, done = std::move(done)](const base::Status& status) mutable {
          if (!status.ok()) {
            environment_.logger->Warn(
                "leadership transfer failed",
                {{"local-member-id", members::HexText(id().value())}, {"error", status.message()}});
          }
          apply_loop_->WhenDurable(std::move(done));
        });
  });
}

void Server::MoveLeader(base::MemberId target, const Caller& caller,
                        LeaderTransfer::OnMoved on_moved) {
  environment_.apply_loop->Post([this, target, caller, on_moved = std::move(on_moved)]() mutable {
    const runtime::TimePoint latest =
        environment_.apply_loop->clock().Now() + options_.request_timeout();
    leader_transfer_->Move(target, std::min(caller.deadline, latest), std::move(on_moved));
  });
}

void Server::OnLeader(base::MemberId leader) {
  environment_.apply_loop->Post([this] { lease_keeper_->OnLeaderChanged(); });
  if (leader == base::MemberId()) return;
  for (const auto& frontend : frontends_) frontend->OnElected();
  environment_.apply_loop->Post([this, leader] {
    leader_transfer_->OnLeader(leader);
    if (leader == id()) version_monitor_->OnElected();
  });
}

void Server::OnMembers(ClusterMembers members) {
  const auto self = std::find_if(members.members.begin(), members.members.end(),
                                 [this](const auto& member) { return member.id == id(); });
  progress_.is_learner = self != members.members.end() && self->is_learner;
  const bool removed = std::binary_search(members.removed.begin(), members.removed.end(), id());
  if (environment_.transport != nullptr) environment_.transport->SetMembers(std::move(members));
  if (removed && removed_timer_ == nullptr) StopForGood();
  CheckReady();
}

// Not at once: the others may yet have to hear from this member that the change is committed.
void Server::StopForGood() {
  environment_.logger->Warn(
      "the member has been permanently removed from the cluster",
      {{"local-member-id", members::HexText(id().value())}, {"delay", kRemovedPause}});
  removed_timer_ = environment_.apply_loop->NewTimer([this] { ReportRemoved(); });
  removed_timer_->Arm(kRemovedPause);
}

void Server::ReportRemoved() {
  reconfiguration_->ReportRemoved();
  for (const auto& frontend : frontends_) frontend->EndWaiting();
  environment_.on_removed();
}

}  // namespace server
