#include "raft/testing/printer.h"

#include <cstdio>

#include "raft/codec.h"

namespace raft::testing {
namespace {

std::string Decimal(const std::vector<MemberId>& members) {
  std::string text = "[";
  for (MemberId member : members) {
    if (text.size() > 1) text += ' ';
    text += ToString(member);
  }
  return text + "]";
}

std::string Print(ConfChangeType type) {
  switch (type) {
    case ConfChangeType::kAddNode:
      return "ConfChangeAddNode";
    case ConfChangeType::kRemoveNode:
      return "ConfChangeRemoveNode";
    case ConfChangeType::kUpdateNode:
      return "ConfChangeUpdateNode";
    case ConfChangeType::kAddLearnerNode:
      return "ConfChangeAddLearnerNode";
  }
  return "";
}

std::string Print(ConfChangeTransition transition) {
  switch (transition) {
    case ConfChangeTransition::kAuto:
      return "ConfChangeTransitionAuto";
    case ConfChangeTransition::kJointImplicit:
      return "ConfChangeTransitionJointImplicit";
    case ConfChangeTransition::kJointExplicit:
      return "ConfChangeTransitionJointExplicit";
  }
  return "";
}

// "v1 l2": a change in the form in which the transcripts also write it.
std::string Short(const std::vector<ConfChangeSingle>& changes) {
  std::string text;
  for (const ConfChangeSingle& change : changes) {
    if (!text.empty()) text += ' ';
    text += "vrul"[static_cast<int>(change.type)];
    text += ToString(change.node_id);
  }
  return text;
}

}  // namespace

std::string Hex(MemberId member) {
  char text[17];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(member.value()));
  return text;
}

std::string Quoted(base::ByteView data) {
  std::string text = "\"";
  for (char c : data) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string Print(const MemberSet& members) {
  std::string text = "(";
  for (MemberId member : members) {
    if (text.size() > 1) text += ' ';
    text += Hex(member);
  }
  return text + ")";
}

std::string Print(const JointConfig& config) {
  return Print(config.incoming) + (config.IsJoint() ? "&&" + Print(config.outgoing) : "");
}

std::string Print(const Membership& membership) {
  std::string text = "voters=" + Print(membership.voters);
  if (!membership.learners.empty()) text += " learners=" + Print(membership.learners);
  if (!membership.learners_next.empty()) {
    text += " learners_next=" + Print(membership.learners_next);
  }
  if (membership.auto_leave) text += " autoleave";
  return text;
}

std::string Print(const Progress& progress) {
  static const char* const kStates[] = {"StateProbe", "StateReplicate", "StateSnapshot"};
  std::string text = kStates[static_cast<int>(progress.state())];
  text += " match=" + ToString(progress.match()) + " next=" + ToString(progress.next());
  if (progress.learner()) text += " learner";
  if (progress.IsPaused()) text += " paused";
  if (progress.pending_snapshot() > Index(0)) {
    text += " pendingSnap=" + ToString(progress.pending_snapshot());
  }
  if (!progress.recent_active()) text += " inactive";
  if (progress.inflights().count() > 0) {
    text += " inflight=" + std::to_string(progress.inflights().count());
    if (progress.inflights().full()) text += "[full]";
  }
  return text;
}

std::string Print(const ProgressMap& progress) {
  std::string text;
  for (const auto& [member, its_progress] : progress) {
    text += ToString(member) + ": " + Print(its_progress) + "\n";
  }
  return text;
}

std::string Print(VoteResult result) {
  static const char* const kResults[] = {"VotePending", "VoteLost", "VoteWon"};
  return kResults[static_cast<int>(result)];
}

std::string Print(Role role) {
  static const char* const kRoles[] = {"StateFollower", "StatePreCandidate", "StateCandidate",
                                       "StateLeader"};
  return kRoles[static_cast<int>(role)];
}

std::string Print(MessageType type) {
  static const char* const kTypes[] = {"MsgHup",
                                       "MsgBeat",
                                       "MsgProp",
                                       "MsgApp",
                                       "MsgAppResp",
                                       "MsgVote",
                                       "MsgVoteResp",
                                       "MsgSnap",
                                       "MsgHeartbeat",
                                       "MsgHeartbeatResp",
                                       "MsgUnreachable",
                                       "MsgSnapStatus",
                                       "MsgCheckQuorum",
                                       "MsgTransferLeader",
                                       "MsgTimeoutNow",
                                       "MsgReadIndex",
                                       "MsgReadIndexResp",
                                       "MsgPreVote",
                                       "MsgPreVoteResp",
                                       "MsgStorageAppend",
                                       "MsgStorageAppendResp",
                                       "MsgStorageApply",
                                       "MsgStorageApplyResp",
                                       "MsgForgetLeader"};
  return kTypes[static_cast<int>(type)];
}

std::string Print(EntryType type) {
  static const char* const kTypes[] = {"EntryNormal", "EntryConfChange", "EntryConfChangeV2"};
  return kTypes[static_cast<int>(type)];
}

std::string Print(const Entry& entry) {
  std::string text = ToString(entry.term) + "/" + ToString(entry.index) + " " + Print(entry.type);
  std::string data;
  if (entry.type == EntryType::kNormal) {
    data = Quoted(entry.data.view());
  } else if (const auto change = ConfChangeOf(entry); change.ok()) {
    data = Short(change->changes);
  } else {
    data = change.status().ToString();
  }
  return data.empty() ? text : text + " " + data;
}

std::string Print(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) text += Print(entry) + "\n";
  return text;
}

std::string Print(const HardState& state) {
  std::string text = "Term:" + ToString(state.term);
  if (state.vote != kNobody) text += " Vote:" + ToString(state.vote);
  return text + " Commit:" + ToString(state.commit);
}

std::string Print(const SoftState& state) {
  return "Lead:" + ToString(state.leader) + " State:" + Print(state.role);
}

std::string Print(const ConfState& state) {
  return "Voters:" + Decimal(state.voters) + " VotersOutgoing:" + Decimal(state.voters_outgoing) +
         " Learners:" + Decimal(state.learners) + " LearnersNext:" + Decimal(state.learners_next) +
         " AutoLeave:" + (state.auto_leave ? "true" : "false");
}

std::string Print(const Snapshot& snapshot) {
  return "Index:" + ToString(snapshot.index) + " Term:" + ToString(snapshot.term) +
         " ConfState:" + Print(snapshot.conf_state);
}

std::string Print(const Message& message) {
  std::string text = Hex(message.from) + "->" + Hex(message.to) + " " + Print(message.type) +
                     " Term:" + ToString(message.term) + " Log:" + ToString(message.log_term) +
                     "/" + ToString(message.index);
  if (message.reject) text += " Rejected (Hint: " + ToString(message.reject_hint) + ")";
  if (message.commit != Index(0)) text += " Commit:" + ToString(message.commit);
  if (message.entries.size() == 1) {
    text += " Entries:[" + Print(message.entries.front()) + "]";
  } else if (message.entries.size() > 1) {
    text += " Entries:[";
    for (const Entry& entry : message.entries) text += "\n  " + Print(entry);
    text += "\n]";
  }
  if (message.snapshot != nullptr) text += "\n  Snapshot: " + Print(*message.snapshot);
  return text;
}

std::string Print(const ConfChangeV2& change) {
  std::string text = "transition:" + Print(change.transition);
  for (const ConfChangeSingle& single : change.changes) {
    text += " changes:{type:" + Print(single.type) + " node_id:" + ToString(single.node_id) + "}";
  }
  if (!change.context.empty()) text += " context:" + Quoted(change.context);
  return text;
}

}  // namespace raft::testing
