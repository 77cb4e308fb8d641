#pragma once

#include <memory>

#include "base/ids.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/progress.h"

namespace server {

// Ends what runs out in the tree of the v2 API, while this member leads: by its clock, and by
// entries, each of which ends some of it. Belongs to the apply loop.
class TreeKeeper {
 public:
  // All outlive this.
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
    const Progress* progress;
  };
  TreeKeeper(const Environment& environment, const Parts& parts);

  void Start();

  // Between two looks whether something has run out.
  static constexpr runtime::Duration kInterval = std::chrono::milliseconds(500);
  // Others' entries wait behind each.
  static constexpr uint32_t kEndsOfEntry = 1'000;

 private:
  void Look();

  const Parts parts_;
  const runtime::Clock& clock_;
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace server
