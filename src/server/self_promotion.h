#pragma once

#include <memory>

#include "base/status.h"
#include "runtime/loop.h"
#include "server/environment.h"
#include "server/options.h"
#include "server/reconfiguration.h"
#include "server/replacement.h"

namespace server {

// Makes a voter again of a member that has taken the place of another one (replacement.h): asks the
// leader for it until it is one, whoever leads, and then removes the note. It alone remembers that
// it is to be one: no leader promotes a learner that does not ask. On the apply loop.
class SelfPromotion {
 public:
  struct Parts {
    base::MemberId self;
    Reconfiguration* reconfiguration;
    const Progress* progress;
  };
  SelfPromotion(const Options& options, const Environment& environment, const Parts& parts);

  // Begins, once the member is known to its cluster. `note` is that of this member.
  void Start(const Replacement& note);

 private:
  void OnTimer();
  void OnAnswer(const base::Status& status);
  // Until it is removed.
  void RemoveNote();

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  bool is_voter_ = true;  // it is to become one
  bool is_asking_ = false;
  base::Status told_;  // by the log, the last refusal
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace server
