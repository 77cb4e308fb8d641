#include "server/force_new_cluster.h"

#include <algorithm>
#include <set>
#include <utility>

#include "raft/codec.h"
#include "server/snapshot_install.h"
#include "state/members/member.h"
#include "state/members/membership.h"

// Why the entries are applied here and not by the member when it runs: until they are, it would
// know the others, hear of their terms and ask for their votes.

namespace server {
namespace {

using raft::ConfChangeType;

// Compat: a member that has never heard who its cluster is gets this address in etcd.
constexpr std::string_view kUnknownPeerUrl = "http://localhost:2380";

std::vector<std::string> OwnPeerUrls(const Options& options) {
  const auto self =
      std::find_if(options.initial_cluster.begin(), options.initial_cluster.end(),
                   [&](const InitialMember& member) { return member.name == options.name; });
  if (self != options.initial_cluster.end()) return self->peer_urls;
  return {std::string(kUnknownPeerUrl)};
}

class Changes {
 public:
  Changes(raft::EntryId after, base::Term term) : next_(after.index + 1), term_(term) {}

  void Add(const raft::ConfChange& change) {
    base::Bytes data;
    raft::Encode(change, &data);
    Push(raft::EntryType::kConfChange, data);
  }
  void LeaveJoint() {
    base::Bytes data;
    raft::Encode(raft::ConfChangeV2{}, &data);
    Push(raft::EntryType::kConfChangeV2, data);
  }
  std::vector<raft::Entry> Take() { return std::move(entries_); }

 private:
  void Push(raft::EntryType type, const base::Bytes& data) {
    entries_.push_back(
        {.term = term_, .index = next_, .type = type, .data = base::SharedBytes(data)});
    next_ = next_ + 1;
  }

