#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/shared_bytes.h"
#include "raft/memory_log.h"
#include "raft/node.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "server/data_directory.h"
#include "server/log_writer.h"
#include "server/progress.h"

namespace server {

// Drives the raft node: the raft loop's work. It never waits for the state: ticks and votes go out
// whatever the store is doing. Proposals that arrive within one turn become one step of raft, one
// write to the log and one sync.
class Replica {
 public:
  // `on_committed` runs on the raft loop with entries to apply, in order.
  using OnCommitted = base::Callback<void(std::vector<raft::Entry> entries)>;
  // `recovered` loses its log; `progress` outlives the replica, and is written here.
  Replica(const Options& options, const Environment& environment, Recovered* recovered,
          Progress* progress, OnCommitted on_committed);

  // Before this nothing happens.
  void Start();

  // Any thread. Payloads for the log; held back while there is no leader. They may be lost without
  // a word. False if too many wait.
  [[nodiscard]] bool Propose(std::vector<base::SharedBytes> payloads);
  // Any thread. An index at which a read is linearizable, told on the raft loop; maybe never, when
  // the leader changes. False if too many wait.
  using OnReadIndex = base::Callback<void(base::Index index)>;
  [[nodiscard]] bool ReadIndex(OnReadIndex on_read_index);

  // The apply loop reports what it has applied: the last index, and the changes of the
  // configuration that it made, in order.
  struct Applied {
    base::Index index;
    std::vector<raft::ConfChangeV2> changes;
  };
  void ReportApplied(Applied applied);

  LogWriter& log_writer() { return writer_; }

 private:
  void Tick();
  void CampaignIfAlone();
  void OnProposals(std::vector<std::vector<base::SharedBytes>>& batches);
  void ProposeHeld();
  void OnReads(std::vector<OnReadIndex>& reads);
  void OnApplied(std::vector<Applied>& reports);
  void OnWritten(std::vector<raft::Output>& outputs);
  // Arranges for the node's output to be taken when the turn ends.
  void TouchNode();
  void TakeOutputs();
  void AnswerReads(const std::vector<raft::ReadState>& reads);
  void Publish();

  const Options options_;
  const Environment environment_;
  Progress* const progress_;
  OnCommitted on_committed_;

  raft::MemoryLog log_;
  std::unique_ptr<raft::Node> node_;
  LogWriter writer_;
  std::unique_ptr<runtime::Timer> ticker_;
  bool touched_ = false;

  std::vector<base::SharedBytes> held_;  // proposals that wait for a leader
  // By the context that the node knows them by; those that got lost are dropped when newer ones
  // are answered.
  std::map<uint64_t, OnReadIndex> reads_;
  uint64_t next_read_;

  runtime::Mailbox<std::vector<base::SharedBytes>> proposals_;
  runtime::Mailbox<OnReadIndex> read_requests_;
  runtime::Mailbox<Applied> applied_;
};

}  // namespace server
