#include "sim/cluster.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "raft/progress.h"
#include "server/damaged_files.h"
#include "sim/atlas.h"
#include "storage/wal/reader.h"

namespace sim {
namespace {

using runtime::simulated::CrashMode;

constexpr char kToken[] = "sim";

// Nobody reads what the members log.
class NoSink final : public observe::LogSink {
 public:
  void Write(std::string_view) override {}
  void Flush() override {}
};

// Cuts the last segment of a log short, where a start is sure to see that. Whether it may have
// been.
bool CutLog(runtime::Disk& disk, const std::string& directory, runtime::Random& random) {
  const auto remains = wal::ReadRemains(disk, directory);
  if (!remains.ok() || !remains->is_preallocated || remains->size == 0) return false;
  const auto is_repaired = disk.Exists(remains->path + ".broken");
  if (!is_repaired.ok() || *is_repaired) return false;
  auto file = disk.Open(remains->path, runtime::OpenMode::kWrite);
  if (!file.ok()) return false;
  (*file)->Truncate(random.Below(remains->size)).IgnoreError();
  (*file)->Sync().IgnoreError();
  return true;
}

// Flips a bit of a log, somewhere in what was written. Whether it did.
bool FlipBit(runtime::Disk& disk, const std::string& directory, runtime::Random& random) {
  const auto remains = wal::ReadRemains(disk, directory);
  if (!remains.ok()) return false;
  auto file = disk.Open(remains->path, runtime::OpenMode::kWrite);
  base::Bytes bytes;
  if (!file.ok() || !(*file)->ReadAt(0, remains->size, &bytes).ok() || bytes.empty()) return false;
  // Zeros lie behind what was written, for the most part.
  const size_t written = bytes.find_last_not_of('\0');
  if (written == bytes.npos) return false;
  const uint64_t offset = random.Below(written + 1);
  bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << random.Below(8)));
  (*file)->WriteAt(offset, base::ByteView(bytes).substr(offset, 1)).IgnoreError();
  (*file)->Sync().IgnoreError();
  return true;
}

config::ServerConfig NewConfig() {
  config::ServerConfig config;
  config.client_api.enable_v2 = true;
  return config;
}

http::Limits LimitsOf(const Plan& plan) {
  http::Limits limits;
  limits.stream_send_buffer = plan.stream_buffer_bytes;
  return limits;
}

}  // namespace

struct Cluster::Member {
  Member(const members::Member& member, uint64_t seed)
      : id(member.id), description(member), storage(std::make_unique<Storage>(seed)) {}

  const base::MemberId id;
  const members::Member description;
  std::unique_ptr<Storage> storage;
  server::Options options;
  std::unique_ptr<Process> process;
  uint64_t lives = 0;  // so far
  std::unique_ptr<runtime::Timer> revival;
  bool power_off = false;
  bool dying = false;
  bool is_doomed = false;  // its disk is to fail
  // Its log was cut: its next start may find out that it has lost something.
  bool may_have_lost = false;
  bool has_lost = false;    // it has, and does not start any more
  bool is_to_vote = false;  // it has taken the place of a voter
};

Cluster::Cluster(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
                 Checker* checker, const Plan& plan, raft::Tracer* raft_tracer)
    : scheduler_(scheduler),
      plan_(plan),
      disk_latency_max_(plan.disk_latency_max),
      wires_(wires),
      checker_(*checker),
      raft_tracer_(raft_tracer),
      config_(NewConfig()),
      limits_(LimitsOf(plan)),
      network_(scheduler, &checker->trace()),
      sink_(std::make_unique<NoSink>()),
      logger_(&scheduler->clock(), sink_.get(), {.level = observe::Level::kFatal}),
      loop_(scheduler->NewLoop("cluster")) {
  std::vector<members::Member> founders;
  std::vector<base::MemberId> ids;
  for (uint64_t i = 0; i < plan.members; ++i) {
    founders.push_back(NewMember());
    founders_.push_back({founders.back().name, founders.back().peer_urls});
    ids.push_back(founders.back().id);
  }
  cluster_id_ = members::InitialClusterId(ids);
  for (const members::Member& founder : founders) {
    Member& member = Add(founder);
    member.options.initial_cluster = founders_;
    member.options.initial_cluster_token = kToken;
    Start(member);
  }
}

// A process that ends answers what it was asked, here too.
Cluster::~Cluster() {
  for (const auto& member : members_) member->process.reset();
}

