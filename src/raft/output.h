#pragma once

#include <optional>
#include <vector>

#include "raft/types.h"

namespace raft {

// What a write to the disk proves once it is durable; goes back to Node::OnPersisted.
struct PersistMark {
  // The node's term when the write was handed out. Entries that were confirmed in an earlier term
  // may have been overwritten since (the ABA problem), so they are not believed.
  Term term{};
  // The log's last entry if any part of the log is not known to be durable, else {0, 0}.
  EntryId last{};
  // Of the snapshot in the write, else 0.
  Index snapshot{};
  // The node's own votes and acknowledgements, which count from then on.
  std::vector<Message> self_acks{};

  bool empty() const { return last == EntryId() && snapshot == Index() && self_acks.empty(); }
};

// One turn's work for the driver. In this order:
//   1. send `messages`: they promise nothing that the disk must keep, and an append goes to the
//      followers while the leader writes it too;
//   2. if NeedsWrite(): save hard_state; install snapshot, or append entries, which replace all
//      entries from the first one's index on. It must all be durable if must_sync, before:
//   3. send messages_after_persist and call OnPersisted(persisted). Writes of several outputs may
//      be joined, but complete in order;
//   4. apply `committed` in order, then call OnApplied with the last index. May overlap 2 and 3;
//   5. hand `reads` to those who asked, once their index is applied.
// A driver whose disk answers at once does 2 to 4 before it takes the next output.
struct Output {
  // Set if they changed since the last output.
  std::optional<SoftState> soft_state{};
  std::optional<HardState> hard_state{};
  // Consecutive; never together with a snapshot that they do not follow.
  std::vector<Entry> entries{};
  SnapshotPtr snapshot{};
  // The state machine is to go on from the snapshot of this entry, which came with the last kSnap,
  // and `committed` follows it; the log is not touched. See Node::AwaitSnapshot.
  std::optional<EntryId> state{};
  // To other members only.
  std::vector<Message> messages{};
  std::vector<Message> messages_after_persist{};
  PersistMark persisted{};
  // Consecutive, durable on this node, and each handed out once.
  std::vector<Entry> committed{};
  std::vector<ReadState> reads{};
  // False if losing the write in a crash is harmless: only the commit index moved.
  bool must_sync = false;

  bool NeedsWrite() const {
    return hard_state.has_value() || !entries.empty() || snapshot != nullptr ||
           !messages_after_persist.empty() || !persisted.empty();
  }
};

}  // namespace raft
