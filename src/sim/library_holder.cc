#include "sim/library_holder.h"

#include <charconv>
#include <utility>

namespace sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kLockPrefix[] = "keylib/lock";
constexpr char kLeadershipPrefix[] = "keylib/leader";
constexpr char kSlotsPrefix[] = "keylib/slots";

constexpr uint64_t kWritesMax = 3;

constexpr char kLocksTaken[] = "library: locks taken";
constexpr char kCampaignsWon[] = "library: campaigns won";
constexpr char kSlotsTaken[] = "library: slots taken";
constexpr char kGuardedWrites[] = "library: guarded writes";
constexpr char kRefusedWrites[] = "library: guarded writes refused";
constexpr char kLeadersObserved[] = "library: leaders observed";
constexpr char kSessionsLost[] = "library: sessions lost";

int64_t NumberOf(const etcd::GetResponse& got) {
  int64_t number = 0;
  if (got.kvs.empty()) return number;
  const std::string& text = got.kvs[0].value;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

LibraryJudges::LibraryJudges(Checker* checker)
    : fail(checker->FailWith()),
      lock("the lock", fail),
      leadership("leadership", fail),
      slots("the semaphore", kLimit, fail) {}

Tally LibraryJudges::NothingHappened() {
  return {kLocksTaken,    kCampaignsWon,    kSlotsTaken,  kGuardedWrites,
          kRefusedWrites, kLeadersObserved, kSessionsLost};
}

// ---- What is held ----

class LibraryHolder::Holding {
 public:
  virtual ~Holding() = default;
  // Maybe without waiting for others.
  virtual etcd::Status Take(const etcd::CallOptions& call, bool waits) = 0;
  virtual etcd::Status Leave(const etcd::CallOptions& call) = 0;
  virtual etcd::Compare IsHeld() const = 0;
  virtual int64_t token() const = 0;
  // A revision at which it is said to be held; 0: nothing is said.
  virtual int64_t held_at() const = 0;
};

class LibraryHolder::Lock final : public Holding {
 public:
  explicit Lock(etcd::Session* session) : mutex_(session, kLockPrefix) {}
  etcd::Status Take(const etcd::CallOptions& call, bool waits) override {
    return waits ? mutex_.Lock(call) : mutex_.TryLock(call);
  }
  etcd::Status Leave(const etcd::CallOptions& call) override { return mutex_.Unlock(call); }
  etcd::Compare IsHeld() const override { return mutex_.IsOwner(); }
  int64_t token() const override { return mutex_.token(); }
  int64_t held_at() const override { return mutex_.header().revision; }

 private:
  etcd::Mutex mutex_;
};

class LibraryHolder::Leadership final : public Holding {
 public:
  Leadership(etcd::Session* session, std::string value)
      : election_(session, kLeadershipPrefix), value_(std::move(value)) {}
  etcd::Status Take(const etcd::CallOptions& call, bool /*waits*/) override {
    return election_.Campaign(value_, call);
  }
  etcd::Status Leave(const etcd::CallOptions& call) override { return election_.Resign(call); }
  etcd::Compare IsHeld() const override { return election_.IsLeader(); }
  int64_t token() const override { return election_.revision(); }
  int64_t held_at() const override { return 0; }

 private:
  etcd::Election election_;
  const std::string value_;
};

class LibraryHolder::Slot final : public Holding {
 public:
  explicit Slot(etcd::Session* session)
      : semaphore_(session, kSlotsPrefix, {.limit = LibraryJudges::kLimit}) {}
  etcd::Status Take(const etcd::CallOptions& call, bool waits) override {
    return waits ? semaphore_.Acquire(call) : semaphore_.TryAcquire(call);
  }
  etcd::Status Leave(const etcd::CallOptions& call) override { return semaphore_.Release(call); }
  etcd::Compare IsHeld() const override { return semaphore_.IsHolder(); }
  int64_t token() const override { return semaphore_.token(); }
  int64_t held_at() const override { return semaphore_.header().revision; }

 private:
  etcd::Semaphore semaphore_;
};

std::unique_ptr<LibraryHolder::Holding> LibraryHolder::NewHolding() {
  switch (kind_) {
    case Kind::kLock:
      return std::make_unique<Lock>(session_.get());
    case Kind::kLeadership:
      return std::make_unique<Leadership>(session_.get(), NewValue());
    case Kind::kSlot:
      break;
  }
  return std::make_unique<Slot>(session_.get());
}

HoldingJudge& LibraryHolder::judge() {
  switch (kind_) {
    case Kind::kLock:
      return judges_.lock;
    case Kind::kLeadership:
      return judges_.leadership;
    case Kind::kSlot:
      break;
  }
  return judges_.slots;
}

// ---- Sessions ----

LibraryHolder::LibraryHolder(LibraryUser* user, LibraryJudges* judges, Kind kind)
    : user_(*user), judges_(*judges), kind_(kind), session_(user) {}

void LibraryHolder::Work() {
  while (!user_.Ends()) {
    if (session_.Open()) {
      while (!user_.Ends() && !session_.is_over() && Turn()) user_.SleepUntilNextTurn();
      EndSession();
    }
    user_.SleepUntilNextTurn();
  }
}

void LibraryHolder::EndSession() {
  if (session_.is_over()) judges_.happened.Add(kSessionsLost);
  session_.End();
}

void LibraryHolder::OnLost(const std::string& what) {
  if (session_.Lives()) judges_.fail(what + ", although its session lives");
}

// ---- Turns ----

bool LibraryHolder::Turn() {
  runtime::Random& random = user_.random();
  if (kind_ == Kind::kLeadership && random.OneIn(4)) LookOn();
  if (kind_ == Kind::kSlot && random.OneIn(4)) LookAtSlots();
  const std::unique_ptr<Holding> holding = NewHolding();
  const bool waits = !random.OneIn(4);
  const etcd::Status taken =
      holding->Take(user_.Call(milliseconds(200), waits ? seconds(3) : seconds(1)), waits);
  user_.checker().trace().Add(taken.code(), holding->token());
  if (!taken.ok()) {
    // It waited in a place that went, or its lease was not there when it asked for one.
    const bool is_lost =
        taken.code() == etcd::Code::kAborted || taken.code() == etcd::Code::kNotFound;
    if (is_lost) OnLost("somebody is told \"" + taken.message() + "\"");
    return !random.OneIn(4);
  }
  judges_.happened.Add(kind_ == Kind::kLock         ? kLocksTaken
                       : kind_ == Kind::kLeadership ? kCampaignsWon
                                                    : kSlotsTaken);
  judge().OnTaken(holding->token(), session_.get()->lease());
  if (holding->held_at() != 0) judge().OnHeld(holding->token(), holding->held_at());
  Written written = Written::kDone;
  for (uint64_t left = random.Between(1, kWritesMax); left > 0 && written == Written::kDone;
       --left) {
    written = Write(*holding);
    user_.Sleep(runtime::Duration{0}, milliseconds(200));
  }
  // It may be carried out as long as the session has its place.
  if (written == Written::kUnknown) return false;
  const etcd::Status left = holding->Leave(user_.Call());
  user_.checker().trace().Add(left.code());
  return !random.OneIn(10);
}

LibraryHolder::Written LibraryHolder::Write(Holding& holding) {
  const std::string key =
      "keylib-count/" +
      (kind_ == Kind::kSlot ? user_.host() : std::to_string(static_cast<int>(kind_)));
  const auto got = user_.client().Get({.key = key}, user_.Call());
  user_.checker().trace().Add(got.status().code());
  if (!got.ok()) return Written::kFailed;
  user_.Suffer();
  const int64_t counter = NumberOf(*got) + 1;
  const auto done =
      user_.client().Txn({.compares = {holding.IsHeld()},
                          .success = {etcd::OpPut({.key = key, .value = std::to_string(counter)})},
                          .failure = {}},
                         user_.Call());
  user_.checker().trace().Add(done.status().code());
  if (!done.ok()) return Written::kUnknown;
  if (!done->succeeded) {
    judges_.happened.Add(kRefusedWrites);
    OnLost("somebody has lost what it held");
    return Written::kFailed;
  }
  judges_.happened.Add(kGuardedWrites);
  judge().OnCounted(holding.token(), done->header.revision, counter);
  return Written::kDone;
}

std::string LibraryHolder::NewValue() {
  std::string value = user_.host() + " " + std::to_string(++values_);
  judges_.proclaimed.insert(value);
  return value;
}

// ---- Others ----

void LibraryHolder::LookOn() {
  const etcd::Election election(session_.get(), kLeadershipPrefix);
  int64_t before = 0;
  const etcd::Status ended = election.Observe(
      user_.Call(milliseconds(200), seconds(2)), [&](const etcd::ElectionLeader& leader) {
        user_.checker().trace().Add(leader.kv.mod_revision);
        judges_.happened.Add(kLeadersObserved);
        judges_.leadership.OnSeen(before, leader.kv.create_revision);
        before = leader.kv.create_revision;
        if (!judges_.proclaimed.contains(leader.kv.value)) {
          judges_.fail("a leader is said to proclaim what nobody has: " + leader.kv.value);
        }
        return !user_.random().OneIn(20);
      });
  user_.checker().trace().Add(ended.code());
  const auto leader = election.Leader(user_.Call());
  user_.checker().trace().Add(leader.status().code());
  if (!leader.ok()) return;
  judges_.leadership.OnHeld(leader->kv.create_revision, leader->header.revision);
}

void LibraryHolder::LookAtSlots() {
  const auto state = etcd::Semaphore::State(&user_.client(), kSlotsPrefix, user_.Call());
  user_.checker().trace().Add(state.status().code());
  if (!state.ok()) return;
  for (const etcd::KeyValue& holder : state->holders) {
    judges_.slots.OnHeld(holder.create_revision, state->header.revision);
  }
}

}  // namespace sim
