#include "bench/stm_command.h"

#include <etcd/stm.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "bench/keys.h"
#include "bench/stm_lock.h"
#include "bench/usage.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/loop_pool.h"

namespace bench {
namespace {

using cli::Outcome;

constexpr size_t kKeySize = 16;

struct StmOptions {
  etcd::Isolation isolation = etcd::Isolation::kRepeatableReads;
  StmLock::Kind locker = StmLock::Kind::kNone;
  uint64_t keys = 0;
  uint64_t keys_per_txn = 0;
  uint64_t write_percent = 0;
  uint64_t value_size = 0;
  LoadOptions load;
};

const std::map<std::string, etcd::Isolation> kIsolations = {
    {"c", etcd::Isolation::kReadCommitted},
    {"r", etcd::Isolation::kRepeatableReads},
    {"s", etcd::Isolation::kSerializable},
    {"ss", etcd::Isolation::kSerializableSnapshot}};
const std::map<std::string, StmLock::Kind> kLockers = {{"stm", StmLock::Kind::kNone},
                                                       {"lock-client", StmLock::Kind::kMutex},
                                                       {"lock-rpc", StmLock::Kind::kService}};

Outcome ReadNumbers(const Measuring& measuring, StmOptions* options) {
  const cli::Flags& flags = measuring.flags();
  const auto number = [&flags](const char* name) { return std::to_string(flags.GetInt(name)); };
  const int64_t keys = flags.GetInt("keys");
  if (keys <= 0) {
    return Refuse(measuring.invocation, "expected positive --keys, got (" + number("keys") + ")");
  }
  const int64_t percent = flags.GetInt("txn-wr-percent");
  if (percent < 0 || percent > 100) {
    return Refuse(measuring.invocation,
                  "expected [0, 100] --txn-wr-percent, got (" + number("txn-wr-percent") + ")");
  }
  const int64_t per_txn = flags.GetInt("keys-per-txn");
  if (per_txn < 0 || per_txn > keys) {
    return Refuse(measuring.invocation, "expected --keys-per-txn between 0 and " + number("keys") +
                                            ", got (" + number("keys-per-txn") + ")");
  }
  options->keys = static_cast<uint64_t>(keys);
  options->write_percent = static_cast<uint64_t>(percent);
  options->keys_per_txn = static_cast<uint64_t>(per_txn);
  return ReadCount(measuring.invocation, "val-size", &options->value_size);
}

Outcome ReadOptions(const Measuring& measuring, StmOptions* options) {
  if (Outcome outcome = ReadNumbers(measuring, options); !outcome.ok()) return outcome;
  const auto isolation = kIsolations.find(measuring.flags().GetString("isolation"));
  if (isolation == kIsolations.end()) return RefuseUsage(measuring.invocation, "stm");
  options->isolation = isolation->second;
  const std::string& name = measuring.flags().GetString("stm-locker");
  const auto locker = kLockers.find(name);
  if (locker == kLockers.end()) {
    return Refuse(measuring.invocation, "unexpected stm locker " + base::Quote(name));
  }
  options->locker = locker->second;
  return ReadLoad(measuring, &options->load);
}

// Transactions by several clients, each on a thread of its own, since they are functions that wait.
class StmRun {
 public:
  StmRun(const Measuring& measuring, Fleet* fleet, const StmOptions& options,
         std::vector<std::unique_ptr<etcd::Client>> clients)
      : measuring_(measuring),
        fleet_(*fleet),
        options_(options),
        clients_(std::move(clients)),
        results_(measuring.setup.keeps_seconds),
        threads_("stm", options.load.clients) {}

  void Start() {
    std::vector<runtime::Loop*> loops;
    for (size_t i = 0; i < options_.load.clients; ++i) {
      loops.push_back(threads_.NewLoop(runtime::posix::LoopPool::Turns::kMayBlock));
    }
    start_ = clock_.Now();
    wall_start_ = clock_.WallNow();
    for (size_t i = 0; i < loops.size(); ++i) loops[i]->Post([this, i] { RunClient(i); });
  }

  Cut Await() {
    const std::unique_ptr<Progress> progress =
        NewProgress(measuring_, &fleet_, options_.load.total);
    Cut cut = Wait(&fleet_, measuring_.control,
                   {.has_ended = [this] { return ended_ == options_.load.clients; },
                    .answered = [this] { return answered_.load(); },
                    .patience = measuring_.setup.dial_timeout,
                    .progress = progress.get()});
    stopped_ = true;
    took_ = clock_.Now() - start_;
    while (ended_ < options_.load.clients) measuring_.control->parker().Park(kLookPeriod);
    if (cut.ok()) cut.failure = failure_;
    return cut;
  }
  // When it has ended.
  Series Take(const std::string& name) { return {name, std::move(results_), took_}; }

 private:
  static constexpr runtime::Duration kLookPeriod = std::chrono::milliseconds(100);

