#include "raft/trace_json.h"

#include <string_view>

#include "base/check.h"

// line    = {"level":"debug","ts":SECONDS.NANOS,"msg":"trace","tag":"trace","event":event}
// event   = {"name","nid","state":{"term","vote","commit"},"role","log","conf":[[ID],[ID]],
//            ["msg":message], ["prop":{"cc":{["changes":[{"nid","action"}]],["newconf":[ID]]}}]}
// message = {"type","term","from","to","entries","logTerm","index","commit","vote","reject",
//            "rejectHint"}
// Identifiers of members are strings of decimal digits, all other numbers are numbers.

namespace raft {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

std::string_view NameOf(TracedStep step) {
  switch (step) {
    case TracedStep::kInitState:
      return "InitState";
    case TracedStep::kBecomeCandidate:
      return "BecomeCandidate";
    case TracedStep::kBecomeFollower:
      return "BecomeFollower";
    case TracedStep::kBecomeLeader:
      return "BecomeLeader";
    case TracedStep::kCommit:
      return "Commit";
    case TracedStep::kReplicate:
      return "Replicate";
    case TracedStep::kChangeConf:
      return "ChangeConf";
    case TracedStep::kApplyConfChange:
      return "ApplyConfChange";
    case TracedStep::kReady:
      return "Ready";
    case TracedStep::kSendAppendEntriesRequest:
      return "SendAppendEntriesRequest";
    case TracedStep::kReceiveAppendEntriesRequest:
      return "ReceiveAppendEntriesRequest";
    case TracedStep::kSendAppendEntriesResponse:
      return "SendAppendEntriesResponse";
    case TracedStep::kReceiveAppendEntriesResponse:
      return "ReceiveAppendEntriesResponse";
    case TracedStep::kSendRequestVoteRequest:
      return "SendRequestVoteRequest";
    case TracedStep::kReceiveRequestVoteRequest:
      return "ReceiveRequestVoteRequest";
    case TracedStep::kSendRequestVoteResponse:
      return "SendRequestVoteResponse";
    case TracedStep::kReceiveRequestVoteResponse:
      return "ReceiveRequestVoteResponse";
  }
  CHECK(false);
}

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kFollower:
      return "StateFollower";
    case Role::kPreCandidate:
      return "StatePreCandidate";
    case Role::kCandidate:
      return "StateCandidate";
    case Role::kLeader:
      return "StateLeader";
  }
  CHECK(false);
}

std::string_view NameOf(MessageType type) {
  switch (type) {
    case MessageType::kApp:
      return "MsgApp";
    case MessageType::kAppResp:
      return "MsgAppResp";
    case MessageType::kVote:
      return "MsgVote";
    case MessageType::kVoteResp:
      return "MsgVoteResp";
    case MessageType::kSnap:
      return "MsgSnap";
    case MessageType::kHeartbeat:
      return "MsgHeartbeat";
    case MessageType::kHeartbeatResp:
      return "MsgHeartbeatResp";
    default:
      CHECK(false);  // no other is told of
  }
}

std::string_view ActionOf(ConfChangeType type) {
  switch (type) {
    case ConfChangeType::kAddNode:
      return "AddNewServer";
    case ConfChangeType::kRemoveNode:
      return "RemoveServer";
    case ConfChangeType::kAddLearnerNode:
      return "AddLearner";
    default:
      CHECK(false);  // changes nobody's part
  }
}

// An object, key by key.
class Object {
 public:
  explicit Object(std::string* json) : json_(*json) { json_ += '{'; }
  ~Object() { json_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::string* Key(std::string_view key) {
    if (!std::exchange(is_first_, false)) json_ += ',';
    ((json_ += '"') += key) += "\":";
    return &json_;
  }
  // What needs no escapes.
  void Text(std::string_view key, std::string_view text) { ((*Key(key) += '"') += text) += '"'; }
  void Id(std::string_view key, MemberId id) { Text(key, ToString(id)); }
  void Number(std::string_view key, uint64_t number) { *Key(key) += std::to_string(number); }

 private:
  std::string& json_;
  bool is_first_ = true;
};

void AppendIds(const MemberSet& members, std::string* json) {
  *json += '[';
  bool is_first = true;
  for (const MemberId member : members) {
    if (!std::exchange(is_first, false)) *json += ',';
    ((*json += '"') += ToString(member)) += '"';
  }
  *json += ']';
}

void AppendState(const HardState& state, std::string* json) {
  Object object(json);
  object.Number("term", state.term.value());
  object.Id("vote", state.vote);
  object.Number("commit", state.commit.value());
}

void AppendVoters(const JointConfig& voters, std::string* json) {
  *json += '[';
  AppendIds(voters.incoming, json);
  *json += ',';
  AppendIds(voters.outgoing, json);
  *json += ']';
}

void AppendMessage(const TracedMessage& message, std::string* json) {
  Object object(json);
  object.Text("type", NameOf(message.type));
  object.Number("term", message.term.value());
  object.Id("from", message.from);
  object.Id("to", message.to);
  object.Number("entries", message.entries);
  object.Number("logTerm", message.log_term.value());
  object.Number("index", message.index.value());
  object.Number("commit", message.commit.value());
  object.Id("vote", kNobody);  // of no message any more
  *object.Key("reject") += message.reject ? "true" : "false";
  object.Number("rejectHint", message.reject_hint.value());
}

void AppendChanges(const std::vector<ConfChangeSingle>& changes, std::string* json) {
  *json += '[';
  bool is_first = true;
  for (const ConfChangeSingle& change : changes) {
    if (!std::exchange(is_first, false)) *json += ',';
    Object object(json);
    object.Id("nid", change.node_id);
    object.Text("action", ActionOf(change.type));
  }
  *json += ']';
}

void AppendProperties(const TraceEvent& event, std::string* json) {
  Object properties(json);
  Object change(properties.Key("cc"));
  if (!event.changes.empty()) AppendChanges(event.changes, change.Key("changes"));
  if (event.step != TracedStep::kApplyConfChange || event.voters.incoming.empty()) return;
  AppendIds(event.voters.incoming, change.Key("newconf"));
}

void AppendEvent(const TraceEvent& event, std::string* json) {
  Object object(json);
  object.Text("name", NameOf(event.step));
  object.Id("nid", event.node);
  AppendState(event.state, object.Key("state"));
  object.Text("role", NameOf(event.role));
  object.Number("log", event.last_index.value());
  AppendVoters(event.voters, object.Key("conf"));
  if (event.message.has_value()) AppendMessage(*event.message, object.Key("msg"));
  if (event.step == TracedStep::kChangeConf || event.step == TracedStep::kApplyConfChange) {
    AppendProperties(event, object.Key("prop"));
  }
}

std::string Seconds(int64_t unix_nanos) {
  const std::string fraction = std::to_string(unix_nanos % kNanosPerSecond);
  return std::to_string(unix_nanos / kNanosPerSecond) + '.' +
         std::string(9 - fraction.size(), '0') + fraction;
}

}  // namespace

std::string TraceLine(const TraceEvent& event, int64_t unix_nanos) {
  std::string line;
  {
    Object object(&line);
    object.Text("level", "debug");
    *object.Key("ts") += Seconds(unix_nanos);
    object.Text("msg", "trace");
    object.Text("tag", "trace");
    AppendEvent(event, object.Key("event"));
  }
  line += '\n';
  return line;
}

}  // namespace raft
