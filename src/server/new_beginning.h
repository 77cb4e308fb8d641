#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/result.h"
#include "observe/log.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "server/founding.h"
#include "storage/backend/backend.h"

namespace server {

// How a member of a new cluster begins with keys that are there already: as if the entries that
// found its cluster had been applied to them. Its log begins behind these, so that whoever joins
// later gets a snapshot.
class NewBeginning {
 public:
  explicit NewBeginning(Founding founding);

  // For a database without members: who they are, and how far it covers the log.
  backend::Batch Founded() const;
  // Adds to the batch that the revision goes on by `amount` from `latest`, and that history up to
  // there is compacted. kFailedPrecondition if there is no revision so high.
  static base::Status BumpRevision(base::Revision latest, uint64_t amount,
                                   const observe::Logger& logger, backend::Batch* batch);
  void TellMembers(const observe::Logger& logger) const;
  // Durable on return.
  base::Status CreateLog(runtime::Disk& disk, const Paths& paths, uint64_t segment_bytes) const;

  const Founding& founding() const { return founding_; }

 private:
  const Founding founding_;
  raft::ConfState conf_state_;
  raft::EntryId founded_;  // the last founding entry
};

}  // namespace server
