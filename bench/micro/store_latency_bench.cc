#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "bench/micro/lmdb_store.h"
#include "runtime/asio/loop.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/workers.h"
#include "storage/image/snapshot_stream.h"
#include "storage/wal/log.h"

// How long writes take while something big goes on beside them: 1,000 a second, each due at its
// time, appended to the log with all that are due by then, synced and put into the store; from
// when it was due until readers see it. Usage: store_latency_bench [keys] [directory].

namespace {

using bench::KeyOf;
using bench::kValueBytes;
using bench::Print;
using Clock = std::chrono::steady_clock;

constexpr auto kInterval = std::chrono::milliseconds(1);
constexpr auto kPhaseMin = std::chrono::seconds(10);

// The thread that commits, one batch at a time.
class Committer {
 public:
  explicit Committer(backend::Backend* database)
      : database_(*database), thread_([this] { Run(); }) {}
  ~Committer() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  bool idle() const { return !out_; }
  void Start(mvcc::Store::Commit commit) {
    {
      const std::lock_guard lock(mutex_);
      commit_ = std::move(commit);
      out_ = true;
    }
    wake_.notify_one();
  }
  // What was started last, once it is committed.
  std::optional<mvcc::Store::Commit> TakeCommitted() {
    const std::lock_guard lock(mutex_);
    return std::exchange(committed_, std::nullopt);
  }
  void Returned() { out_ = false; }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return done_ || commit_; });
      if (!commit_) return;
      auto commit = std::move(*commit_);
      commit_.reset();
      lock.unlock();
      CHECK(database_.Commit(*commit.batch).ok());
      lock.lock();
      committed_ = std::move(commit);
    }
  }

  backend::Backend& database_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;                             // guarded by mutex_
  std::optional<mvcc::Store::Commit> commit_;     // guarded by mutex_
  std::optional<mvcc::Store::Commit> committed_;  // guarded by mutex_
  bool out_ = false;                              // the writer's
  std::thread thread_;
};

// The log and the apply loop in one thread.
class Writer {
 public:
  Writer(bench::LmdbStore* store, wal::Log* log, uint64_t keys)
      : store_(*store), log_(*log), keys_(keys), committer_(&store->database()) {}

  // Writes until `is_done` answers that it is, and kPhaseMin at least.
  template <typename IsDone>
  void Phase(const char* name, IsDone is_done) {
    std::vector<double> latencies;
    const auto start = Clock::now();
    auto due = start;
    std::optional<Clock::time_point> done;
    while (!done || Clock::now() - start < kPhaseMin) {
      if (!done && is_done()) done = Clock::now();
      auto now = Clock::now();
      RunCompactionUntil(due);
      if (due > now) {
        std::this_thread::sleep_until(due);
        now = Clock::now();
      }
      const auto first_due = due;
      const size_t count = static_cast<size_t>((now - due) / kInterval) + 1;
      due += kInterval * static_cast<int>(count);
      Write(count);
      const auto end = Clock::now();
      for (size_t i = 0; i < count; ++i) {
        const std::chrono::duration<double, std::milli> latency =
            end - (first_due + kInterval * static_cast<int>(i));
        latencies.push_back(latency.count());
      }
    }
    std::sort(latencies.begin(), latencies.end());
    const std::string prefix = std::string(name) + ": ";
    const std::chrono::duration<double> took = *done - start;
    Print((prefix + "took").c_str(), took.count(), "s");
    Print((prefix + "median write").c_str(), latencies[latencies.size() / 2], "ms");
    Print((prefix + "longest of 99 %").c_str(), latencies[latencies.size() * 99 / 100], "ms");
    Print((prefix + "longest write").c_str(), latencies.back(), "ms");
  }
  void CommitAll() {
    while (!committer_.idle()) HandOverCommits();
    store_.Commit(true);
  }
  void Compact() {
    CommitAll();
    store_.Compact();
    compacting_ = true;
  }
  bool compacting() const { return compacting_; }

 private:
  void Write(size_t count) {
    entries_.clear();
    for (size_t i = 0; i < count; ++i) {
      entries_.push_back({.term = base::Term(1), .index = base::Index(++index_), .data = payload_});
    }
    CHECK(log_.Append({.entries = entries_}).ok());
    for (size_t i = 0; i < count; ++i) store_.Put(KeyOf(next_++ % keys_), value_);
  }
  void HandOverCommits() {
    if (auto commit = committer_.TakeCommitted()) {
      store_.mvcc().Committed(std::move(*commit));
      committer_.Returned();
    }
    if (!committer_.idle()) return;
    if (auto commit = store_.mvcc().TakeCommit(false)) committer_.Start(std::move(*commit));
  }
  // One step however late it is.
  void RunCompactionUntil(Clock::time_point due) {
    do {
      HandOverCommits();
      if (compacting_) compacting_ = store_.mvcc().CompactionStep().value();
    } while (compacting_ && Clock::now() < due);
  }

