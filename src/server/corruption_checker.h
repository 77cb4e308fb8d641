#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/hash_comparison.h"
#include "server/options.h"
#include "server/progress.h"

namespace server {

// Finds members whose keys are not the cluster's: while this member leads, it asks the others for
// hashes of theirs, and raises the alarm CORRUPT of who differs. Two checks, each as etcd's:
//
//   the periodic one      (Options::corrupt_check_interval) hashes all keys at the leader's
//                         revision; the leader counts as right, so whoever contradicts it is
//                         corrupt, one member a check
//   that of compactions   (Options::compact_hash_check_interval) compares what the newest
//                         compactions have left behind; corrupt are those who differ from more than
//                         half of the members, and nobody by name (member 0) if there is no such
//                         half. It says nothing as long as a member has not told its hash, and
//                         then looks less and less often: to hash anew what it compacted before it
//                         was started costs that member a look at all keys, and is no answer
//
// Nothing waits for a check: this member's hash is computed by a bulk worker, one at a time; an
// answer that does not come in Options::request_timeout is none; and what is kept of all answers is
// a few numbers each. A check that cannot be made is made the next time.
//
// Belongs to the apply loop.
class CorruptionChecker {
 public:
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
    const Progress* progress;
  };
  CorruptionChecker(const Options& options, const Environment& environment, const Parts& parts);

  void Start();

 private:
  struct PeriodicCheck;
  struct CompactionCheck;
  // For how many checks a compaction is not looked at.
  struct Rest {
    uint32_t left = 0;
    uint32_t last = 0;
  };

  bool leads() const { return parts_.progress->leader == parts_.self.value(); }
  void OnTimer();
  void OnCompactionTimer();

  // The steps of a periodic check, which ends with any of them.
  void HashOwn(std::shared_ptr<PeriodicCheck> check);
  void AskForPeriodic(std::shared_ptr<PeriodicCheck> check);
  void CatchUp(std::shared_ptr<PeriodicCheck> check);
  void HashOwnAgain(std::shared_ptr<PeriodicCheck> check);
  void EndPeriodic(const PeriodicCheck& check);
  void FailPeriodic(const base::Status& why);

  // Compares the next of the hashes; those of older compactions if a member has not told it.
  void CompareNext(std::shared_ptr<CompactionCheck> check);
  // Those that are to be compared now, ascending.
  std::vector<mvcc::KeyValueHash> HashesToCompare();
  void RestFrom(int64_t revision);
  // Whether the check is over.
  bool EndComparison(const CompactionCheck& check, const mvcc::KeyValueHash& own,
                     const MemberHashes& told);

  // Runs `done` with the hash of this member's keys at its current revision.
  using OnHash = std::function<void(const base::Result<mvcc::KeyValueHash>& hash)>;
  void Hash(std::shared_ptr<apply::State> state, OnHash done);
  // Asks; what comes back is of all other members, and of nobody else.
  using OnTold = std::function<void(const MemberHashes& told)>;
  void AskOthers(base::Revision at, OnTold done);
  void RaiseAlarm(base::MemberId member);

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  bool checking_ = false;   // a periodic check is under way
  bool comparing_ = false;  // one of compactions is
  // The newest compaction after which all members had the same keys.
  int64_t compared_ = -1;
  std::map<int64_t, Rest> rests_;  // of newer ones that not all have told, by revision
  const std::unique_ptr<runtime::Timer> timer_;
  const std::unique_ptr<runtime::Timer> compaction_timer_;
};

}  // namespace server
