#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "raft/memory_log.h"
#include "raft/node.h"
#include "raft/testing/event_printer.h"
#include "raft/testing/transcript.h"

// Nodes, the messages between them, and commands that drive them step by step and print what
// happens: the interpreter of the interaction transcripts.
//
// etcd/raft hands out its work in one of two forms, which the transcripts print: the synchronous
// Ready, whose entries are written and applied before the node goes on, and messages to an append
// thread and an apply thread. Node has one form, Output; both are made from it here.

namespace raft::testing {

// What the append thread reports: a write is durable.
struct AppendDone {
  MemberId node{};
  PersistMark mark{};
  SnapshotPtr snapshot{};
};

// What the apply thread reports.
struct ApplyDone {
  MemberId node{};
  std::vector<Entry> entries{};
};

using Envelope = std::variant<Message, AppendDone, ApplyDone>;

class InteractionEnv {
 public:
  // The handler of one transcript.
  std::string Handle(const Case& c);

 private:
  struct TestNode {
    explicit TestNode(EntryId base) : storage(MemoryLog::Bounds(), base) {}

    MemberId id{};
    bool async = false;
    MemoryLog storage;
    // The state machine after each applied entry: payloads joined together.
    std::vector<SnapshotPtr> history;
    // As it was handed out last.
    HardState hard_state;
    uint32_t election_ticks = 0;
    uint32_t heartbeat_ticks = 0;
    std::unique_ptr<EventPrinter> printer;
    std::unique_ptr<Node> raft;
    std::deque<Output> append_work;
    std::deque<std::vector<Entry>> apply_work;
  };

  // --- Commands.
  void Dispatch(const Case& c);
  void NodeCommand(const Case& c, TestNode& node);
  void AddNodes(const Case& c);
  void AddNode(Config config, const Snapshot& snapshot, bool async);
  void DeliverMessages(const Case& c);
  void Stabilize(const Case& c);
  bool StabilizeOnce(const std::vector<TestNode*>& nodes);
  void Propose(const Case& c);
  void ProposeConfChange(const Case& c);
  void RaftLog(const TestNode& node);
  void RaftState();
  void SendSnapshot(TestNode& from, MemberId to);
  void SetLogLevel(const std::string& name);
  void ForEach(const Case& c, const char* title, void (InteractionEnv::*process)(TestNode&));

  // --- The driver's part.
  void ProcessReady(TestNode& node);
  void ProcessSync(TestNode& node);
  void ProcessAsync(TestNode& node);
  void WriteReady(TestNode& node, const Output& output, const std::vector<std::string>& messages);
  void ProcessAppendThread(TestNode& node);
  void ProcessApplyThread(TestNode& node);
  void Save(TestNode& node, const Output& output);
  void Apply(TestNode& node, const std::vector<Entry>& entries);
  // Returns how many there were.
  int Deliver(MemberId to, bool drop, std::optional<MessageType> type);
  std::vector<Envelope> TakeMessages(MemberId to, bool drop, std::optional<MessageType> type);
  bool HasMessagesFor(MemberId to) const;

  TestNode& At(uint64_t number) { return *nodes_.at(number - 1); }
  TestNode& FirstNode(const Case& c) { return At(c.Number(0)); }
  void Write(const std::string& text);
  void WriteIndented(const std::function<void()>& write);
  void Fail(const base::Status& status);

  std::vector<std::unique_ptr<TestNode>> nodes_;
  std::vector<Envelope> messages_;
  std::string output_;
  // Of the command that failed.
  std::string error_;
  LogLevel level_ = LogLevel::kDebug;
};

}  // namespace raft::testing
