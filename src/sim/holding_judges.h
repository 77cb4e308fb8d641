#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace sim {

// What is held by sessions, one after the other or so many at a time, as the answers show it that
// their clients got. Each judge is told `fail` when they contradict what was promised; answers may
// come in any order.

using OnViolation = std::function<void(const std::string& what)>;

class HoldingJudge {
 public:
  virtual ~HoldingJudge() = default;

  // The token was given to that session.
  void OnTaken(int64_t token, int64_t lease);
  // It was held with the token when the store was at the revision.
  void OnHeld(int64_t token, int64_t revision);
  // A transaction was carried out at the revision that holds only as long as the token does; it
  // made a counter one more than it had been read to be before, under that token.
  virtual void OnCounted(int64_t token, int64_t revision, int64_t /*counter*/) {
    OnHeld(token, revision);
  }

 protected:
  HoldingJudge(std::string name, OnViolation fail)
      : name_(std::move(name)), fail_(std::move(fail)) {}

  virtual void Judge(int64_t token, int64_t revision) = 0;
  void Fail(const std::string& what) const { fail_(name_ + ": " + what); }

 private:
  const std::string name_;
  const OnViolation fail_;
  std::map<int64_t, int64_t> leases_;  // by token
};

// A lock, or leadership: where it was held with a token at a revision, none of a lower one holds it
// at a later revision. Whoever is told that it holds what another holds still, and whoever writes
// by what it has lost, stands in the wrong order. The counter rises.
class FencingJudge final : public HoldingJudge {
 public:
  FencingJudge(std::string name, OnViolation fail)
      : HoldingJudge(std::move(name), std::move(fail)) {}

  void OnCounted(int64_t token, int64_t revision, int64_t counter) override;
  // Somebody who looked on was told of the holder, and of another one before; 0: of nobody.
  void OnSeen(int64_t before, int64_t token);

 private:
  void Judge(int64_t token, int64_t revision) override;

  std::map<int64_t, int64_t> tokens_;    // by revision
  std::map<int64_t, int64_t> counters_;  // by revision
};

// A semaphore: at no revision is it held by more than its limit. Whoever holds it does so from the
// revision that is its token until the last at which it was seen to.
class SlotJudge final : public HoldingJudge {
 public:
  SlotJudge(std::string name, int64_t limit, OnViolation fail)
      : HoldingJudge(std::move(name), std::move(fail)), limit_(limit) {}

 private:
  void Judge(int64_t token, int64_t revision) override;
  int64_t HoldersAt(int64_t revision) const;

  const int64_t limit_;
  std::map<int64_t, int64_t> until_;  // by token
};

}  // namespace sim
