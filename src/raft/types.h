#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/errors.h"
#include "base/ids.h"
#include "base/shared_bytes.h"

// The nouns of the protocol, with etcd's names: plain values, and what raftpb carries of them.

namespace raft {

using base::Index;
using base::MemberId;
using base::Term;

inline constexpr MemberId kNobody{0};
inline constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

// What a proposal is answered when there is no leader to take it, or a limit or a leadership
// transfer stands in its way. The caller may try again.
inline constexpr base::errors::Error kProposalDropped{base::Code::kUnavailable,
                                                      "raft proposal dropped"};
// Step's refusals: a message that only a node may give itself, an answer from a stranger, and an
// append whose entries are not consecutive or whose terms decrease.
inline constexpr base::errors::Error kLocalMessage{base::Code::kInvalidArgument,
                                                   "raft: cannot step raft local message"};
inline constexpr base::errors::Error kPeerNotFound{base::Code::kNotFound,
                                                   "raft: cannot step as peer not found"};
inline constexpr base::errors::Error kMalformedMessage{base::Code::kInvalidArgument,
                                                       "raft: malformed message"};

// The enums below have raftpb's values.
enum class EntryType : uint8_t { kNormal = 0, kConfChange = 1, kConfChangeV2 = 2 };

// One position of the log. Copies share the payload.
struct Entry {
  Term term{};
  Index index{};
  EntryType type = EntryType::kNormal;
  base::SharedBytes data{};

  friend bool operator==(const Entry&, const Entry&) = default;
};

// Names an entry: a leader never issues two entries with the same index in its term.
struct EntryId {
  Term term{};
  Index index{};

  friend bool operator==(const EntryId&, const EntryId&) = default;
};

inline EntryId IdOf(const Entry& entry) {
  return {entry.term, entry.index};
}

// The bytes that `entry` takes in raftpb: what limits on messages and on applying count.
uint64_t EncodedSize(const Entry& entry);

// What must survive a crash, besides the log itself.
struct HardState {
  Term term{};
  MemberId vote{};
  Index commit{};

  bool empty() const { return *this == HardState(); }
  friend bool operator==(const HardState&, const HardState&) = default;
};

// Who votes and who learns. In a joint configuration voters_outgoing is not empty and decisions
// need a majority of both halves; learners_next become learners when the joint state is left.
struct ConfState {
  std::vector<MemberId> voters{};
  std::vector<MemberId> learners{};
  std::vector<MemberId> voters_outgoing{};
  std::vector<MemberId> learners_next{};
  bool auto_leave = false;

  friend bool operator==(const ConfState&, const ConfState&) = default;
};

// The state machine up to and including entry `index` of `term`, which replaces the log before it.
struct Snapshot {
  base::SharedBytes data{};
  ConfState conf_state{};
  Index index{};
  Term term{};

  EntryId id() const { return {term, index}; }
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

enum class MessageType : uint8_t {
  kHup = 0,
  kBeat = 1,
  kProp = 2,
  kApp = 3,
  kAppResp = 4,
  kVote = 5,
  kVoteResp = 6,
  kSnap = 7,
  kHeartbeat = 8,
  kHeartbeatResp = 9,
  kUnreachable = 10,
  kSnapStatus = 11,
  kCheckQuorum = 12,
  kTransferLeader = 13,
  kTimeoutNow = 14,
  kReadIndex = 15,
  kReadIndexResp = 16,
  kPreVote = 17,
  kPreVoteResp = 18,
  kStorageAppend = 19,
  kStorageAppendResp = 20,
  kStorageApply = 21,
  kStorageApplyResp = 22,
  kForgetLeader = 23,
};

// What members say to each other. Which fields mean something depends on the type:
//   kApp          (log_term, index) precede `entries`; commit
//   kAppResp      index acknowledged; or, with reject, the index refused, and (log_term,
//                 reject_hint) as the best guess of where the logs may still agree
//   kVote kPreVote            (log_term, index) end the candidate's log; context: the campaign
//   kSnap                     snapshot
//   kHeartbeat(Resp)          commit (request); context: the reads that the round confirms;
//                             vote_lease, wants_snapshot (answer): see Config
//   kProp                     entries without term and index
//   kReadIndex(Resp)          entries[0].data is the caller's context; index (answer)
//   kTransferLeader           from is the member that shall lead
struct Message {
  MessageType type = MessageType::kHup;
  bool reject = false;
  MemberId to{};
  MemberId from{};
  // 0 for kProp and kReadIndex, which hold in any term.
  Term term{};
  Term log_term{};
  Index index{};
  Index commit{};
  Index reject_hint{};
  uint32_t vote_lease_ms = 0;
  bool wants_snapshot = false;
  std::vector<Entry> entries{};
  SnapshotPtr snapshot{};
  base::SharedBytes context{};
};

// True for what a node only ever tells itself; such a message from the network is refused.
bool IsLocal(MessageType type);
// True for answers, which count only if they come from a member of the configuration.
bool IsResponse(MessageType type);

enum class ConfChangeType : uint8_t {
  kAddNode = 0,
  kRemoveNode = 1,
  kUpdateNode = 2,
  kAddLearnerNode = 3,
};

enum class ConfChangeTransition : uint8_t {
  // One change at a time is made directly, several through a joint configuration.
  kAuto = 0,
  // Through a joint configuration that is left by itself...
  kJointImplicit = 1,
  // ...or by a further (empty) change.
  kJointExplicit = 2,
};

struct ConfChangeSingle {
  ConfChangeType type = ConfChangeType::kAddNode;
  // 0: the change was refused by the application and is without effect.
  MemberId node_id{};

  friend bool operator==(const ConfChangeSingle&, const ConfChangeSingle&) = default;
};

struct ConfChangeV2 {
  ConfChangeTransition transition = ConfChangeTransition::kAuto;
  // Empty with kAuto: leave the joint configuration.
  std::vector<ConfChangeSingle> changes{};
  base::Bytes context{};

  bool LeavesJoint() const { return transition == ConfChangeTransition::kAuto && changes.empty(); }
  bool EntersJoint() const {
    return transition != ConfChangeTransition::kAuto || changes.size() > 1;
  }
  friend bool operator==(const ConfChangeV2&, const ConfChangeV2&) = default;
};

// The older form, a single change; the one that etcd proposes.
struct ConfChange {
  uint64_t id = 0;
  ConfChangeType type = ConfChangeType::kAddNode;
  MemberId node_id{};
  base::Bytes context{};

  ConfChangeV2 AsV2() const { return {{}, {{type, node_id}}, context}; }
  friend bool operator==(const ConfChange&, const ConfChange&) = default;
};

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

// What need not survive a crash; for logs, metrics and clients.
struct SoftState {
  MemberId leader{};
  Role role = Role::kFollower;

  friend bool operator==(const SoftState&, const SoftState&) = default;
};

// A confirmed read: once the state machine has applied `index`, the request that carried
// `context` may be served from it and is linearizable.
struct ReadState {
  Index index{};
  base::SharedBytes context{};

  friend bool operator==(const ReadState&, const ReadState&) = default;
};

}  // namespace raft
