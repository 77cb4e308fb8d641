#include "raft/election_timer.h"

namespace raft {

ElectionTimer::ElectionTimer(uint32_t election_ticks, uint64_t seed)
    : election_ticks_(election_ticks), state_(seed) {
  Redraw();
}

void ElectionTimer::Redraw() {
  elapsed_ = 0;
  timeout_ = election_ticks_ + static_cast<uint32_t>(Draw() % election_ticks_);
}

// SplitMix64 (Steele, Lea, Flood 2014): each state gives a well-mixed number, so that members whose
// seeds are neighbours draw unrelated waits.
uint64_t ElectionTimer::Draw() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace raft