members::Member Cluster::NewMember() {
  const std::string name = "m" + std::to_string(++members_made_);
  const std::vector<std::string> urls = {"http://" + name + ":2380"};
  return {.id = members::InitialMemberId(urls, kToken),
          .peer_urls = urls,
          .name = name,
          .client_urls = {}};
}

Cluster::Member& Cluster::Add(const members::Member& added) {
  runtime::Random& random = scheduler_->random();
  auto member = std::make_unique<Member>(added, random.Next());
  member->options = plan_.options;
  if (plan_.harms_logs()) member->options.replace = true;
  member->options.name = added.name;
  member->options.data_dir = "/" + added.name;
  const auto tick = runtime::Duration(static_cast<runtime::Duration::rep>(
      random.Between(static_cast<uint64_t>(plan_.tick_interval_min.count()),
                     static_cast<uint64_t>(plan_.tick_interval_max.count()))));
  member->options.heartbeat_interval = tick;
  member->options.election_timeout = Plan::kElectionTicks * tick;
  member->revival = loop_->NewTimer([this, raw = member.get()] { Start(*raw); });
  return *members_.emplace_back(std::move(member));
}

void Cluster::Join(const members::Member& joining) {
  Member& member = Add(joining);
  member.options.join_existing_cluster = true;
  member.options.joining = server::Joining{joining.id, cluster_id_};
  Start(member);
}

void Cluster::Retire(base::MemberId id) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [id](const auto& member) { return member->id == id; });
  if (found == members_.end()) return;
  (*found)->revival->Disarm();
  (*found)->process.reset();
  retired_.push_back(std::move(*found));
  members_.erase(found);
}

std::vector<base::MemberId> Cluster::members() const {
  std::vector<base::MemberId> ids;
  for (const auto& member : members_) ids.push_back(member->id);
  return ids;
}

Cluster::Member* Cluster::Find(base::MemberId id) const {
  for (const auto& member : members_) {
    if (member->id == id) return member.get();
  }
  return nullptr;
}

Process* Cluster::process(base::MemberId id) const {
  const Member* const member = Find(id);
  return member == nullptr || member->dying ? nullptr : member->process.get();
}

Process* Cluster::RandomProcess() const {
  return process(members_[scheduler_->random().Below(members_.size())]->id);
}

std::vector<runtime::Address> Cluster::client_addresses() const {
  std::vector<runtime::Address> addresses;
  for (const auto& member : members_) {
    addresses.push_back(Process::ClientAddress(member->description.name));
  }
  return addresses;
}

Process* Cluster::Leader() const {
  Process* leader = nullptr;
  for (const base::MemberId id : members()) {
    Process* const candidate = process(id);
    if (candidate == nullptr || candidate->node().role() != raft::Role::kLeader) continue;
    if (leader == nullptr || candidate->node().term() > leader->node().term()) leader = candidate;
  }
  return leader;
}

std::optional<base::Index> Cluster::CatchingUp() const {
  const Process* const leader = Leader();
  if (leader == nullptr) return std::nullopt;
  const raft::Node& node = leader->node();
  const base::Index replicated =
      raft::CommittedIndex(node.membership().voters, raft::Matches(node.AsLeader()->progress));
  if (node.log().TermAt(replicated) == node.term()) return std::nullopt;
  return replicated;
}

void Cluster::Start(Member& member) {
  if (member.process != nullptr) return;
  if (member.power_off) {
    member.storage->disk().Restart(plan_.keeps_some_unsynced ? CrashMode::kKeepSome
                                                             : CrashMode::kDropUnsynced);
    member.power_off = false;
    member.is_doomed = false;
  }
  if (member.has_lost) return AskReplacement(member);
  auto started = Process::Start(
      {scheduler_, &network_, wires_, &config_, &limits_, &checker_, &logger_, raft_tracer_},
      member.storage.get(), member.options, disk_latency_max_,
      [this, &member] { OnDeath(member); });
  ++member.lives;
  if (started.ok()) {
    member.process = *std::move(started);
    member.may_have_lost = false;
    return;
  }
  if (member.may_have_lost && started.status().code() == base::Code::kDataLoss) {
    member.has_lost = true;
    return member.revival->Arm(DrawDowntime());
  }
  // The disk may fail again while the log is being repaired, or be full; anything else is a lost
  // promise.
  const bool is_disk =
      started.status().code() == base::Code::kUnavailable ||
      started.status().code() == base::Code::kResourceExhausted ||
      started.status().message().find("input/output error") != std::string_view::npos;
  if (!is_disk) checker_.Fail(started.status());
  member.power_off = true;
  member.revival->Arm(DrawDowntime());
}

