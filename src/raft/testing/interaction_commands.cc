#include <gtest/gtest.h>
#include <strings.h>

#include <sstream>

#include "base/check.h"
#include "raft/testing/confchange_transcript.h"
#include "raft/testing/interaction_env.h"
#include "raft/testing/printer.h"

namespace raft::testing {
namespace {

uint64_t NumberOf(const Case& c, std::string_view key, uint64_t otherwise) {
  const auto* values = c.Find(key);
  return values == nullptr ? otherwise : ToNumber(values->front());
}

std::string TextOf(const Case& c, std::string_view key) {
  const auto* values = c.Find(key);
  return values == nullptr ? "" : values->front();
}

bool IsTrue(const Case& c, std::string_view key) {
  return TextOf(c, key) == "true";
}

std::vector<MemberId> MembersOf(const Case& c, std::string_view key) {
  std::vector<MemberId> members;
  if (const auto* values = c.Find(key); values != nullptr) {
    for (const std::string& value : *values) members.emplace_back(ToNumber(value));
  }
  return members;
}

Config ConfigOf(const Case& c) {
  Config config;
  config.election_ticks = 3;
  config.heartbeat_ticks = 1;
  config.inflight_messages_max = static_cast<uint32_t>(NumberOf(c, "inflight", 1 << 30));
  config.inflight_bytes_max = NumberOf(c, "inflight-bytes", 0);
  config.message_bytes_max = NumberOf(c, "max-size-per-msg", kNoLimit);
  config.applying_bytes_max = NumberOf(c, "max-committed-size-per-ready", 0);
  config.uncommitted_bytes_max = NumberOf(c, "max-uncommitted-size", 0);
  config.pre_vote = IsTrue(c, "prevote");
  config.check_quorum = IsTrue(c, "checkquorum");
  config.disable_proposal_forwarding = IsTrue(c, "disable-proposal-forwarding");
  config.disable_conf_change_validation = IsTrue(c, "disable-conf-change-validation");
  config.step_down_on_removal = IsTrue(c, "step-down-on-removal");
  if (TextOf(c, "read-only") == "lease-based") config.read_only = ReadOnlyOption::kLeaseBased;
  return config;
}

constexpr const char* kLevels[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL", "NONE"};

std::optional<MessageType> TypeNamed(const std::string& name) {
  for (int type = 0; type <= static_cast<int>(MessageType::kForgetLeader); ++type) {
    if (Print(static_cast<MessageType>(type)) == name) return static_cast<MessageType>(type);
  }
  return std::nullopt;
}

}  // namespace

std::string InteractionEnv::Handle(const Case& c) {
  output_.clear();
  error_.clear();
  Dispatch(c);
  // Errors are printed at each level.
  if (!error_.empty()) output_ += error_;
  return output_.empty() ? "ok" : output_;
}

void InteractionEnv::Dispatch(const Case& c) {
  const std::string& name = c.command;
  if (name == "add-nodes") return AddNodes(c);
  if (name == "log-level") return SetLogLevel(c.arguments.at(0).key);
  if (name == "stabilize") return Stabilize(c);
  if (name == "deliver-msgs") return DeliverMessages(c);
  if (name == "process-ready") {
    return ForEach(c, "handling Ready", &InteractionEnv::ProcessReady);
  }
  if (name == "process-append-thread") {
    return ForEach(c, "processing append thread", &InteractionEnv::ProcessAppendThread);
  }
  if (name == "process-apply-thread") {
    return ForEach(c, "processing apply thread", &InteractionEnv::ProcessApplyThread);
  }
  if (name == "raft-state") return RaftState();
  if (name == "transfer-leadership") {
    return At(NumberOf(c, "from", 0)).raft->TransferLeadership(MemberId(NumberOf(c, "to", 0)));
  }
  NodeCommand(c, FirstNode(c));
}

void InteractionEnv::NodeCommand(const Case& c, TestNode& node) {
  const std::string& name = c.command;
  if (name == "campaign") return node.raft->Campaign();
  if (name == "propose") return Propose(c);
  if (name == "propose-conf-change") return ProposeConfChange(c);
  if (name == "read-index") {
    return node.raft->ReadIndex(base::SharedBytes(c.arguments.at(1).key));
  }
  if (name == "forget-leader") return node.raft->ForgetLeader();
  if (name == "report-unreachable") return node.raft->ReportUnreachable(MemberId(c.Number(1)));
  if (name == "report-snapshot") {
    return node.raft->ReportSnapshot(MemberId(c.Number(1)), IsTrue(c, "delivered"));
  }
  if (name == "send-snapshot") return SendSnapshot(node, MemberId(c.Number(1)));
  if (name == "raft-log") return RaftLog(node);
  if (name == "compact") {
    node.storage.Compact(Index(c.Number(1)));
    return RaftLog(node);
  }
  if (name == "status") {
    const Leader* leader = node.raft->AsLeader();
    return leader == nullptr ? void() : Write(Print(leader->progress));
  }
  if (name == "set-randomized-election-timeout") {
    return node.raft->set_election_timeout(static_cast<uint32_t>(NumberOf(c, "timeout", 0)));
  }
  if (name == "tick-election" || name == "tick-heartbeat") {
    const bool election = name == "tick-election";
    const uint32_t ticks = election ? node.election_ticks : node.heartbeat_ticks;
    for (uint32_t tick = 0; tick < ticks; ++tick) node.raft->Tick();
    return;
  }
  ADD_FAILURE() << "line " << c.line << ": unknown command " << name;
}

void InteractionEnv::ForEach(const Case& c, const char* title,
                             void (InteractionEnv::*process)(TestNode&)) {
  const std::vector<uint64_t> numbers = c.Numbers();
  if (numbers.size() == 1) return (this->*process)(At(numbers.front()));
  for (uint64_t number : numbers) {
    Write("> " + std::to_string(number) + " " + title + "\n");
    WriteIndented([&] { (this->*process)(At(number)); });
  }
}

void InteractionEnv::AddNodes(const Case& c) {
  Snapshot snapshot;
  snapshot.conf_state.voters = MembersOf(c, "voters");
  snapshot.conf_state.learners = MembersOf(c, "learners");
  snapshot.index = Index(NumberOf(c, "index", 0));
  snapshot.data = base::SharedBytes(TextOf(c, "content"));
  if (snapshot.index > Index(0)) snapshot.term = Term(1);
  for (uint64_t i = 0; i < c.Number(0); ++i) {
    AddNode(ConfigOf(c), snapshot, IsTrue(c, "async-storage-writes"));
  }
}

void InteractionEnv::AddNode(Config config, const Snapshot& snapshot, bool async) {
  auto node = std::make_unique<TestNode>(snapshot.id());
  node->id = MemberId(nodes_.size() + 1);
  node->async = async;
  node->history.push_back(std::make_shared<Snapshot>(snapshot));
  node->storage.SetSnapshot(node->history.back());
  node->election_ticks = config.election_ticks;
  node->heartbeat_ticks = config.heartbeat_ticks;
  node->printer =
      std::make_unique<EventPrinter>(node->id, [this](LogLevel level, const std::string& line) {
        if (level_ <= level)
          Write(std::string(kLevels[static_cast<int>(level)]) + " " + line + "\n");
      });
  config.id = node->id;
  config.seed = node->id.value();
  config.conf_state = snapshot.conf_state;
  config.applied = snapshot.index;
  config.log = &node->storage;
  config.observer = node->printer.get();
  node->raft = std::make_unique<Node>(std::move(config));
  node->hard_state = node->raft->hard_state();
  nodes_.push_back(std::move(node));
}

void InteractionEnv::DeliverMessages(const Case& c) {
  const std::optional<MessageType> type = TypeNamed(TextOf(c, "type"));
  int count = 0;
  for (const Argument& argument : c.arguments) {
    if (argument.values.empty()) {
      count += Deliver(MemberId(ToNumber(argument.key)), false, type);
    } else if (argument.key == "drop") {
      for (MemberId member : MembersOf(c, "drop")) count += Deliver(member, true, type);
    }
  }
  if (count == 0) Write("no messages\n");
}

void InteractionEnv::Stabilize(const Case& c) {
  const LogLevel level = level_;
  if (const auto* values = c.Find("log-level"); values != nullptr) SetLogLevel(values->front());
  std::vector<TestNode*> nodes;
  for (uint64_t number : c.Numbers()) nodes.push_back(&At(number));
  if (nodes.empty()) {
    for (const auto& node : nodes_) nodes.push_back(node.get());
  }
  while (StabilizeOnce(nodes)) {
  }
  level_ = level;
}

bool InteractionEnv::StabilizeOnce(const std::vector<TestNode*>& nodes) {
  bool busy = false;
  const auto act = [&](const TestNode& node, const char* title, auto&& action) {
    busy = true;
    Write("> " + ToString(node.id) + " " + title + "\n");
    action();
  };
  for (TestNode* node : nodes) {
    if (!node->raft->HasOutput()) continue;
    act(*node, "handling Ready", [&] { WriteIndented([&] { ProcessReady(*node); }); });
  }
  for (TestNode* node : nodes) {
    if (!HasMessagesFor(node->id)) continue;
    act(*node, "receiving messages",
        [&] { WriteIndented([&] { Deliver(node->id, false, std::nullopt); }); });
  }
  for (TestNode* node : nodes) {
    if (node->append_work.empty()) continue;
    act(*node, "processing append thread", [&] {
      while (!node->append_work.empty()) WriteIndented([&] { ProcessAppendThread(*node); });
    });
  }
  for (TestNode* node : nodes) {
    if (node->apply_work.empty()) continue;
    act(*node, "processing apply thread", [&] {
      while (!node->apply_work.empty()) WriteIndented([&] { ProcessApplyThread(*node); });
    });
  }
  return busy;
}

void InteractionEnv::Propose(const Case& c) {
  Fail(FirstNode(c).raft->Propose(base::SharedBytes(c.arguments.at(1).key)));
}

void InteractionEnv::ProposeConfChange(const Case& c) {
  Node& node = *FirstNode(c).raft;
  ConfChangeV2 change{.changes = ParseChanges(c.input)};
  if (IsTrue(c, "v1")) {
    const ConfChangeSingle& single = change.changes.at(0);
    return Fail(node.ProposeConfChange(ConfChange{.type = single.type, .node_id = single.node_id}));
  }
  const std::string transition = TextOf(c, "transition");
  if (transition == "implicit") change.transition = ConfChangeTransition::kJointImplicit;
  if (transition == "explicit") change.transition = ConfChangeTransition::kJointExplicit;
  Fail(node.ProposeConfChange(change));
}

void InteractionEnv::RaftLog(const TestNode& node) {
  const MemoryLog& log = node.storage;
  std::vector<Entry> entries;
  if (log.size() > 0) log.Read(log.FirstIndex(), log.LastIndex() + 1, kNoLimit, &entries);
  if (!entries.empty()) return Write(Print(entries));
  Write("log is empty: first index=" + ToString(log.FirstIndex()) +
        ", last index=" + ToString(log.LastIndex()));
}

void InteractionEnv::RaftState() {
  for (const auto& node : nodes_) {
    const bool voter = node->raft->membership().voters.Contains(node->id);
    Write(ToString(node->id) + ": " + Print(node->raft->role()) +
          (voter ? " (Voter)" : " (Non-Voter)") + " Term:" + ToString(node->raft->term()) +
          " Lead:" + ToString(node->raft->leader()) + "\n");
  }
}

void InteractionEnv::SendSnapshot(TestNode& from, MemberId to) {
  Message message{.type = MessageType::kSnap,
                  .to = to,
                  .from = from.id,
                  .term = from.raft->term(),
                  .snapshot = from.history.back()};
  Write(Print(message));
  messages_.emplace_back(std::move(message));
}

void InteractionEnv::SetLogLevel(const std::string& name) {
  for (int level = 0; level <= static_cast<int>(LogLevel::kNone); ++level) {
    if (strcasecmp(kLevels[level], name.c_str()) == 0) level_ = static_cast<LogLevel>(level);
  }
}

void InteractionEnv::Write(const std::string& text) {
  if (level_ != LogLevel::kNone) output_ += text;
}

void InteractionEnv::WriteIndented(const std::function<void()>& write) {
  std::string before = std::exchange(output_, {});
  write();
  std::istringstream lines(std::exchange(output_, std::move(before)));
  for (std::string line; std::getline(lines, line);) Write("  " + line + "\n");
}

void InteractionEnv::Fail(const base::Status& status) {
  if (!status.ok()) error_ = status.message();
}

}  // namespace raft::testing
