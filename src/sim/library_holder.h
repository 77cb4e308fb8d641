#pragma once

#include <etcd/concurrency.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "sim/checker.h"
#include "sim/holding_judges.h"
#include "sim/library_session.h"
#include "sim/library_user.h"
#include "sim/tally.h"

namespace sim {

// What all who hold something through the client library have in common: who judges it, and what
// has happened.
struct LibraryJudges {
  // Of the semaphore.
  static constexpr int64_t kLimit = 2;

  explicit LibraryJudges(Checker* checker);
  static Tally NothingHappened();

  OnViolation fail;
  FencingJudge lock;
  FencingJudge leadership;
  SlotJudge slots;
  std::set<std::string> proclaimed;  // all values that anybody has, or wanted to
  Tally happened = NothingHappened();
};

// Takes, holds and leaves one thing: a lock, leadership, or a place of a semaphore; by sessions
// whose leases are kept alive, given up or lost. What it writes while it holds it, it writes in
// transactions that hold only as long as it does.
class LibraryHolder {
 public:
  enum class Kind : uint8_t { kLock, kLeadership, kSlot };
  // Both outlive this.
  LibraryHolder(LibraryUser* user, LibraryJudges* judges, Kind kind);

  void Work();

 private:
  class Holding;
  class Lock;
  class Leadership;
  class Slot;

  void EndSession();
  // False: there is to be another session.
  bool Turn();
  std::unique_ptr<Holding> NewHolding();
  // What becomes of what is held.
  enum class Written : uint8_t { kDone, kFailed, kUnknown };
  Written Write(Holding& holding);
  // The session is said not to hold it, or not to be there, any more.
  void OnLost(const std::string& what);
  void LookOn();
  void LookAtSlots();
  std::string NewValue();
  HoldingJudge& judge();

  LibraryUser& user_;
  LibraryJudges& judges_;
  const Kind kind_;
  LibrarySession session_;
  uint64_t values_ = 0;
};

}  // namespace sim
