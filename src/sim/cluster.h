#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/server_config.h"
#include "observe/log.h"
#include "server/replacement.h"
#include "sim/checker.h"
#include "sim/message_network.h"
#include "sim/plan.h"
#include "sim/process.h"
#include "sim/storage.h"
#include "sim/tally.h"
#include "state/members/member.h"

namespace sim {

// Members, what they keep, and the network between them. Members come and go; those that were
// removed never come back.
class Cluster {
 public:
  // All outlive this. Clients reach the members over `wires`. `raft_tracer` is told of the steps of
  // all raft nodes; or null.
  Cluster(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
          Checker* checker, const Plan& plan, raft::Tracer* raft_tracer);
  ~Cluster();

  // Of the members that may live, in the order in which they came.
  std::vector<base::MemberId> members() const;
  // The host of a member that may live.
  const std::string& NameOf(base::MemberId id) const;
  // Null while the member is down.
  Process* process(base::MemberId id) const;
  Process* RandomProcess() const;
  // Where clients find the members that may live; the host of each is its name.
  std::vector<runtime::Address> client_addresses() const;
  // A leader of the highest term, if any.
  Process* Leader() const;
  // A leader commits nothing before a majority has all the entries that earlier leaders left in its
  // log. Up to which of these the leader knows a majority to be; nothing if that is up to the last,
  // or if there is no leader.
  std::optional<base::Index> CatchingUp() const;

  // A member that is not there yet: of an identifier that nobody had.
  members::Member NewMember();
  // Starts it, to join the cluster.
  void Join(const members::Member& member);
  // Ends a member for good.
  void Retire(base::MemberId id);

  // Ends a member's process; what it wrote reaches the disk, synced or not. It comes back later.
  void Kill(base::MemberId id);
  // Has it stop as a process does that is asked to: its calls may end. It comes back later.
  void Stop(base::MemberId id);
  // Its power fails in the middle of the `operations`-th change of its disk from now.
  void FailPowerAfter(base::MemberId id, uint64_t operations);
  // The `operations`-th sync from now fails, which a member must not survive.
  void FailSyncAfter(base::MemberId id, uint64_t operations);
  // So much is free on its disk, until it is told otherwise; without a number there is no end to
  // it.
  void SetRoom(base::MemberId id, std::optional<uint64_t> bytes);
  // Kills a member and damages its database, unless too few of the others are whole (atlas.h): some
  // of them must have the state.
  void DamageDatabase(base::MemberId id);
  // Likewise kills a member that belongs to the cluster and has it lose its log: its end, all of
  // it, or all of its files. With Options::replace it asks to be replaced from then on, until it
  // is.
  void LoseLog(base::MemberId id);
  // Likewise flips a bit of its log. What the member cannot make good it has lost.
  void DamageLog(base::MemberId id);
  // Starts every member that is down and is not held, and keeps disks whole, with room, from here
  // on.
  void ReviveAll();
  // Of all members, also of those that start later.
  void SetDiskLatency(runtime::Duration latency_max);
  // As many members as a quorum can do without end, those that are harmed first, and do not come
  // back before Release. All that belong to the cluster are founders and vote.
  void HoldMinority();
  // Starts them.
  void Release();
  // Whether a quorum that has nothing to wait for is left when `victim` and `others` are impaired
  // besides those that are: down, about to be, or without their state.
  bool LeavesQuorumWithout(base::MemberId victim, const std::set<base::MemberId>& others) const;
  // Compares every pair of living members' logs.
  void CompareLogs();

  MessageNetwork& network() { return network_; }
  Checker& checker() { return checker_; }
  uint64_t crashes() const { return crashes_; }
  uint64_t stops() const { return stops_; }                // that came to their end
  uint64_t replacements() const { return replacements_; }  // of members that had lost their logs
  uint64_t retirements() const { return retired_.size(); }
  Tally tally() const;
  // A line for each member: its role, term, configuration and how far its log goes.
  std::string Describe() const;
  // Whether all living members work with the same configuration.
  bool AgreesOnConfiguration() const;

 private:
  struct Member;

  Member* Find(base::MemberId id) const;
  Member& Add(const members::Member& member);
  void Start(Member& member);
  // Whether a member whose files were damaged has recovered from it.
  bool IsWholeAgain(base::MemberId id) const;
  // Those whose files were damaged and that have not.
  std::set<base::MemberId> Harmed() const;
  bool MayBeHarmed(base::MemberId id) const;
  // Null, with nothing done, if its log may not be harmed now.
  Member* KillToHarmLog(base::MemberId id);
  // Whether it belongs to the cluster, and enough voters are left without it.
  bool CanLose(base::MemberId id) const;
  std::set<base::MemberId> Impaired() const;
  // Has the leader replace a member that has lost its log; again later, if that is not answered.
  void AskReplacement(Member& member);
  base::Result<server::Replacement> NoteReplacement(Member& member, Process& leader);
  void OnReplaced(base::MemberId id, const server::Replacement& replacement,
                  const base::Status& status);
  // Starts its successor on its disk.
  void TakePlace(Member& member, const server::Replacement& replacement);
  void OnDeath(Member& member);
  // Ends its process, if it lives, and has it come back later.
  void Bury(Member& member);
  runtime::Duration DrawDowntime();

  runtime::simulated::Scheduler* const scheduler_;
  const Plan plan_;
  runtime::Duration disk_latency_max_;
  runtime::simulated::Wires* const wires_;
  Checker& checker_;
  raft::Tracer* const raft_tracer_;
  const config::ServerConfig config_;
  const http::Limits limits_;
  MessageNetwork network_;
  const std::unique_ptr<observe::LogSink> sink_;
  const observe::Logger logger_;
  std::vector<server::InitialMember> founders_;
  base::ClusterId cluster_id_;
  uint64_t members_made_ = 0;
  std::vector<std::unique_ptr<Member>> members_;  // those that may live
  std::vector<std::unique_ptr<Member>> retired_;  // ended when nothing of them is on the stack
  uint64_t crashes_ = 0;
  uint64_t stops_ = 0;
  uint64_t damages_ = 0;
  uint64_t losses_ = 0;
  uint64_t log_damages_ = 0;
  uint64_t replacements_ = 0;
  std::set<base::MemberId> damaged_;  // their files were; or they are successors of such
  std::set<base::MemberId> held_;
  const std::unique_ptr<runtime::Loop> loop_;
};

}  // namespace sim
