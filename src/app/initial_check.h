#pragma once

#include <vector>

#include "app/bootstrap.h"
#include "base/ids.h"
#include "base/result.h"
#include "observe/log.h"
#include "runtime/time.h"
#include "state/members/member.h"
#include "storage/mvcc/hasher.h"

namespace app {

// What a member compares before it takes part: its own keys with those of the others.
struct InitialCheck {
  base::MemberId self;
  std::vector<members::Member> members;  // of the cluster, this one among them
  mvcc::KeyValueHash own;                // at its current revision
  AskPeer ask;
  runtime::Duration timeout;  // of each question
  const observe::Logger& logger;
};

// kFailedPrecondition, in etcd's words, if another member has other keys at that revision after the
// same compaction; who does not answer, or has compacted otherwise, says nothing. Asks one after
// the other, each at its peer URLs until it answers.
base::Status CheckInitialCorruption(const InitialCheck& check);

}  // namespace app