  void RunClient(size_t client) {
    etcd::Client& own = *clients_[client % clients_.size()];
    auto lock = StmLock::New(options_.locker, &own, &fleet_, client % fleet_.connections());
    runtime::Random random(runtime::posix::EntropySeed());
    runtime::posix::Parker parker;
    if (!lock.ok()) Fail(lock.status());
    for (uint64_t number; lock.ok() && (number = next_++) < options_.load.total;) {
      const runtime::TimePoint due = WaitUntilDue(number, &parker);
      if (stopped_) break;
      const etcd::Status status = Transact(&own, lock->get(), &random);
      if (stopped_) break;
      Record(due, status);
    }
    if (lock.ok()) lock->reset();
    ++ended_;
    measuring_.control->parker().Unpark();
  }

  // When its time counts from.
  runtime::TimePoint WaitUntilDue(uint64_t number, runtime::posix::Parker* parker) const {
    if (options_.load.rate == 0) return clock_.Now();
    const std::chrono::duration<double> after(static_cast<double>(number) / options_.load.rate);
    const runtime::TimePoint due = start_ + std::chrono::duration_cast<runtime::Duration>(after);
    while (!stopped_ && clock_.Now() < due) {
      parker->Park(std::min(due - clock_.Now(), kLookPeriod));
    }
    return measuring_.setup.from_due ? due : clock_.Now();
  }

  std::set<std::string> ChooseKeys(runtime::Random* random) const {
    const Keys keys("", kKeySize);
    std::set<std::string> chosen;
    std::string key;
    while (chosen.size() < options_.keys_per_txn) {
      keys.Write(random->Below(options_.keys), &key);
      chosen.insert(key);
    }
    return chosen;
  }

  etcd::Status Transact(etcd::Client* client, StmLock* lock, runtime::Random* random) {
    const etcd::CallOptions call{.cancellation = measuring_.control->handle()};
    etcd::CallOptions patient = call;
    patient.timeout = etcd::kNoTimeout;
    const std::set<std::string> keys = ChooseKeys(random);
    if (const etcd::Status locked = lock->Lock(patient); !locked.ok()) return locked;
    const auto done = etcd::RunStm(
        client,
        [&](etcd::Stm& stm) -> etcd::Status {
          uint64_t writes = keys.size() * options_.write_percent / 100;
          for (const std::string& key : keys) {
            if (const auto read = stm.Get(key); !read.ok()) return read.status();
            if (writes == 0) continue;
            stm.Put(key, RandomBytes(options_.value_size, random));
            --writes;
          }
          return {};
        },
        {.isolation = options_.isolation}, call);
    const etcd::Status unlocked = lock->Unlock();
    return done.ok() ? unlocked : done.status();
  }

  void Record(runtime::TimePoint from, const etcd::Status& status) {
    const runtime::Duration took = clock_.Now() - from;
    const runtime::Duration at = from - start_;
    const std::lock_guard guard(mutex_);
    if (status.ok()) {
      results_.RecordDone(at, took, {wall_start_.unix_nanos + at.count()});
    } else {
      results_.RecordError(base::Status(static_cast<base::Code>(status.code()), status.message()));
    }
    ++answered_;
  }
  void Fail(const etcd::Status& status) {
    const std::lock_guard guard(mutex_);
    failure_ = status.ToString();
  }

  const Measuring& measuring_;
  Fleet& fleet_;
  const StmOptions options_;
  const runtime::posix::Clock clock_;
  const std::vector<std::unique_ptr<etcd::Client>> clients_;
  runtime::TimePoint start_{};
  runtime::WallTime wall_start_{};
  runtime::Duration took_{};
  std::atomic<uint64_t> next_ = 0;
  std::atomic<uint64_t> answered_ = 0;
  std::atomic<size_t> ended_ = 0;  // clients
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  // guards the next two
  Results results_;
  std::string failure_;
  runtime::posix::LoopPool threads_;  // the last: they use all of it
};

}  // namespace

Outcome MeasureStm(const Measuring& measuring) {
  StmOptions options;
  Outcome outcome = ReadOptions(measuring, &options);
  if (!outcome.ok()) return outcome;
  const Setup& setup = measuring.setup;
  std::unique_ptr<Fleet> fleet;
  // They show that somebody is there, and carry what the client library does not have.
  if (outcome = Open(measuring, setup.connections, 1, &fleet); !outcome.ok()) return outcome;
  std::vector<std::unique_ptr<etcd::Client>> clients;
  while (clients.size() < setup.connections) {
    auto made = etcd::Client::New(setup.client);
    if (!made.ok()) {
      return Refuse(measuring.invocation, "dial error: " + made.status().ToString());
    }
    clients.push_back(std::move(made).value());
  }
  measuring.result->rate = options.load.rate;
  StmRun run(measuring, fleet.get(), options, std::move(clients));
  CpuMeter cpu(&measuring.result->client_cpu_seconds);
  run.Start();
  measuring.result->cut = run.Await();
  measuring.result->series.push_back(run.Take(measuring.result->command));
  return {};
}

}  // namespace bench
