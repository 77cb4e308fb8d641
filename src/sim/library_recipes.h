#pragma once

#include <etcd/concurrency.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/checker.h"
#include "sim/library_session.h"
#include "sim/library_user.h"
#include "sim/process.h"
#include "sim/recipe_judges.h"
#include "sim/tally.h"

namespace sim {

// What all who use the recipes of the client library have in common: who judges them, how far they
// have come, and what has happened.
struct RecipeAccounts {
  // Who meet.
  static constexpr size_t kParties = 3;

  explicit RecipeAccounts(Checker* checker);
  static Tally NothingHappened();

  OnViolation fail;
  QueueJudge queue;
  QueueJudge priorities;
  CountJudge count;
  BarrierJudge barrier;
  MeetingJudge meeting;
  // Of the barrier.
  uint64_t round = 0;
  bool has_holder = false;  // or somebody who is about to hold it
  bool is_held = false;
  uint64_t next_meeting = 0;
  Tally happened = NothingHappened();
};

// One process's part in queues, transactions of functions, and barriers. Each of these is the work
// of a thread.
class LibraryRecipes {
 public:
  // Both outlive this. `interval`: between two turns, on average.
  LibraryRecipes(LibraryUser* user, RecipeAccounts* accounts, runtime::Duration interval);

  void UseQueue();
  void UsePriorityQueue();
  // Counts, and moves amounts between keys that add up to nothing.
  void Transact();
  void UseBarrier();
  void Meet();

  // In the end, when nothing is under way: what this process holds.
  static void Check(Process& process, RecipeAccounts* accounts);

 private:
  template <typename Enqueue>
  void Put(QueueJudge& judge, uint64_t number, Enqueue enqueue);
  template <typename Queue>
  void Take(QueueJudge& judge, Queue& queue);

  void Count(etcd::Isolation isolation);
  void Move(etcd::Isolation isolation);
  void LookAtSum(etcd::Isolation isolation);

  void HoldBarrier();
  void PassBarrier();

  // False: there is to be another session.
  bool MeetOnce();
  bool LeaveMeeting(etcd::DoubleBarrier& barrier, size_t visit);

  void EndTurn();
  void Trace(const etcd::Status& status) { user_.checker().trace().Add(status.code()); }

  LibraryUser& user_;
  RecipeAccounts& accounts_;
  const runtime::Duration interval_;
  LibrarySession session_;      // of who meets
  std::vector<size_t> visits_;  // that may not be over before it is
  uint64_t values_ = 0;
};

}  // namespace sim
