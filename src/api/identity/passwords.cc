#include "api/identity/passwords.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "api/identity/digest.h"
#include "api/identity/password_work.h"
#include "api/identity/planted.h"
#include "api/identity/recent_table.h"
#include "api/identity/secret.h"
#include "base/errors.h"
#include "state/auth/bcrypt.h"

namespace identity {
namespace {

constexpr runtime::Duration kDelayMin = std::chrono::milliseconds(100);
// Less than the two seconds that etcdctl and clientv3 give a log-in.
constexpr runtime::Duration kDelayMax = std::chrono::seconds(1);
constexpr runtime::Duration kFailureMemory = std::chrono::minutes(1);
// The share of what waits that is of one user and address.
constexpr size_t kLaneShare = 64;
// About what it takes to keep a call, beside its texts.
constexpr size_t kCallBytes = 512;

// After the given number of failures.
runtime::Duration DelayAfter(int failures) {
  runtime::Duration delay = kDelayMin;
  for (int i = 1; i < failures && delay < kDelayMax; ++i) delay *= 2;
  return std::min(delay, kDelayMax);
}

// bcrypt's text of that cost, of which nobody knows the password.
std::string HashOfNobody(int cost) {
  constexpr size_t kDigits = 22 + 31;  // of the salt and of the hash
  const std::string number = std::to_string(cost);
  return "$2a$" + std::string(2 - number.size(), '0') + number + '$' + std::string(kDigits, '.');
}

std::string NewSalt(const Chance& chance) {
  std::array<uint8_t, auth::kBcryptSaltBytes> bytes;
  chance(bytes);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

// On its loop, but for what is said to be for any thread.
class Passwords::State : public std::enable_shared_from_this<State> {
 public:
  State(Options options, runtime::Loop* loop, PasswordRunner::Lanes workers)
      : options_(std::move(options)),
        loop_(*loop),
        runner_(std::make_shared<PasswordRunner>(workers, loop)),
        key_(kDigestBytes, '\0'),
        remembered_(options_.remembered_bytes_max) {
    options_.chance(std::span(reinterpret_cast<uint8_t*>(key_.data()), key_.size()));
  }
  ~State() { Wipe(key_); }

  // Any thread: false if there is no room for so many bytes.
  bool Reserve(size_t bytes) {
    if (waiting_bytes_.fetch_add(bytes) + bytes <= options_.waiting_bytes_max) return true;
    Release(bytes);
    return false;
  }
  void Release(size_t bytes) { waiting_bytes_.fetch_sub(bytes); }
  // Any thread. Runs `task` on the loop, unless the state is gone by then.
  template <typename Task>
  void Post(Task task) {
    loop_.Post([weak = weak_from_this(), task = std::move(task)]() mutable {
      if (const auto state = weak.lock()) task(*state);
    });
  }

  struct HashCall {
    Secret password;
    size_t bytes;
    runtime::Loop* loop;
    OnHash on_hash;
  };
  void Hash(HashCall call);

  // Who waits for a check.
  struct Waiter {
    size_t bytes;
    runtime::Loop* loop;
    OnChecked on_checked;
    std::shared_ptr<const std::atomic<bool>> gone;

    bool is_gone() const { return gone != nullptr && *gone; }
  };
  struct CheckCall {
    std::string user;
    std::string hash;
    std::string address;
    Secret password;
    Waiter waiter;
  };
  void Check(CheckCall call);

 private:
  using Digest = base::Bytes;

  // A password that is, or is to be, checked for a user from an address.
  struct Guess {
    Digest digest;  // of user, hash and password
    std::string hash;
    Secret password;
    std::vector<Waiter> waiters;
  };
  // One that was wrong, and who is to be told so at that time.
  struct Failure {
    Digest digest;
    std::vector<Waiter> waiters;
    runtime::TimePoint told;
  };
  // One user from one address. The first of its guesses is being checked; the others wait for that.
  struct Lane {
    std::deque<Guess> guesses;
    std::deque<Failure> untold;  // by when they are told
    size_t bytes = 0;            // of those who wait
    int failures = 0;
    runtime::TimePoint last_failure;
  };
  enum class JobEnd : uint8_t { kDone, kNoRoom, kUnwanted };
  struct Job {
    std::shared_ptr<const PasswordWork> work;
    // What it is for, of a check: asked before it is begun. Empty: it is wanted.
    Digest digest;
    base::Callback<void(JobEnd end, PasswordWork::Outcome outcome)> on_end;
  };

  bool IsKnownRight(const Digest& digest);
  // Those who wait for the same password; null if nobody does.
  static std::vector<Waiter>* WaitersFor(Lane& lane, const Digest& digest);
  // Lets go of those who are not waited for any more, and of guesses that nobody waits for, but for
  // the first, which is under way if `keeps_first`.
  void DropGone(Lane& lane, bool keeps_first);
  // Makes room in a lane, if that can be; not in an empty one, which has room for anything.
  bool MakeRoom(Lane& lane, const Digest& lane_id, size_t bytes);
  void StartFirst(const Digest& lane_id);
  void OnOutcome(const Digest& digest, base::Result<bool> is_right);
  // Whether anybody waits for the outcome of the check.
  bool IsWanted(const Digest& digest) const;
  // Nobody does: what comes after it in its lanes is begun.
  void PassOver(const Digest& digest);
  // The lane's first guess has an outcome.
  void EndFirst(const Digest& lane_id, const base::Result<bool>& is_right);
  void Answer(Lane& lane, std::vector<Waiter>& waiters, const base::Result<bool>& is_right);
  // That the lane's first failure is one.
  void Tell(Lane& lane, const Digest& lane_id);
  void LeaveIfIdle(const Digest& lane_id);
  void ForgetFailures();
  void ArmTimer();
  void OnTimer();
  void AddJob(Job job);
  // What only somebody with rights can ask for does not wait for the guesses of others.
  void AddUrgentJob(Job job);
  void RunJobs();
  void ChooseJobs();

  const Options options_;
  runtime::Loop& loop_;
  const std::shared_ptr<PasswordRunner> runner_;
  std::string key_;  // of digests
  std::atomic<size_t> waiting_bytes_ = 0;
  RecentTable<std::monostate> remembered_;  // by the digest of a guess
  std::map<Digest, Lane> lanes_;
  // Those of them in which nobody waits, by their last failure.
  std::set<std::pair<runtime::TimePoint, Digest>> idle_;
  // By the digest of a guess that is being checked: in which lanes.
  std::map<Digest, std::vector<Digest>> flights_;
  // The lanes of failures that are not told yet, by when they are.
  std::multiset<std::pair<runtime::TimePoint, Digest>> untold_;
  std::unique_ptr<runtime::Timer> timer_;
  std::deque<Job> jobs_;  // that wait for a place among those that run
  size_t running_ = 0;
  bool choosing_ = false;  // in RunJobs, which needs not be entered again
};

void Passwords::State::Hash(HashCall call) {
  auto work = std::make_shared<PasswordWork>(PasswordWork{.password = std::move(call.password),
                                                          .hash = {},
                                                          .salt = NewSalt(options_.chance),
                                                          .cost = options_.bcrypt_cost});
  AddUrgentJob({std::move(work), Digest(),
                [this, bytes = call.bytes, loop = call.loop, on_hash = std::move(call.on_hash)](
                    JobEnd end, PasswordWork::Outcome outcome) mutable {
                  Release(bytes);
                  base::Result<std::string> hash = base::errors::kTooManyRequests;
                  if (end == JobEnd::kDone) hash = std::move(outcome.made);
                  loop->Post([on_hash = std::move(on_hash), hash = std::move(hash)]() mutable {
                    on_hash(std::move(hash));
                  });
                }});
}

void Passwords::State::Check(CheckCall call) {
  ForgetFailures();
  const bool forgets_hash = base::Planted(PlantedBug::kRememberedPasswordsOutliveTheirUser);
  const std::string& hash = forgets_hash ? call.user : call.hash;
  Digest digest = KeyedDigest(key_, {call.user, hash, call.password.text()});
  const Digest lane_id = KeyedDigest(key_, {call.user, call.address});
  Lane& lane = lanes_[lane_id];
  idle_.erase({lane.last_failure, lane_id});
  std::vector<Waiter> waiters;
  waiters.push_back(std::move(call.waiter));
  const size_t bytes = waiters.front().bytes;
  const bool is_right = IsKnownRight(digest);
  const bool has_room = is_right || MakeRoom(lane, lane_id, bytes);
  lane.bytes += bytes;
  if (is_right || !has_room) {
    Answer(lane, waiters, is_right ? base::Result<bool>(true) : base::errors::kTooManyRequests);
    return LeaveIfIdle(lane_id);
  }
  if (std::vector<Waiter>* const others = WaitersFor(lane, digest)) {
    return others->push_back(std::move(waiters.front()));
  }
  lane.guesses.push_back(
      Guess{std::move(digest), std::move(call.hash), std::move(call.password), std::move(waiters)});
  if (lane.guesses.size() == 1) StartFirst(lane_id);
}

bool Passwords::State::IsKnownRight(const Digest& digest) {
  return remembered_.Find(digest, [](std::monostate) { return true; });
}

std::vector<Passwords::State::Waiter>* Passwords::State::WaitersFor(Lane& lane,
                                                                    const Digest& digest) {
  for (Guess& guess : lane.guesses) {
    if (guess.digest == digest) return &guess.waiters;
  }
  for (Failure& failure : lane.untold) {
    if (failure.digest == digest) return &failure.waiters;
  }
  return nullptr;
}

bool Passwords::State::MakeRoom(Lane& lane, const Digest& lane_id, size_t bytes) {
  const size_t bytes_max = options_.waiting_bytes_max / kLaneShare;
  if (lane.bytes > 0 && lane.bytes + bytes > bytes_max) DropGone(lane, /*keeps_first=*/true);
  while (lane.bytes > 0 && lane.bytes + bytes > bytes_max) {
    if (lane.untold.empty()) return false;
    Tell(lane, lane_id);
  }
  return true;
}

void Passwords::State::DropGone(Lane& lane, bool keeps_first) {
  const auto drop = [&](std::vector<Waiter>& waiters) {
    std::erase_if(waiters, [&](const Waiter& waiter) {
      if (!waiter.is_gone()) return false;
      Release(waiter.bytes);
      lane.bytes -= waiter.bytes;
      return true;
    });
  };
  for (Guess& guess : lane.guesses) drop(guess.waiters);
  const auto kept = lane.guesses.begin() + (keeps_first && !lane.guesses.empty() ? 1 : 0);
  lane.guesses.erase(std::remove_if(kept, lane.guesses.end(),
                                    [](const Guess& guess) { return guess.waiters.empty(); }),
                     lane.guesses.end());
}

// And those after it, as far as they are known to be right.
void Passwords::State::StartFirst(const Digest& lane_id) {
  Lane& lane = lanes_.at(lane_id);
  DropGone(lane, /*keeps_first=*/false);
  while (!lane.guesses.empty() && IsKnownRight(lane.guesses.front().digest)) {
    Answer(lane, lane.guesses.front().waiters, true);
    lane.guesses.pop_front();
  }
  if (lane.guesses.empty()) return LeaveIfIdle(lane_id);
  Guess& guess = lane.guesses.front();
  std::vector<Digest>& lanes = flights_[guess.digest];
  lanes.push_back(lane_id);
  if (lanes.size() > 1) return;
  auto work = std::make_shared<PasswordWork>(PasswordWork{
      .password = std::move(guess.password), .hash = std::move(guess.hash), .salt = {}, .cost = 0});
  AddJob({std::move(work), guess.digest,
          [this, digest = guess.digest](JobEnd end, const PasswordWork::Outcome& outcome) {
            if (end == JobEnd::kUnwanted) return PassOver(digest);
            base::Result<bool> is_right = base::errors::kTooManyRequests;
            if (end == JobEnd::kDone) is_right = outcome.is_right;
            OnOutcome(digest, is_right);
          }});
}

bool Passwords::State::IsWanted(const Digest& digest) const {
  const std::vector<Digest>& lanes = flights_.at(digest);
  return std::any_of(lanes.begin(), lanes.end(), [this](const Digest& lane_id) {
    const std::vector<Waiter>& waiters = lanes_.at(lane_id).guesses.front().waiters;
    return std::any_of(waiters.begin(), waiters.end(),
                       [](const Waiter& waiter) { return !waiter.is_gone(); });
  });
}

void Passwords::State::PassOver(const Digest& digest) {
  const auto flight = flights_.extract(digest);
  for (const Digest& lane_id : flight.mapped()) StartFirst(lane_id);
}

void Passwords::State::OnOutcome(const Digest& digest, base::Result<bool> is_right) {
  if (is_right.ok() && *is_right) {
    remembered_.Put(digest, {}, 0, [](std::monostate) { return false; });
  }
  const auto flight = flights_.extract(digest);
  for (const Digest& lane_id : flight.mapped()) EndFirst(lane_id, is_right);
}

void Passwords::State::EndFirst(const Digest& lane_id, const base::Result<bool>& is_right) {
  Lane& lane = lanes_.at(lane_id);
  Guess& guess = lane.guesses.front();
  if (is_right.ok() && !*is_right) {
    const runtime::TimePoint now = loop_.clock().Now();
    ++lane.failures;
    lane.last_failure = now;
    const runtime::TimePoint told = now + DelayAfter(lane.failures);
    lane.untold.push_back({std::move(guess.digest), std::move(guess.waiters), told});
    untold_.emplace(told, lane_id);
    ArmTimer();
  } else {
    Answer(lane, guess.waiters, is_right);
  }
  lane.guesses.pop_front();
  StartFirst(lane_id);
}

void Passwords::State::Answer(Lane& lane, std::vector<Waiter>& waiters,
                              const base::Result<bool>& is_right) {
  for (Waiter& waiter : waiters) {
    Release(waiter.bytes);
    lane.bytes -= waiter.bytes;
    waiter.loop->Post(
        [on_checked = std::move(waiter.on_checked), is_right]() mutable { on_checked(is_right); });
  }
}

void Passwords::State::Tell(Lane& lane, const Digest& lane_id) {
  Failure& failure = lane.untold.front();
  untold_.erase(untold_.find({failure.told, lane_id}));
  Answer(lane, failure.waiters, false);
  lane.untold.pop_front();
}

void Passwords::State::LeaveIfIdle(const Digest& lane_id) {
  const auto lane = lanes_.find(lane_id);
  if (!lane->second.guesses.empty() || !lane->second.untold.empty()) return;
  if (lane->second.failures == 0) {
    lanes_.erase(lane);
    return;
  }
  idle_.emplace(lane->second.last_failure, lane_id);
  if (idle_.size() <= options_.failures_max) return;
  lanes_.erase(idle_.begin()->second);
  idle_.erase(idle_.begin());
}

// Of lanes in which nobody waits.
void Passwords::State::ForgetFailures() {
  const runtime::TimePoint now = loop_.clock().Now();
  while (!idle_.empty() && idle_.begin()->first + kFailureMemory <= now) {
    lanes_.erase(idle_.begin()->second);
    idle_.erase(idle_.begin());
  }
}

void Passwords::State::ArmTimer() {
  if (untold_.empty()) return;
  if (timer_ == nullptr) timer_ = loop_.NewTimer([this] { OnTimer(); });
  const runtime::TimePoint now = loop_.clock().Now();
  timer_->Arm(std::max(untold_.begin()->first - now, runtime::Duration::zero()));
}

void Passwords::State::OnTimer() {
  const runtime::TimePoint now = loop_.clock().Now();
  while (!untold_.empty() && untold_.begin()->first <= now) {
    const Digest lane_id = untold_.begin()->second;
    Tell(lanes_.at(lane_id), lane_id);
    LeaveIfIdle(lane_id);
  }
  ArmTimer();
}

void Passwords::State::AddJob(Job job) {
  jobs_.push_back(std::move(job));
  RunJobs();
}

void Passwords::State::AddUrgentJob(Job job) {
  jobs_.push_front(std::move(job));
  RunJobs();
}

void Passwords::State::RunJobs() {
  if (std::exchange(choosing_, true)) return;
  ChooseJobs();
  choosing_ = false;
}

void Passwords::State::ChooseJobs() {
  while (!jobs_.empty() && running_ < options_.running_max) {
    const auto job = std::make_shared<Job>(std::move(jobs_.front()));
    jobs_.pop_front();
    if (!job->digest.empty() && !IsWanted(job->digest)) {
      job->on_end(JobEnd::kUnwanted, {});
      continue;
    }
    PasswordRunner::OnDone on_done = [this, job](PasswordWork::Outcome outcome) {
      --running_;
      job->on_end(JobEnd::kDone, std::move(outcome));
      RunJobs();
    };
    if (runner_->Run(job->work, &on_done)) {
      ++running_;
    } else if (running_ > 0) {
      jobs_.push_front(std::move(*job));
      return;  // until one of those that run is done
    } else {
      // Why posted: who asked may be in the middle of something.
      Post([job](State&) { job->on_end(JobEnd::kNoRoom, {}); });
    }
  }
}

Passwords::Passwords(Options options, runtime::Loop* loop, PasswordRunner::Lanes workers)
    : nobodys_hash_(HashOfNobody(options.bcrypt_cost)),
      state_(std::make_shared<State>(std::move(options), loop, workers)) {}

Passwords::~Passwords() = default;

void Passwords::Hash(std::string password, runtime::Loop* loop, OnHash on_hash) {
  const size_t bytes = kCallBytes + password.size();
  Secret secret(std::move(password));
  if (!state_->Reserve(bytes)) {
    return loop->Post(
        [on_hash = std::move(on_hash)]() mutable { on_hash(base::errors::kTooManyRequests); });
  }
  state_->Post([call = State::HashCall{std::move(secret), bytes, loop, std::move(on_hash)}](
                   State& state) mutable { state.Hash(std::move(call)); });
}

void Passwords::Check(Attempt attempt, runtime::Loop* loop, OnChecked on_checked) {
  const size_t bytes = kCallBytes + attempt.user.size() + attempt.hash.size() +
                       attempt.password.size() + attempt.address.size();
  Secret secret(std::move(attempt.password));
  if (!state_->Reserve(bytes)) {
    return loop->Post([on_checked = std::move(on_checked)]() mutable {
      on_checked(base::errors::kTooManyRequests);
    });
  }
  State::CheckCall call{std::move(attempt.user), std::move(attempt.hash),
                        std::move(attempt.address), std::move(secret),
                        State::Waiter{bytes, loop, std::move(on_checked), std::move(attempt.gone)}};
  state_->Post([call = std::move(call)](State& state) mutable { state.Check(std::move(call)); });
}

int UsableBcryptCost(uint64_t given, const observe::Logger& logger) {
  if (given >= auth::kBcryptCostMin && given <= auth::kBcryptCostMax) {
    return static_cast<int>(given);
  }
  logger.Warn("use default bcrypt cost instead of the invalid given cost",
              {{"min-cost", auth::kBcryptCostMin},
               {"max-cost", auth::kBcryptCostMax},
               {"default-cost", auth::kBcryptCostDefault},
               {"given-cost", static_cast<int64_t>(given)}});
  return auth::kBcryptCostDefault;
}

}  // namespace identity