runtime::Duration Cluster::DrawDowntime() {
  return runtime::Duration(static_cast<runtime::Duration::rep>(
      scheduler_->random().Below(static_cast<uint64_t>(plan_.downtime_max.count()))));
}

void Cluster::OnDeath(Member& member) {
  // The process is on the stack; it goes when it has returned.
  member.dying = true;
  member.power_off = true;
  loop_->Post([this, &member, life = member.lives] {
    if (member.process == nullptr || member.lives != life) return;
    ++crashes_;
    Bury(member);
  });
}

void Cluster::Bury(Member& member) {
  if (member.process == nullptr) return;
  member.process.reset();
  member.dying = false;
  if (Find(member.id) != nullptr) member.revival->Arm(DrawDowntime());
}

void Cluster::Kill(base::MemberId id) {
  Member* const member = Find(id);
  if (member == nullptr || member->process == nullptr) return;
  ++crashes_;
  Bury(*member);
}

void Cluster::Stop(base::MemberId id) {
  Process* const stopping = process(id);
  if (stopping == nullptr || stopping->stopping()) return;
  Member& member = *Find(id);
  stopping->Stop([this, &member, life = member.lives] {
    loop_->Post([this, &member, life] {
      if (member.process == nullptr || member.lives != life) return;
      ++stops_;
      Bury(member);
    });
  });
}

void Cluster::FailPowerAfter(base::MemberId id, uint64_t operations) {
  Member* const member = Find(id);
  if (member == nullptr) return;
  member->is_doomed = true;
  member->storage->disk().FailPowerAfter(operations);
}

void Cluster::FailSyncAfter(base::MemberId id, uint64_t operations) {
  Member* const member = Find(id);
  if (member == nullptr) return;
  member->is_doomed = true;
  member->storage->disk().FailSyncAfter(operations);
}

void Cluster::SetRoom(base::MemberId id, std::optional<uint64_t> bytes) {
  Member* const member = Find(id);
  if (member == nullptr) return;
  constexpr uint64_t kNoEnd = std::numeric_limits<uint64_t>::max();
  runtime::simulated::Disk& disk = member->storage->disk();
  disk.SetCapacity(kNoEnd);
  if (bytes.has_value()) disk.SetCapacity(kNoEnd - disk.FreeBytes("/").value() + *bytes);
}

void Cluster::DamageDatabase(base::MemberId id) {
  Member* const member = Find(id);
  if (member == nullptr || member->process == nullptr || !MayBeHarmed(id)) return;
  Kill(id);
  damaged_.insert(id);
  ++damages_;
  member->storage->DamageDatabase(server::Paths(member->options).database);
}

bool Cluster::IsWholeAgain(base::MemberId id) const {
  const Member* const member = Find(id);
  if (member == nullptr) {
    // Gone for good: it harms as long as its vote counts, as in a joint configuration that removes
    // it.
    const Process* const leader = Leader();
    return leader != nullptr && !leader->node().membership().voters.Contains(id);
  }
  if (member->process == nullptr || member->dying) return false;
  const server::Progress& progress = member->process->server().progress();
  const raft::Membership& membership = member->process->node().membership();
  const bool has_its_place = !member->is_to_vote || membership.voters.Contains(member->id);
  return progress.applied > 0 && has_its_place && !progress.awaits_snapshot &&
         !member->process->node().awaits_snapshot();
}

std::set<base::MemberId> Cluster::Harmed() const {
  std::set<base::MemberId> harmed = damaged_;
  std::erase_if(harmed, [this](base::MemberId id) { return IsWholeAgain(id); });
  return harmed;
}

// While operators change the members nobody knows who votes when somebody has recovered: one at a
// time.
bool Cluster::MayBeHarmed(base::MemberId id) const {
  std::set<base::MemberId> harmed = Harmed();
  if (harmed.empty()) return true;
  if (harmed.contains(id)) return false;
  const Process* const leader = Leader();
  if (leader == nullptr || plan_.conf_change_interval != runtime::Duration{0}) return false;
  harmed.insert(id);
  return LeavesQuorum(leader->node().membership(), harmed);
}

std::set<base::MemberId> Cluster::Impaired() const {
  std::set<base::MemberId> impaired = Harmed();
  for (const auto& member : members_) {
    const bool is_up = member->process != nullptr && !member->dying && !member->process->stopping();
    if (!is_up || member->is_doomed) impaired.insert(member->id);
  }
  return impaired;
}

