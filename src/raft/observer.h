#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "raft/log_state.h"
#include "raft/membership.h"
#include "raft/progress.h"
#include "raft/types.h"

// What a node does that somebody may want to know: values without texts, for logs, metrics and
// tests. References and pointers in an event are valid during the call only.

namespace raft::event {

// The node has read its state and follows nobody.
struct Started {
  const Membership& membership;
  LogState log;
  EntryId last;
  Term term;
};

struct BecameRole {
  Role role;
  Term term;
};

enum class RefusedCampaign : uint8_t { kAlreadyLeader, kUnpromotable, kUnappliedConfChange };
struct CampaignRefused {
  RefusedCampaign reason;
  Term term;
};

struct CampaignStarted {
  Term term;
};

struct VoteRequested {
  MessageType type;
  MemberId voter;
  EntryId last;
  Term term;
};

// An answer to the node's own campaign arrived.
struct VoteReceived {
  MessageType type;
  MemberId voter;
  bool granted;
  Term term;
};

struct VotesTallied {
  MessageType type;
  size_t granted;
  size_t rejected;
};

// Somebody else's campaign was answered, or not.
enum class VoteAnswer : uint8_t { kCast, kRejected, kIgnoredInLease };
struct VoteAnswered {
  VoteAnswer answer;
  const Message& request;
  EntryId last;
  MemberId vote;
  Term term;
  // Of the leader's lease, with kIgnoredInLease.
  uint32_t remaining_ticks;
};

struct HigherTermReceived {
  const Message& message;
  Term term;
};

struct LowerTermIgnored {
  const Message& message;
  Term term;
};

// The disk has confirmed entries that were handed to it in an earlier term.
struct LatePersistIgnored {
  Term persisted_term;
  Term term;
};

struct QuorumLost {};

enum class DroppedProposal : uint8_t {
  kNoLeader,
  kForwardingDisabled,
  kLeaderTransfer,
  kUncommittedLimit,
  kNotMember,
  // It held no entry.
  kEmpty,
};
struct ProposalDropped {
  DroppedProposal reason;
  Term term;
  // Of the leader that it was not forwarded to, or the transfer's target.
  MemberId peer;
};

enum class RefusedConfChange : uint8_t {
  kUnapplied,
  kMustLeaveJoint,
  kNotJoint,
  // It is not a configuration change at all, or one that cannot be made from the active
  // configuration: more voters at once than a simple change may touch, or none left.
  kImpossible,
};
// A proposed configuration change became an empty entry.
struct ConfChangeRefused {
  RefusedConfChange reason;
  const ConfChangeV2& change;
  const Membership& membership;
  Index pending;
  Index applied;
};

struct ConfSwitched {
  const Membership& membership;
};

// The configuration shall leave its joint state by itself.
struct AutoLeave {
  const Membership& membership;
  bool proposed;
};

struct PeerUnknown {
  MemberId peer;
};

// The follower's side of an append that does not fit.
struct AppendRejected {
  const Message& request;
  Term local_term;
};

// The leader's side.
struct AppendRejectionReceived {
  const Message& answer;
};
struct ProgressDecreased {
  MemberId peer;
  const Progress& progress;
};

enum class SkippedSnapshot : uint8_t { kPeerInactive, kNoneAtHand };
struct SnapshotSkipped {
  SkippedSnapshot reason;
  MemberId peer;
};

// `progress` before the peer enters the snapshot state.
struct SnapshotSent {
  MemberId peer;
  EntryId snapshot;
  Index first_index;
  Index commit;
  const Progress& progress;
};
struct ReplicationPaused {
  MemberId peer;
  const Progress& progress;
};

enum class Resumed : uint8_t { kAppendAcknowledged, kSnapshotDelivered, kSnapshotFailed };
struct ReplicationResumed {
  Resumed reason;
  MemberId peer;
  const Progress& progress;
};

struct PeerUnreachable {
  MemberId peer;
  const Progress& progress;
};

// What became of a snapshot that the leader sent.
struct SnapshotRestoring {
  LogState log;
  EntryId snapshot;
};
enum class SnapshotOutcome : uint8_t { kInstalled, kCommitAdvanced, kNotMember };
struct SnapshotHandled {
  SnapshotOutcome outcome;
  const Snapshot& snapshot;
  Index commit;
  EntryId last;
};
struct SnapshotAnswered {
  bool restored;
  EntryId snapshot;
  Index commit;
};

struct ConflictFound {
  EntryId conflicting;
  Term existing;
};

// Entries that were not on disk yet gave way to a leader's.
struct UnstableTruncated {
  Index from;
  // All of them, and perhaps some on disk; otherwise those from `from` on.
  bool replaced;
};

enum class IgnoredPersist : uint8_t { kMissing, kIsSnapshot, kOtherTerm };
struct PersistIgnored {
  IgnoredPersist reason;
  EntryId persisted;
  Term unstable_term;
};

enum class Transfer : uint8_t {
  kTargetIsLearner,
  kSameTargetInProgress,
  kPreviousAborted,
  kTargetIsSelf,
  kStarted,
  kSentTimeoutNowAtOnce,
  kSentTimeoutNow,
  kNoLeader,
};
struct LeaderTransfer {
  Transfer step;
  MemberId target;
  Term term;
};

// Told to campaign at once.
struct TimeoutNowReceived {
  MemberId from;
  Term term;
  // By a candidate, which campaigns already.
  bool ignored;
  Role role;
};

struct LeaderForgotten {
  MemberId leader;
  Term term;
};
// With lease-based reads the leader's lease depends on its followers' memory.
struct ForgetLeaderRefused {};

enum class DroppedRead : uint8_t { kNoLeader, kMalformed };
struct ReadDropped {
  DroppedRead reason;
  const Message& message;
  Term term;
};

}  // namespace raft::event

namespace raft {

using Event = std::variant<
    event::Started, event::BecameRole, event::CampaignRefused, event::CampaignStarted,
    event::VoteRequested, event::VoteReceived, event::VotesTallied, event::VoteAnswered,
    event::HigherTermReceived, event::LowerTermIgnored, event::LatePersistIgnored,
    event::QuorumLost, event::ProposalDropped, event::ConfChangeRefused, event::ConfSwitched,
    event::AutoLeave, event::PeerUnknown, event::AppendRejected, event::AppendRejectionReceived,
    event::ProgressDecreased, event::SnapshotSkipped, event::SnapshotSent, event::ReplicationPaused,
    event::ReplicationResumed, event::PeerUnreachable, event::SnapshotRestoring,
    event::SnapshotHandled, event::SnapshotAnswered, event::ConflictFound, event::UnstableTruncated,
    event::PersistIgnored, event::LeaderTransfer, event::TimeoutNowReceived, event::LeaderForgotten,
    event::ForgetLeaderRefused, event::ReadDropped>;

// Told of everything above, in order, from within the node: must not call it back.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void Observe(const Event& event) = 0;
};

}  // namespace raft
