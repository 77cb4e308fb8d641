#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "sim/checker.h"
#include "sim/library_holder.h"
#include "sim/library_keys.h"
#include "sim/library_recipes.h"
#include "sim/library_user.h"
#include "sim/plan.h"
#include "sim/process.h"
#include "sim/tally.h"

namespace sim {

// Processes that use the client library as others do: keys and transactions, a watch that goes on
// by itself, sessions, and a lock, an election and a semaphore that they have in common; also, in
// some plans or instead, its other recipes. Held against what they are told:
//
// - what is put and read, as of every other client
// - the watch is told every revision once, in order, and whole, over all streams that it has
// - two hold the lock, or lead, at one time only if the earlier one's session is lost, and then
//   nothing that is guarded by it is written (HoldingJudges)
// - the semaphore is never held by more than its limit
// - queues, transactions of functions and barriers do what they promise (recipe_judges.h)
// - nobody loses what it holds, or its place, before its session says that it is over
//
// Outlives the processes of the members.
class LibraryWorkload {
 public:
  // Whether a key is of sessions, written by what they hold, or of a recipe.
  static bool Owns(std::string_view key) {
    return key.starts_with("keylib") || key.starts_with("__keylib");
  }

  // All outlive this.
  LibraryWorkload(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
                  Checker* checker, const Plan& plan, LibraryKeys::Parts keys,
                  WatchOrder::Parts watch);

  // One of them knows these members from now on, perhaps in a new process; or all, in new ones.
  void Dial(const std::vector<runtime::Address>& members);
  void DialAll(const std::vector<runtime::Address>& members);
  const std::string& RandomHost();

  // They ask for nothing more and hold nothing, some time later, but their watches go on.
  void EndWork();
  bool WorkHasEnded() const;
  void Close();
  bool HasEnded() const;

  // Whether every watch was told of all up to the revision.
  bool WatchesHaveReached(base::Revision revision) const;
  // In the end: what the processes hold of it. They have nothing more to apply.
  void Check(const std::vector<Process*>& processes);

  Tally tally() const;
  // What could have happened where there is such a workload.
  static Tally NothingHappened();

 private:
  void AddHolders(LibraryUser* user);
  void AddRecipes(LibraryUser* user);
  LibraryUser& RandomUser();

  runtime::Random& random_;
  const Plan plan_;
  const std::unique_ptr<runtime::Loop> loop_;
  LibraryJudges judges_;
  RecipeAccounts accounts_;
  const LibraryKeys::Parts keys_;
  std::vector<std::unique_ptr<LibraryKeys>> key_work_;
  std::vector<std::unique_ptr<LibraryHolder>> holders_;
  std::vector<std::unique_ptr<LibraryRecipes>> recipes_;
  std::vector<std::unique_ptr<LibraryUser>> users_;
};

}  // namespace sim
