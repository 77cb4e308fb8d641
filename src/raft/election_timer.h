#pragma once

#include <cstdint>

namespace raft {

// Decides when a member has waited long enough for a leader: after a number of ticks drawn anew
// for each wait, uniformly from [election_ticks, 2 * election_ticks - 1], so that members seldom
// campaign together (raft paper §5.2). The same seed draws the same waits. The leader counts its
// checks of the quorum with it too, without the drawn part.
class ElectionTimer {
 public:
  ElectionTimer(uint32_t election_ticks, uint64_t seed);

  void Tick() { ++elapsed_; }
  // Starts the wait over, with the same draw.
  void Restart() { elapsed_ = 0; }
  // Starts a wait of a new length.
  void Redraw();
  // Replaces what was drawn for the present wait.
  void set_timeout(uint32_t ticks) { timeout_ = ticks; }

  bool Expired() const { return elapsed_ >= timeout_; }
  // Within the time in which no member that heard from the leader may campaign.
  bool WithinLease() const { return elapsed_ < election_ticks_; }
  uint32_t LeaseRemaining() const { return election_ticks_ - elapsed_; }
  uint32_t timeout() const { return timeout_; }

 private:
  uint64_t Draw();

  uint32_t election_ticks_;
  uint64_t state_;
  uint32_t elapsed_ = 0;
  uint32_t timeout_ = 0;
};

}  // namespace raft