bool Cluster::LeavesQuorumWithout(base::MemberId victim,
                                  const std::set<base::MemberId>& others) const {
  const Process* const leader = Leader();
  if (leader == nullptr) return false;
  std::set<base::MemberId> impaired = Impaired();
  impaired.insert(victim);
  impaired.insert(others.begin(), others.end());
  return LeavesQuorum(leader->node().membership(), impaired);
}

void Cluster::HoldMinority() {
  std::vector<base::MemberId> ids = members();
  const std::set<base::MemberId> harmed = Harmed();
  for (size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[scheduler_->random().Below(i)]);
  std::stable_partition(ids.begin(), ids.end(),
                        [&](base::MemberId id) { return harmed.contains(id); });
  ids.resize((ids.size() - 1) / 2);
  held_ = {ids.begin(), ids.end()};
  for (const base::MemberId id : held_) {
    Member& member = *Find(id);
    member.process.reset();
    member.dying = false;
    member.revival->Disarm();
  }
}

void Cluster::Release() {
  for (const base::MemberId id : std::exchange(held_, {})) Start(*Find(id));
}

bool Cluster::CanLose(base::MemberId id) const {
  const Process* const leader = Leader();
  if (leader == nullptr) return false;
  const raft::Membership& membership = leader->node().membership();
  if (membership.voters.IsJoint() || !membership.Contains(id)) return false;
  return !membership.voters.Contains(id) || membership.voters.incoming.size() >= 3;
}

Cluster::Member* Cluster::KillToHarmLog(base::MemberId id) {
  Member* const member = Find(id);
  if (member == nullptr || member->process == nullptr || member->dying) return nullptr;
  if (!CanLose(id) || !MayBeHarmed(id)) return nullptr;
  Kill(id);
  damaged_.insert(id);
  runtime::simulated::Disk& disk = member->storage->disk();
  disk.FailPowerAfter(0);
  disk.FailSyncAfter(0);
  member->is_doomed = false;
  return member;
}

void Cluster::DamageLog(base::MemberId id) {
  Member* const member = KillToHarmLog(id);
  if (member == nullptr) return;
  ++log_damages_;
  member->may_have_lost =
      FlipBit(member->storage->disk(), server::Paths(member->options).wal, scheduler_->random());
}

void Cluster::LoseLog(base::MemberId id) {
  Member* const member = KillToHarmLog(id);
  if (member == nullptr) return;
  ++losses_;
  const server::Paths paths(member->options);
  runtime::simulated::Disk& disk = member->storage->disk();
  switch (scheduler_->random().Below(3)) {
    case 0:
      member->may_have_lost = CutLog(disk, paths.wal, scheduler_->random());
      break;
    case 1:
      member->has_lost = true;
      disk.RemoveAll(paths.wal).IgnoreError();
      break;
    default:
      member->has_lost = true;
      disk.RemoveAll(member->options.data_dir).IgnoreError();
  }
}

void Cluster::AskReplacement(Member& member) {
  member.revival->Arm(DrawDowntime());
  Process* const leader = Leader();
  if (leader == nullptr) return;
  const base::Result<server::Replacement> note = NoteReplacement(member, *leader);
  if (!note.ok()) {
    member.power_off = member.storage->disk().power_failed();
    return;
  }
  auto answered = [this, id = member.id, note = *note](const auto& members) {
    // Some answers are lost.
    if (scheduler_->random().OneIn(4)) return;
    loop_->Post([this, id, note, status = members.status()] { OnReplaced(id, note, status); });
  };
  leader->server().replacing().Replace(*note, {}, std::move(answered));
}

base::Result<server::Replacement> Cluster::NoteReplacement(Member& member, Process& leader) {
  runtime::Disk& disk = member.storage->disk();
  ASSIGN_OR_RETURN(const auto noted, server::ReadReplacement(disk, member.options));
  if (noted.has_value() && noted->member == member.id) return *noted;
  const auto view = leader.server().state()->view().Get();
  const auto known = std::find_if(view->members.begin(), view->members.end(),
                                  [&](const auto& each) { return each.id == member.id; });
  if (known == view->members.end()) {
    // Somebody has removed it.
    loop_->Post([this, id = member.id] { Retire(id); });
    return base::Status(base::errors::kMemberNotFound);
  }
  server::Replacement replacement =
      server::NewReplacement(*known, cluster_id_, scheduler_->clock().WallNow());
  replacement.is_voter = replacement.is_voter || (noted.has_value() && noted->is_voter);
  RETURN_IF_ERROR(disk.CreateDirectories(member.options.data_dir));
  RETURN_IF_ERROR(server::WriteReplacement(disk, member.options, replacement));
  return replacement;
}

