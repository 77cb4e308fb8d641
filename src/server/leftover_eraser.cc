#include "server/leftover_eraser.h"

#include "state/v2/store.h"

namespace server {

LeftoverEraser::LeftoverEraser(const Environment& environment, apply::Applier* applier,
                               Committer* committer, Failure* failure)
    : applier_(*applier),
      committer_(*committer),
      failure_(*failure),
      clock_(environment.apply_loop->clock()),
      timer_(environment.apply_loop->NewTimer([this] {
        pausing_ = false;
        Work();
      })) {}

void LeftoverEraser::Work() {
  apply::State& state = applier_.state();
  if (pausing_ || failure_.failed() || !state.v2().has_leftovers()) return;
  bool more = true;
  if (!state.buffer().full()) {
    more = state.v2().EraseLeftovers(kErasedAtOnce);
    state.buffer().EndUnlogged(clock_.Now());
    committer_.CommitIfDue();
  }
  if (!more) return;
  pausing_ = true;
  timer_->Arm(kPause);
}

}  // namespace server