  base::Index next_;
  const base::Term term_;
  std::vector<raft::Entry> entries_;
};

std::set<base::MemberId> Others(apply::State& state, base::MemberId self) {
  std::set<base::MemberId> others;
  for (const auto& [id, member] : state.members().members()) others.insert(id);
  for (const base::MemberId id : state.configuration().Members()) others.insert(id);
  others.erase(self);
  return others;
}

raft::ConfChange ChangeOf(ConfChangeType type, base::MemberId id, std::vector<std::string> urls) {
  const members::Member member{
      .id = id, .peer_urls = std::move(urls), .name = {}, .client_urls = {}};
  return {.type = type, .node_id = id, .context = members::ToJson(member)};
}

// Whether one of the members has one of the URLs: a copy of a directory, of another name, may start
// where the member itself did.
bool AreTaken(const std::vector<std::string>& urls, const members::Membership& members) {
  return std::any_of(urls.begin(), urls.end(), [&members](const std::string& url) {
    return std::any_of(members.members().begin(), members.members().end(),
                       [&url](const auto& each) {
                         const std::vector<std::string>& taken = each.second.peer_urls;
                         return std::find(taken.begin(), taken.end(), url) != taken.end();
                       });
  });
}

base::Status FailedToBeAlone(base::MemberId self, std::string_view why) {
  return {base::Code::kFailedPrecondition,
          "member " + members::HexText(self.value()) + " " + std::string(why) +
              ", so --force-new-cluster cannot leave it alone there; use another member, or "
              "restore a snapshot"};
}

// A member that votes alone commits what is durable in its log, and writes later, if ever, that it
// has: as far as no change of the configuration may have given it company.
base::Index CommittedAlone(const Recovered& recovered) {
  const raft::ConfState alone{.voters = {recovered.id}};
  base::Index committed = recovered.applied.index;
  if (recovered.conf_state != alone) return committed;
  for (size_t i = committed - recovered.base.index; i < recovered.entries.size(); ++i) {
    committed = recovered.entries[i].index;
    if (recovered.entries[i].type != raft::EntryType::kNormal) break;
  }
  return committed;
}

// What the log has behind its commit index: nobody may have been told of it.
void DropUncommitted(const observe::Logger& logger, Recovered* recovered) {
  const base::Index commit = recovered->hard_state.commit;
  const uint64_t kept = commit - recovered->base.index;
  if (recovered->entries.size() <= kept) return;
  logger.Info("discarding uncommitted WAL entries",
              {{"entry-index", commit.value() + 1},
               {"commit-index-from-wal", commit.value()},
               {"number-of-discarded-entries", recovered->entries.size() - kept}});
  recovered->entries.resize(kept);
}

}  // namespace

base::Result<std::vector<raft::Entry>> EntriesToBeAlone(Replay& replay, base::MemberId self,
                                                        base::Term term, const Options& options) {
  apply::State& state = replay.state();
  const members::Membership& members = state.members();
  if (members.removed().contains(self)) {
    return FailedToBeAlone(self, "was removed from its cluster");
  }
  Changes changes(replay.applied(), std::max(term, base::Term(1)));
  if (state.configuration().voters.IsJoint()) changes.LeaveJoint();
  const members::Member* const known = members.Find(self);
  const std::vector<std::string> urls = OwnPeerUrls(options);
  const bool is_in_anothers_place = known == nullptr && AreTaken(urls, members);
  if (known == nullptr) {
    changes.Add(ChangeOf(ConfChangeType::kAddNode, self,
                         is_in_anothers_place ? std::vector<std::string>() : urls));
  } else if (known->is_learner) {
    members::ChangeContext promote{.member = {}, .is_promote = true};
    promote.member.id = self;
    changes.Add(
        {.type = ConfChangeType::kAddNode, .node_id = self, .context = members::ToJson(promote)});
  }
  // After it: a configuration is never without a voter.
  for (const base::MemberId other : Others(state, self)) {
    changes.Add({.type = ConfChangeType::kRemoveNode, .node_id = other});
  }
  if (is_in_anothers_place) changes.Add(ChangeOf(ConfChangeType::kUpdateNode, self, urls));
  return changes.Take();
}

base::Status CheckIsAlone(Replay& replay, base::MemberId self) {
  const raft::ConfState alone{.voters = {self}};
  const auto& members = replay.state().members().members();
  if (replay.state().configuration().ToConfState() == alone && members.size() == 1 &&
      members.contains(self)) {
    return {};
  }
  return {base::Code::kDataLoss,
          "the members in the database are not those that the cluster votes by, so "
          "--force-new-cluster cannot leave one of them alone; restore a snapshot"};
}

base::Status ForceNewCluster(const Options& options, const Environment& environment,
                             Recovered* recovered) {
  const base::Index old_commit = recovered->hard_state.commit;
  recovered->hard_state.commit = std::max(old_commit, CommittedAlone(*recovered));
  DropUncommitted(*environment.logger, recovered);
  {
    ASSIGN_OR_RETURN(auto state, OpenStateAt(options, environment, std::move(recovered->database),
                                             Paths(options).database, recovered->applied.index));
    Replay replay(options, environment, std::move(state), recovered->applied);
    const std::span<const raft::Entry> entries = recovered->entries;
    RETURN_IF_ERROR(
        replay.Apply(entries.subspan(recovered->applied.index - recovered->base.index)));
    RETURN_IF_ERROR(replay.Commit());
    ASSIGN_OR_RETURN(const std::vector<raft::Entry> changes,
                     EntriesToBeAlone(replay, recovered->id, recovered->hard_state.term, options));
    // In memory, so that nothing is promised that cannot be kept.
    RETURN_IF_ERROR(replay.Apply(changes));
    RETURN_IF_ERROR(CheckIsAlone(replay, recovered->id));
    if (!changes.empty()) {
      raft::HardState& hard_state = recovered->hard_state;
      hard_state.term = changes.back().term;
      hard_state.commit = changes.back().index;
      RETURN_IF_ERROR(recovered->log->Append({.entries = changes, .hard_state = hard_state}));
      recovered->entries.insert(recovered->entries.end(), changes.begin(), changes.end());
    }
    RETURN_IF_ERROR(replay.Commit());
    recovered->applied = replay.applied();
  }
  environment.logger->Info("forcing restart member",
                           {{"cluster-id", members::HexText(recovered->cluster.value())},
                            {"local-member-id", members::HexText(recovered->id.value())},
                            {"wal-commit-index", old_commit.value()},
                            {"commit-index", recovered->hard_state.commit.value()}});
  ASSIGN_OR_RETURN(recovered->database,
                   environment.open_backend(Paths(options).database, environment.on_damage));
  recovered->conf_state = {.voters = {recovered->id}};
  return {};
}

}  // namespace server