void Cluster::OnReplaced(base::MemberId id, const server::Replacement& replacement,
                         const base::Status& status) {
  Member* const member = Find(id);
  if (member == nullptr || !member->has_lost) return;
  if (status.code() == base::Code::kFailedPrecondition) return Retire(id);
  if (!status.ok() || member->power_off) return;
  const base::Status aside =
      server::PutFilesAside(member->storage->disk(), member->options, replacement.successor);
  member->power_off = member->storage->disk().power_failed();
  if (aside.ok()) TakePlace(*member, replacement);
}

void Cluster::TakePlace(Member& member, const server::Replacement& replacement) {
  const server::Joining joining = server::JoiningOf(replacement);
  members::Member description = NewMember();
  description.id = joining.self;
  description.peer_urls = replacement.peer_urls;
  server::Options options = member.options;
  options.name = description.name;
  options.join_existing_cluster = true;
  options.joining = joining;
  std::unique_ptr<Storage> storage = std::move(member.storage);
  Retire(member.id);
  Member& successor = Add(description);
  successor.storage = std::move(storage);
  // Whoever had filled it knows only the member that was there.
  SetRoom(successor.id, std::nullopt);
  successor.options = std::move(options);
  successor.is_to_vote = replacement.is_voter;
  damaged_.insert(successor.id);
  ++replacements_;
  Start(successor);
}

void Cluster::SetDiskLatency(runtime::Duration latency_max) {
  disk_latency_max_ = latency_max;
  for (const auto& member : members_) {
    if (member->process != nullptr) member->process->SetDiskLatency(latency_max);
  }
}

void Cluster::ReviveAll() {
  for (const auto& member : members_) {
    SetRoom(member->description.id, std::nullopt);
    member->storage->disk().FailPowerAfter(0);
    member->storage->disk().FailSyncAfter(0);
    member->is_doomed = false;
    if (held_.contains(member->id) || (member->process != nullptr && !member->dying)) continue;
    Bury(*member);
    Start(*member);
  }
}

void Cluster::CompareLogs() {
  for (const base::MemberId a : members()) {
    for (const base::MemberId b : members()) {
      if (a >= b || process(a) == nullptr || process(b) == nullptr) continue;
      checker_.CompareLogs(process(a)->node(), process(b)->node());
    }
  }
}

Tally Cluster::tally() const {
  Tally tally;
  tally.Add("members: crashes", crashes_);
  tally.Add("members: stops that came to their end", stops_);
  tally.Add("members: databases damaged", damages_);
  tally.Add("members: logs damaged", log_damages_);
  tally.Add("members: logs lost", losses_);
  tally.Add("members: replaced", replacements_);
  tally.Add("members: retired", retired_.size());
  return tally;
}

std::string Cluster::Describe() const {
  std::string text;
  for (const auto& member : members_) {
    text += "\n  " + member->description.name;
    const Process* const alive = process(member->id);
    if (alive == nullptr) {
      text += " down";
      continue;
    }
    const raft::Node& node = alive->node();
    text += " role " + std::to_string(static_cast<int>(node.role())) + " term " +
            ToString(node.term()) + " committed " + ToString(node.log().committed()) + " applied " +
            ToString(node.log().applied()) + " last " + ToString(node.log().LastIndex()) +
            " voters";
    for (const base::MemberId id : node.membership().voters.Members()) text += " " + NameOf(id);
    text += " learners";
    for (const base::MemberId id : node.membership().learners) text += " " + NameOf(id);
  }
  return text;
}

const std::string& Cluster::NameOf(base::MemberId id) const {
  static const std::string kGone = "(gone)";
  const Member* const member = Find(id);
  return member == nullptr ? kGone : member->description.name;
}

bool Cluster::AgreesOnConfiguration() const {
  std::optional<raft::ConfState> agreed;
  for (const base::MemberId id : members()) {
    if (process(id) == nullptr) continue;
    raft::ConfState own = process(id)->node().membership().ToConfState();
    if (agreed.has_value() && own != *agreed) return false;
    agreed = std::move(own);
  }
  return true;
}

}  // namespace sim