  bench::LmdbStore& store_;
  wal::Log& log_;
  const uint64_t keys_;
  Committer committer_;
  const std::string value_ = std::string(kValueBytes, 'w');
  const base::SharedBytes payload_{value_};
  std::vector<raft::Entry> entries_;
  uint64_t index_ = 0;
  uint64_t next_ = 0;
  bool compacting_ = false;
};

// Takes a snapshot on a loop of its own: as fast as it can, or the first chunk only.
class Receiver {
 public:
  Receiver(bench::LmdbStore* store, runtime::Disk* disk, const std::string& spool_path, bool stalls)
      : stalls_(stalls) {
    auto reader = std::move(store->database().NewReader()).value();
    thread_.loop().Post([this, disk, spool_path, reader = std::move(reader)]() mutable {
      auto stream =
          image::SnapshotStream::Start(std::move(reader), disk, &workers_, &thread_.loop(),
                                       {.spool_path = spool_path}, [this] { TakeAll(); });
      CHECK(stream.ok());
      stream_ = std::move(stream).value();
      TakeAll();
    });
  }
  ~Receiver() {
    std::atomic<bool> ended = false;
    thread_.loop().Post([&] {
      stream_.reset();
      ended = true;
    });
    while (!ended) std::this_thread::yield();
  }
  bool done() const { return done_; }

 private:
  void TakeAll() {
    base::Bytes chunk;
    while (!done_) {
      const auto state = stream_->Take(&chunk);
      CHECK(state.ok());
      if (*state == image::SnapshotStream::State::kNothing) return;
      if (stalls_ || *state == image::SnapshotStream::State::kEnd) done_ = true;
    }
  }

  const bool stalls_;
  std::atomic<bool> done_ = false;
  runtime::asio::LoopThread thread_{"receiver"};
  runtime::posix::Workers workers_{"snapshot", 1, 1};
  std::unique_ptr<image::SnapshotStream> stream_;
};

void Load(bench::LmdbStore* store, uint64_t keys) {
  const std::string value(kValueBytes, 'v');
  for (uint64_t i = 0; i < keys + keys / 5; ++i) {
    store->Put(KeyOf(i % keys), value);
    store->Commit(false);
  }
  store->Commit(true);
}

void Measure(bench::LmdbStore* store, wal::Log* log, runtime::Disk* disk,
             const std::string& directory, uint64_t keys) {
  const auto megabytes = [&](const char* what) {
    Print(what, static_cast<double>(store->database().sizes().allocated) / 1e6, "MB");
  };
  const auto always = [] { return true; };
  Writer writer(store, log, keys);
  writer.Phase("quiet", always);
  megabytes("database");
  {
    Receiver receiver(store, disk, directory + "/spool", false);
    writer.Phase("snapshot", [&] { return receiver.done(); });
  }
  megabytes("database");
  {
    Receiver receiver(store, disk, directory + "/spool", true);
    writer.Phase("snapshot, stalled receiver", [&] { return receiver.done(); });
  }
  megabytes("database");
  writer.Compact();
  writer.Phase("compaction", [&] { return !writer.compacting(); });
  megabytes("database");
  std::atomic<bool> defragmented = false;
  std::thread defragmenter([&] {
    CHECK(store->database().Defragment([](uint64_t) { return true; }).ok());
    defragmented = true;
  });
  writer.Phase("defragmentation", [&] { return defragmented.load(); });
  defragmenter.join();
  megabytes("database");
  writer.CommitAll();
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const std::string directory = std::string(argc > 2 ? argv[2] : ".") + "/store_latency_bench.data";
  runtime::posix::Disk disk;
  CHECK(disk.RemoveAll(directory).ok());
  CHECK(disk.CreateDirectories(directory).ok());
  {
    auto log = wal::Log::Create(disk, directory + "/wal", "metadata", {});
    CHECK(log.ok());
    bench::LmdbStore store(directory + "/db.mdb");
    Load(&store, keys);
    Measure(&store, log->get(), &disk, directory, keys);
  }
  CHECK(disk.RemoveAll(directory).ok());
  return 0;
}
