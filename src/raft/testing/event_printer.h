#pragma once

#include <functional>
#include <string>

#include "raft/observer.h"
#include "raft/types.h"

namespace raft::testing {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kFatal, kNone };

// Turns the events of one node into the log lines that etcd/raft writes.
class EventPrinter : public Observer {
 public:
  using Sink = std::function<void(LogLevel, const std::string& line)>;

  EventPrinter(MemberId node, Sink sink) : node_(Hex(node)), sink_(std::move(sink)) {}

  void Observe(const Event& event) override {
    std::visit([this](const auto& e) { Print(e); }, event);
  }

 private:
  static std::string Hex(MemberId member);

  void Print(const event::Started& e);
  void Print(const event::BecameRole& e);
  void Print(const event::CampaignRefused& e);
  void Print(const event::CampaignStarted& e);
  void Print(const event::VoteRequested& e);
  void Print(const event::VoteReceived& e);
  void Print(const event::VotesTallied& e);
  void Print(const event::VoteAnswered& e);
  void Print(const event::HigherTermReceived& e);
  void Print(const event::LowerTermIgnored& e);
  void Print(const event::LatePersistIgnored& e);
  void Print(const event::QuorumLost& e);
  void Print(const event::ProposalDropped& e);
  void Print(const event::ConfChangeRefused& e);
  void Print(const event::ConfSwitched& e);
  void Print(const event::AutoLeave& e);
  void Print(const event::PeerUnknown& e);
  void Print(const event::AppendRejected& e);
  void Print(const event::AppendRejectionReceived& e);
  void Print(const event::ProgressDecreased& e);
  void Print(const event::SnapshotSkipped& e);
  void Print(const event::SnapshotSent& e);
  void Print(const event::ReplicationPaused& e);
  void Print(const event::ReplicationResumed& e);
  void Print(const event::PeerUnreachable& e);
  void Print(const event::SnapshotRestoring& e);
  void Print(const event::SnapshotHandled& e);
  void Print(const event::SnapshotAnswered& e);
  void Print(const event::ConflictFound& e);
  void Print(const event::UnstableTruncated& e);
  void Print(const event::PersistIgnored& e);
  void Print(const event::LeaderTransfer& e);
  void Print(const event::TimeoutNowReceived& e);
  void Print(const event::LeaderForgotten& e);
  void Print(const event::ForgetLeaderRefused& e);
  void Print(const event::ReadDropped& e);

  void Debug(const std::string& line) { sink_(LogLevel::kDebug, line); }
  void Info(const std::string& line) { sink_(LogLevel::kInfo, line); }
  void Warn(const std::string& line) { sink_(LogLevel::kWarn, line); }

  std::string node_;
  Sink sink_;
};

}  // namespace raft::testing
