#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "api/identity/chance.h"
#include "api/identity/password_runner.h"
#include "base/callback.h"
#include "base/result.h"
#include "observe/log.h"
#include "runtime/loop.h"
#include "state/auth/bcrypt.h"

namespace identity {

// Hashes passwords and checks them, on workers, since bcrypt takes tens of milliseconds by design.
//
// Checks of the same password for the same user that come at once are one. A password that was
// right is remembered, as a keyed hash of it, of the user and of what is kept of his password: so
// it counts until that changes, and saves the work. What waits is bounded in bytes; beyond, calls
// are refused with kTooManyRequests.
//
// Those of one user from one address are checked one after another, each password once, so guessing
// takes the time of bcrypt each; and one that was wrong is answered late, the later the more have
// failed. Nobody waits for that but who guessed wrong, and a password that is remembered waits for
// nothing: nobody can lock another out. Where much waits of the same user from the same address,
// failures are told earlier, and what nobody waits for any more is not checked; only where too much
// of it is not checked yet are calls refused.
//
// One of a member; any thread. Callbacks run on the loop that was given, never before the method
// has returned; what has not been answered when this is destroyed never is.
class Passwords {
 public:
  struct Options {
    // Logarithm of the rounds, from auth::kBcryptCostMin to auth::kBcryptCostMax.
    int bcrypt_cost = auth::kBcryptCostDefault;
    // Of what waits: names, passwords and what it takes to keep them. A sixty-fourth of it may be
    // of the same user from the same address.
    size_t waiting_bytes_max = size_t{4} << 20;
    // At a time, on workers.
    size_t running_max = 4;
    // Of passwords that were right and are remembered.
    size_t remembered_bytes_max = size_t{2} << 20;
    // Users and addresses whose failures are remembered: for a minute after the last one.
    size_t failures_max = 10'000;
    Chance chance = SystemChance;
  };
  // `workers` and `loop` outlive this, which is destroyed on that loop or when it does not run any
  // more. The loop takes a few microseconds a call, and has the timers.
  Passwords(Options options, runtime::Loop* loop, PasswordRunner::Lanes workers);
  ~Passwords();

  // bcrypt's text of a password, with a new salt: as auth::HashPassword fails.
  using OnHash = base::Callback<void(base::Result<std::string> hash)>;
  void Hash(std::string password, runtime::Loop* loop, OnHash on_hash);

  struct Attempt {
    std::string user;
    std::string hash;  // that is kept of his password
    std::string password;
    std::string address;  // from which it comes, without port
    // True once nobody waits for the answer, which then need not come; null: somebody always does.
    std::shared_ptr<const std::atomic<bool>> gone = nullptr;
  };
  // Whether it is the user's password.
  using OnChecked = base::Callback<void(base::Result<bool> is_right)>;
  void Check(Attempt attempt, runtime::Loop* loop, OnChecked on_checked);
  // What to check a password of somebody who is no user against: that is nobody's, and takes as
  // long, so that the time does not tell who is a user.
  const std::string& nobodys_hash() const { return nobodys_hash_; }

 private:
  class State;

  const std::string nobodys_hash_;
  const std::shared_ptr<State> state_;  // whose tasks hold it only while they run
};

// The cost that --bcrypt-cost stands for: the default, after etcd's warning, for one out of range.
int UsableBcryptCost(uint64_t given, const observe::Logger& logger);

}  // namespace identity
