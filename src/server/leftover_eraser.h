#pragma once

#include <memory>

#include "runtime/loop.h"
#include "server/committer.h"
#include "server/environment.h"
#include "server/failure.h"
#include "state/apply/applier.h"

namespace server {

// Erases the records of what was in deleted directories of the v2 API, some at a time; between
// entries. Belongs to the apply loop.
class LeftoverEraser {
 public:
  // All outlive this.
  LeftoverEraser(const Environment& environment, apply::Applier* applier, Committer* committer,
                 Failure* failure);

  // Goes on with what is left, unless it pauses.
  void Work();

  static constexpr size_t kErasedAtOnce = 1'000;
  static constexpr runtime::Duration kPause = std::chrono::milliseconds(10);

 private:
  apply::Applier& applier_;
  Committer& committer_;
  Failure& failure_;
  const runtime::Clock& clock_;
  const std::unique_ptr<runtime::Timer> timer_;
  bool pausing_ = false;
};

}  // namespace server
