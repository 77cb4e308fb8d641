#include "raft/testing/event_printer.h"

#include "raft/testing/printer.h"

namespace raft::testing {
namespace {

// Joins texts, numbers and ids.
std::string Text(const std::string& text) {
  return text;
}
std::string Text(const char* text) {
  return text;
}
template <typename Id>
std::string Text(Id id) requires requires {
  id.value();
}
{ return ToString(id); }
template <typename... Parts>
std::string Line(const Parts&... parts) {
  return (Text(parts) + ...);
}

std::string Position(const char* separator, EntryId id) {
  return Line("[logterm: ", id.term, separator, "index: ", id.index, "]");
}

std::string TermAndIndex(EntryId id) {
  return Line("[index: ", id.index, ", term: ", id.term, "]");
}

std::string Tail(Term term) {
  return Line(" at term ", term);
}

std::string PrintLog(const LogState& log) {
  return Line("committed=", log.committed, ", applied=", log.applied, ", applying=", log.applying,
              ", unstable.offset=", log.unstable_from,
              ", unstable.offsetInProgress=", log.in_progress_to,
              ", len(unstable.Entries)=", std::to_string(log.unstable_entries));
}

}  // namespace

std::string EventPrinter::Hex(MemberId member) {
  return testing::Hex(member);
}

void EventPrinter::Print(const event::Started& e) {
  std::string peers;
  for (MemberId voter : e.membership.voters.Members()) {
    peers += (peers.empty() ? "" : ",") + Hex(voter);
  }
  Info(Line("newRaft ", node_, " [peers: [", peers, "], term: ", e.term,
            ", commit: ", e.log.committed, ", applied: ", e.log.applied,
            ", lastindex: ", e.last.index, ", lastterm: ", e.last.term, "]"));
}

void EventPrinter::Print(const event::BecameRole& e) {
  static const char* const kNames[] = {"follower", "pre-candidate", "candidate", "leader"};
  Info(Line(node_, " became ", kNames[static_cast<int>(e.role)], Tail(e.term)));
}

void EventPrinter::Print(const event::CampaignRefused& e) {
  switch (e.reason) {
    case event::RefusedCampaign::kAlreadyLeader:
      return Debug(node_ + " ignoring MsgHup because already leader");
    case event::RefusedCampaign::kUnpromotable:
      return Warn(node_ + " is unpromotable and can not campaign");
    case event::RefusedCampaign::kUnappliedConfChange:
      return Warn(Line(node_, " cannot campaign", Tail(e.term),
                       " since there are still pending configuration changes to apply"));
  }
}

void EventPrinter::Print(const event::CampaignStarted& e) {
  Info(node_ + " is starting a new election" + Tail(e.term));
}

void EventPrinter::Print(const event::VoteRequested& e) {
  Info(Line(node_, " ", Position(", ", e.last), " sent ", testing::Print(e.type), " request to ",
            Hex(e.voter), Tail(e.term)));
}

void EventPrinter::Print(const event::VoteReceived& e) {
  Info(Line(node_, " received ", testing::Print(e.type), e.granted ? " from " : " rejection from ",
            Hex(e.voter), Tail(e.term)));
}

void EventPrinter::Print(const event::VotesTallied& e) {
  Info(Line(node_, " has received ", std::to_string(e.granted), " ", testing::Print(e.type),
            " votes and ", std::to_string(e.rejected), " vote rejections"));
}

void EventPrinter::Print(const event::VoteAnswered& e) {
  static const char* const kAnswers[] = {" cast ", " rejected ", " ignored "};
  const bool cast = e.answer == event::VoteAnswer::kCast;
  std::string line =
      Line(node_, " [logterm: ", e.last.term, ", index: ", e.last.index, ", vote: ", Hex(e.vote),
           "]", kAnswers[static_cast<int>(e.answer)], testing::Print(e.request.type),
           cast ? " for " : " from ", Hex(e.request.from), " ",
           Position(", ", {e.request.log_term, e.request.index}), Tail(e.term));
  if (e.answer == event::VoteAnswer::kIgnoredInLease) {
    line += ": lease is not expired (remaining ticks: " + std::to_string(e.remaining_ticks) + ")";
  }
  Info(line);
}

void EventPrinter::Print(const event::HigherTermReceived& e) {
  Info(Line(node_, " [term: ", e.term, "] received a ", testing::Print(e.message.type),
            " message with higher term from ", Hex(e.message.from), " [term: ", e.message.term,
            "]"));
}

void EventPrinter::Print(const event::LowerTermIgnored& e) {
  Info(Line(node_, " [term: ", e.term, "] ignored a ", testing::Print(e.message.type),
            " message with lower term from ", Hex(e.message.from), " [term: ", e.message.term,
            "]"));
}

void EventPrinter::Print(const event::LatePersistIgnored& e) {
  Info(Line(node_, " [term: ", e.term, "] ignored entry appends from a ",
            testing::Print(MessageType::kStorageAppendResp),
            " message with lower term [term: ", e.persisted_term, "]"));
}

void EventPrinter::Print(const event::QuorumLost&) {
  Warn(node_ + " stepped down to follower since quorum is not active");
}

void EventPrinter::Print(const event::ProposalDropped& e) {
  switch (e.reason) {
    case event::DroppedProposal::kNoLeader:
      return Info(Line(node_, " no leader", Tail(e.term), "; dropping proposal"));
    case event::DroppedProposal::kForwardingDisabled:
      return Info(Line(node_, " not forwarding to leader ", Hex(e.peer), Tail(e.term),
                       "; dropping proposal"));
    case event::DroppedProposal::kLeaderTransfer:
      return Debug(Line(node_, " [term ", e.term, "] transfer leadership to ", Hex(e.peer),
                        " is in progress; dropping proposal"));
    case event::DroppedProposal::kUncommittedLimit:
      return Warn(node_ +
                  " appending new entries to log would exceed uncommitted entry size "
                  "limit; dropping proposal");
    case event::DroppedProposal::kNotMember:
    case event::DroppedProposal::kEmpty:
      return;
  }
}

void EventPrinter::Print(const event::ConfChangeRefused& e) {
  std::string reason;
  switch (e.reason) {
    case event::RefusedConfChange::kUnapplied:
      reason = Line("possible unapplied conf change at index ", e.pending, " (applied to ",
                    e.applied, ")");
      break;
    case event::RefusedConfChange::kMustLeaveJoint:
      reason = "must transition out of joint config first";
      break;
    case event::RefusedConfChange::kNotJoint:
      reason = "not in joint state; refusing empty conf change";
      break;
    case event::RefusedConfChange::kImpossible:
      reason = "impossible";
      break;
  }
  Info(Line(node_, " ignoring conf change ", testing::Print(e.change), " at config ",
            testing::Print(e.membership), ": ", reason));
}

void EventPrinter::Print(const event::ConfSwitched& e) {
  Info(node_ + " switched to configuration " + testing::Print(e.membership));
}

void EventPrinter::Print(const event::AutoLeave& e) {
  const std::string what =
      "initiating automatic transition out of joint configuration " + testing::Print(e.membership);
  if (e.proposed) return Info(what);
  Debug("not " + what + ": raft proposal dropped");
}

void EventPrinter::Print(const event::PeerUnknown& e) {
  Debug(node_ + " no progress available for " + Hex(e.peer));
}

void EventPrinter::Print(const event::AppendRejected& e) {
  Debug(Line(node_, " ", Position(", ", {e.local_term, e.request.index}), " rejected MsgApp ",
             Position(", ", {e.request.log_term, e.request.index}), " from ", Hex(e.request.from)));
}

void EventPrinter::Print(const event::AppendRejectionReceived& e) {
  Debug(Line(node_, " received MsgAppResp(rejected, hint: (index ", e.answer.reject_hint, ", term ",
             e.answer.log_term, ")) from ", Hex(e.answer.from), " for index ", e.answer.index));
}

void EventPrinter::Print(const event::ProgressDecreased& e) {
  Debug(Line(node_, " decreased progress of ", Hex(e.peer), " to [", testing::Print(e.progress),
             "]"));
}

void EventPrinter::Print(const event::SnapshotSkipped& e) {
  if (e.reason == event::SkippedSnapshot::kPeerInactive) {
    return Debug("ignore sending snapshot to " + Hex(e.peer) + " since it is not recently active");
  }
  Debug(Line(node_, " failed to send snapshot to ", Hex(e.peer),
             " because snapshot is temporarily unavailable"));
}

void EventPrinter::Print(const event::SnapshotSent& e) {
  Debug(Line(node_, " [firstindex: ", e.first_index, ", commit: ", e.commit, "] sent snapshot",
             TermAndIndex(e.snapshot), " to ", Hex(e.peer), " [", testing::Print(e.progress), "]"));
}

void EventPrinter::Print(const event::ReplicationPaused& e) {
  Debug(Line(node_, " paused sending replication messages to ", Hex(e.peer), " [",
             testing::Print(e.progress), "]"));
}

void EventPrinter::Print(const event::ReplicationResumed& e) {
  const std::string resumed = Line(", resumed sending replication messages to ", Hex(e.peer), " [",
                                   testing::Print(e.progress), "]");
  switch (e.reason) {
    case event::Resumed::kAppendAcknowledged:
      return Debug(node_ + " recovered from needing snapshot" + resumed);
    case event::Resumed::kSnapshotDelivered:
      return Debug(node_ + " snapshot succeeded" + resumed);
    case event::Resumed::kSnapshotFailed:
      return Debug(node_ + " snapshot failed" + resumed);
  }
}

void EventPrinter::Print(const event::PeerUnreachable& e) {
  Debug(Line(node_, " failed to send message to ", Hex(e.peer), " because it is unreachable [",
             testing::Print(e.progress), "]"));
}

void EventPrinter::Print(const event::SnapshotRestoring& e) {
  Info(Line("log [", PrintLog(e.log), "] starts to restore snapshot ", TermAndIndex(e.snapshot)));
}

void EventPrinter::Print(const event::SnapshotHandled& e) {
  if (e.outcome == event::SnapshotOutcome::kNotMember) {
    return Warn(Line(node_, " attempted to restore snapshot but it is not in the ConfState ",
                     testing::Print(e.snapshot.conf_state), "; should never happen"));
  }
  const bool installed = e.outcome == event::SnapshotOutcome::kInstalled;
  Info(Line(node_, " [commit: ", e.commit, ", lastindex: ", e.last.index,
            ", lastterm: ", e.last.term,
            installed ? "] restored snapshot " : "] fast-forwarded commit to snapshot ",
            TermAndIndex(e.snapshot.id())));
}

void EventPrinter::Print(const event::SnapshotAnswered& e) {
  Info(Line(node_, " [commit: ", e.commit, "] ", e.restored ? "restored" : "ignored", " snapshot ",
            TermAndIndex(e.snapshot)));
}

void EventPrinter::Print(const event::ConflictFound& e) {
  Info(Line("found conflict at index ", e.conflicting.index, " [existing term: ", e.existing,
            ", conflicting term: ", e.conflicting.term, "]"));
}

void EventPrinter::Print(const event::UnstableTruncated& e) {
  Info(Line(e.replaced ? "replace the unstable entries from index "
                       : "truncate the unstable entries before index ",
            e.from));
}

void EventPrinter::Print(const event::PersistIgnored& e) {
  const std::string at = Line("entry at index ", e.persisted.index);
  switch (e.reason) {
    case event::IgnoredPersist::kMissing:
      return Info(at + " missing from unstable log; ignoring");
    case event::IgnoredPersist::kIsSnapshot:
      return Info(at + " matched unstable snapshot; ignoring");
    case event::IgnoredPersist::kOtherTerm:
      return Info(Line("entry at (index,term)=(", e.persisted.index, ",", e.persisted.term,
                       ") mismatched with entry at (", e.persisted.index, ",", e.unstable_term,
                       ") in unstable log; ignoring"));
  }
}

void EventPrinter::Print(const event::LeaderTransfer& e) {
  const std::string in_term = Line(node_, " [term ", e.term, "]");
  const std::string target = Hex(e.target);
  switch (e.step) {
    case event::Transfer::kTargetIsLearner:
      return Debug(node_ + " is learner. Ignored transferring leadership");
    case event::Transfer::kSameTargetInProgress:
      return Info(in_term + " transfer leadership to " + target +
                  " is in progress, ignores request to same node " + target);
    case event::Transfer::kPreviousAborted:
      return Info(in_term + " abort previous transferring leadership to " + target);
    case event::Transfer::kTargetIsSelf:
      return Debug(node_ + " is already leader. Ignored transferring leadership to self");
    case event::Transfer::kStarted:
      return Info(in_term + " starts to transfer leadership to " + target);
    case event::Transfer::kSentTimeoutNowAtOnce:
      return Info(node_ + " sends MsgTimeoutNow to " + target + " immediately as " + target +
                  " already has up-to-date log");
    case event::Transfer::kSentTimeoutNow:
      return Info(node_ + " sent MsgTimeoutNow to " + target + " after received MsgAppResp");
    case event::Transfer::kNoLeader:
      return Info(node_ + " no leader" + Tail(e.term) + "; dropping leader transfer msg");
  }
}

void EventPrinter::Print(const event::TimeoutNowReceived& e) {
  if (e.ignored) {
    return Debug(Line(node_, " [term ", e.term, " state ", testing::Print(e.role),
                      "] ignored MsgTimeoutNow from ", Hex(e.from)));
  }
  Info(Line(node_, " [term ", e.term, "] received MsgTimeoutNow from ", Hex(e.from),
            " and starts an election to get leadership."));
}

void EventPrinter::Print(const event::LeaderForgotten& e) {
  Info(node_ + " forgetting leader " + Hex(e.leader) + Tail(e.term));
}

void EventPrinter::Print(const event::ForgetLeaderRefused&) {
  sink_(LogLevel::kError, "ignoring MsgForgetLeader due to ReadOnlyLeaseBased");
}

void EventPrinter::Print(const event::ReadDropped& e) {
  if (e.reason == event::DroppedRead::kNoLeader) {
    return Info(node_ + " no leader" + Tail(e.term) + "; dropping index reading msg");
  }
  sink_(LogLevel::kError,
        Line(node_, " invalid format of ", testing::Print(e.message.type), " from ",
             Hex(e.message.from), ", entries count: ", std::to_string(e.message.entries.size())));
}

}  // namespace raft::testing
