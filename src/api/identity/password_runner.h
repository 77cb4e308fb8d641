#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "api/identity/password_work.h"
#include "base/callback.h"
#include "runtime/loop.h"
#include "runtime/workers.h"

namespace identity {

// Runs bcrypt where it is in nobody's way, and all the same where nobody ever makes room for it.
//
// Work goes to idle workers, which have a processor only while nothing else wants it. Where these
// have done nothing for a second, as on a machine that is always busy, what they have goes to
// steady workers too, which others have to share with; the first to be done counts. So does all
// that comes in the next ten seconds, after which the idle ones are tried again.
//
// On its loop, as are its callbacks; owned by a shared_ptr. What is not done when this is destroyed
// is never told.
class PasswordRunner : public std::enable_shared_from_this<PasswordRunner> {
 public:
  // Both outlive this, and may be the same.
  struct Lanes {
    runtime::Workers* idle;
    runtime::Workers* steady;
  };
  PasswordRunner(Lanes lanes, runtime::Loop* loop);

  using OnDone = base::Callback<void(PasswordWork::Outcome outcome)>;
  // False, with nothing changed, if the workers have no room. `on_done` is not called within it.
  [[nodiscard]] bool Run(std::shared_ptr<const PasswordWork> work, OnDone* on_done);

 private:
  struct Running {
    std::shared_ptr<const PasswordWork> work;
    OnDone on_done;
    bool is_steady;  // with the steady workers, perhaps beside the idle ones
  };

  bool Begin(uint64_t id, const std::shared_ptr<const PasswordWork>& work, bool is_steady);
  void OnDoneBy(uint64_t id, bool is_steady, PasswordWork::Outcome outcome);
  bool DependsOnIdle() const;
  void OnTimer();

  const Lanes lanes_;
  runtime::Loop& loop_;
  uint64_t next_id_ = 1;
  std::map<uint64_t, Running> running_;
  runtime::TimePoint last_progress_;  // of the idle workers, or when they were first asked
  runtime::TimePoint steady_until_;
  std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace identity
