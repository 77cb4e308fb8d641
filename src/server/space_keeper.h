#pragma once

#include <memory>
#include <optional>

#include "base/ids.h"
#include "runtime/time.h"
#include "server/apply_loop.h"
#include "server/disk_room.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/options.h"
#include "server/progress.h"

namespace server {

// Keeps a member from running out of room: raises its alarm NOSPACE when the bytes in use have come
// to the quota, and when a disk is low (DiskRoom), so that deletes and compactions, which are still
// carried out then, have room in the log. Not while a compaction is under way, of which the others
// may have the fruits already.
//
// Once use has been below 90% of the quota, and the disks have had room, for ten seconds, the alarm
// is taken back (Options::clear_space_alarm); etcd's stays until it is disarmed. The leader also
// takes back those of members that have been removed.
//
// Where a disk is full all the same, filled by others, the log and the database wait until there is
// room (LogWriter, Committer). On the apply loop; the disks are asked by workers.
class SpaceKeeper {
 public:
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    Frontend* frontend;
    DiskRoom* room;
    const Progress* progress;
  };
  // All outlive this.
  SpaceKeeper(const Options& options, const Environment& environment, Parts parts);

  // On the apply loop.
  void Start();
  // The member has what its cluster has: before, it may hold what the others have given up since.
  void SetReady() { is_ready_ = true; }

 private:
  void Look();
  void LookAtAlarms();
  void Change(base::MemberId member, bool raise);

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  const std::unique_ptr<runtime::Timer> timer_;
  std::optional<base::MemberId> needless_;  // whose alarm is to be taken back
  runtime::TimePoint needless_since_;
  bool is_ready_ = false;
  bool changing_ = false;  // an alarm is being raised or taken back
};

}  // namespace server
