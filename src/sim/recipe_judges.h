#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "sim/holding_judges.h"

namespace sim {

// What is promised of queues, transactions of a function, and barriers, against what their users
// are told. All are told of what happens when it does.

// Elements are handed out once each, none is lost, and of two that are asked for one after the
// other the earlier one comes first: that of the lower number, and of these the one that was put
// before.
class QueueJudge {
 public:
  QueueJudge(std::string name, OnViolation fail) : name_(std::move(name)), fail_(std::move(fail)) {}

  // Somebody asks to put an element, of a value that no other has.
  void OnAsked(const std::string& value, uint64_t number);
  // It is there; or it is not, and will not be.
  void OnPut(const std::string& value, runtime::TimePoint now);
  void OnRefused(const std::string& value) { elements_[value].is_refused = true; }

  // One was handed out that was put at the revision, to somebody who has asked at `asked`.
  void OnTaken(const std::string& value, int64_t revision, runtime::TimePoint asked,
               runtime::TimePoint now);
  // Nobody knows whether one was taken.
  void OnMayBeTaken() { ++may_be_taken_; }
  // In the end, when nothing is under way, these are there.
  void OnLeft(const std::set<std::string>& values);

 private:
  struct Element {
    uint64_t number = 0;
    runtime::TimePoint put = runtime::TimePoint::max();
    bool is_refused = false;
    bool is_taken = false;
  };
  struct Taking {
    uint64_t number;
    int64_t revision;
    runtime::TimePoint asked;
    runtime::TimePoint ended;
  };

  // Null, and a violation, if nobody may have put it.
  Element* Find(const std::string& value);
  void CheckOrder(const Element& element, const Taking& taking);
  void Fail(const std::string& what) const { fail_(name_ + ": " + what); }

  const std::string name_;
  const OnViolation fail_;
  std::map<std::string, Element> elements_;  // by value
  std::vector<Taking> taken_;
  size_t may_be_taken_ = 0;
};

// Each transaction of a kind makes a number one more than it was.
class CountJudge {
 public:
  CountJudge(std::string name, OnViolation fail) : name_(std::move(name)), fail_(std::move(fail)) {}

  // Somebody asks for another one.
  void OnAsked() { ++asked_; }
  // It was done at the revision, and made the number `count`.
  void OnCounted(int64_t revision, int64_t count);
  // In the end it is so much.
  void OnLeft(int64_t count) const;

 private:
  void Fail(const std::string& what) const { fail_(name_ + ": " + what); }

  const std::string name_;
  const OnViolation fail_;
  int64_t asked_ = 0;
  std::map<int64_t, int64_t> revisions_;  // by count
};

// While somebody is known to hold a barrier nobody gets past it. It is held once in a round.
class BarrierJudge {
 public:
  explicit BarrierJudge(OnViolation fail) : fail_(std::move(fail)) {}

  void OnHeld(uint64_t round, runtime::TimePoint now) { held_since_.emplace(round, now); }
  void OnReleaseAsked(uint64_t round) { released_.insert(round); }
  // Who has come to it at `asked` is past it.
  void OnPassed(uint64_t round, runtime::TimePoint asked) const;

 private:
  const OnViolation fail_;
  std::map<uint64_t, runtime::TimePoint> held_since_;  // by round
  std::set<uint64_t> released_;
};

// So many come together at a double barrier, once in a round: nobody enters before they are there,
// and nobody has left before all leave that have entered.
class MeetingJudge {
 public:
  MeetingJudge(size_t count, OnViolation fail) : count_(count), fail_(std::move(fail)) {}

  // Somebody comes; what is returned names it. `lives`: whether it must be there as long as nobody
  // has asked for its end.
  size_t OnComing(uint64_t round, std::function<bool()> lives);
  void OnEntered(size_t who);
  // It asks to leave, or leaves its end to others.
  void OnLeaving(size_t who) { visits_[who].is_leaving = true; }
  // It was told that all have left.
  void OnLeft(size_t who);
  // It is not there any more, for certain.
  void OnGone(size_t who) { visits_[who].is_gone = true; }

 private:
  struct Visit {
    uint64_t round;
    std::function<bool()> lives;
    size_t most = 0;  // that may have been there at one time since it came
    bool has_entered = false;
    bool is_leaving = false;
    bool is_gone = false;
  };

  const size_t count_;
  const OnViolation fail_;
  std::vector<Visit> visits_;
};

}  // namespace sim
