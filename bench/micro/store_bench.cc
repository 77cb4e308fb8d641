#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "bench/micro/lmdb_store.h"
#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/mvcc/store.h"
#include "storage/wal/log.h"

// The log and the store, each operation alone on one thread, in processor time. Usage: store_bench
// [keys] [directory]; 2,000,000 keys of 8 bytes with values of 256 bytes in the working directory.

namespace {

using bench::KeyOf;
using bench::kValueBytes;
using bench::LmdbStore;
using bench::Print;

// What the process used of the processor, so that a busy machine disturbs little; waiting for the
// disk does not count.
double ProcessorMicroseconds() {
  timespec time{};
  CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

template <typename Work>
double Microseconds(Work work) {
  const double start = ProcessorMicroseconds();
  work();
  return ProcessorMicroseconds() - start;
}

// The median of `runs`.
template <typename Work>
double MedianMicroseconds(int runs, Work work) {
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) times.push_back(Microseconds(work));
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[static_cast<size_t>(runs / 2)];
}

size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// In megabytes, by name: RssAnon, RssFile.
double Resident(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == name + ":" && status >> kilobytes) return kilobytes / 1e3;
  }
  return 0;
}

// The most that is resident while this lives.
class PeakMemory {
 public:
  PeakMemory() : thread_([this] { Watch(); }) {}
  ~PeakMemory() {
    done_ = true;
    thread_.join();
    Print("open: most anonymous memory", anonymous_, "MB");
    Print("open: most of the file in memory", file_, "MB");
  }

 private:
  void Watch() {
    while (!done_) {
      anonymous_ = std::max(anonymous_, Resident("RssAnon"));
      file_ = std::max(file_, Resident("RssFile"));
    }
  }

  std::atomic<bool> done_ = false;
  double anonymous_ = 0;
  double file_ = 0;
  std::thread thread_;
};

void Load(LmdbStore* store, uint64_t keys) {
  const std::string value(kValueBytes, 'v');
  double put_us = 0;
  double commit_us = 0;
  constexpr uint64_t kRound = 5000;
  for (uint64_t first = 0; first < keys; first += kRound) {
    put_us += Microseconds([&] {
      for (uint64_t i = first; i < std::min(first + kRound, keys); ++i) store->Put(KeyOf(i), value);
    });
    commit_us += Microseconds([&] { store->Commit(true); });
  }
  Print("put, without its commit", put_us / static_cast<double>(keys), "us");
  Print("commit, for each put", commit_us / static_cast<double>(keys), "us");
  Print("database in use", static_cast<double>(store->database().sizes().in_use) / 1e6, "MB");
}

void ReadPoints(LmdbStore* store, uint64_t keys, uint64_t newest, const char* what) {
  runtime::Random random(1);
  mvcc::Reads reads(&store->mvcc());
  constexpr int kReads = 200'000;
  const double total = Microseconds([&] {
    for (int i = 0; i < kReads; ++i) {
      const std::string key = KeyOf(keys - 1 - random.Below(newest));
      const auto pin = reads.Pin({});
      CHECK((*pin)->Get(key)->has_value());
    }
  });
  Print(what, total / kReads, "us");
}

void ReadRanges(LmdbStore* store) {
  mvcc::Reads reads(&store->mvcc());
  const auto pin = std::move(reads.Pin({})).value();
  Print("first 10 of all keys, with their count",
        MedianMicroseconds(
            101, [&] { CHECK(pin->Range(mvcc::KeyRange::All(), 10)->key_values.size() == 10); }),
        "us");
  // Keys are spread evenly: this is half of them.
  const std::string low(1, '\x40');
  const std::string high(1, '\xc0');
  const auto range = mvcc::KeyRange::Of(low, high);
  Print("keys in the counted range", static_cast<double>(pin->Count(range)), "");
  Print("count of the range", MedianMicroseconds(101, [&] { CHECK(pin->Count(range) > 0); }), "us");
}

void Reopen(LmdbStore* store, uint64_t keys) {
  store->Close();
  malloc_trim(0);
  {
    const PeakMemory peak;
    store->Open();
  }
  store->Close();
  const size_t without = HeapBytes();
  const double open_us = Microseconds([&] { store->Open(); });
  Print("open, pages in cache", open_us / 1e6, "s");
  const size_t opened = HeapBytes() - without;
  Print("index, for each key beyond its bytes, after opening",
        static_cast<double>(opened) / static_cast<double>(keys) - 8, "bytes");
}

void CompactAfterChanges(LmdbStore* store, uint64_t keys) {
  const std::string value(kValueBytes, 'w');
  const uint64_t changed = keys / 5;
  for (uint64_t i = 0; i < changed; ++i) {
    store->Put(KeyOf(i), value);
    store->Commit(false);
  }
  store->Commit(true);
  store->Compact();
  std::vector<double> steps;
  double commits = 0;
  for (bool more = true; more;) {
    steps.push_back(Microseconds([&] { more = store->mvcc().CompactionStep().value(); }));
    commits += Microseconds([&] { store->Commit(false); });
  }
  std::sort(steps.begin(), steps.end());
  Print("compaction: steps", static_cast<double>(steps.size()), "");
  Print("compaction: median step", steps[steps.size() / 2], "us");
  Print("compaction: longest step", steps.back(), "us");
  Print("compaction: all steps", std::accumulate(steps.begin(), steps.end(), 0.0) / 1e6, "s");
  Print("compaction: commits", commits / 1e6, "s");
}

void AppendToLog(runtime::Disk& disk, const std::string& directory) {
  const std::string path = directory + "/store_bench.wal";
  CHECK(disk.RemoveAll(path).ok());
  auto log = wal::Log::Create(disk, path, "metadata", {});
  CHECK(log.ok());
  const base::SharedBytes data(std::string(300, 'd'));
  std::vector<raft::Entry> entries;
  uint64_t index = 0;
  std::vector<double> batches;
  std::vector<double> singles;
  for (int run = 0; run < 60; ++run) {
    entries.clear();
    for (int i = 0; i < 1000; ++i) {
      entries.push_back({.term = base::Term(1), .index = base::Index(++index), .data = data});
    }
    batches.push_back(Microseconds([&] { CHECK((*log)->Append({.entries = entries}).ok()); }));
    const raft::Entry one{.term = base::Term(1), .index = base::Index(++index), .data = data};
    singles.push_back(Microseconds([&] { CHECK((*log)->Append({.entries = {&one, 1}}).ok()); }));
  }
  std::sort(batches.begin(), batches.end());
  std::sort(singles.begin(), singles.end());
  Print("log: append of 1000 entries of 300 bytes", batches[batches.size() / 2], "us");
  Print("log: append of one entry", singles[singles.size() / 2], "us");
  log->reset();
  CHECK(disk.RemoveAll(path).ok());
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const std::string directory = argc > 2 ? argv[2] : ".";
  runtime::posix::Disk disk;
  AppendToLog(disk, directory);
  const std::string path = directory + "/store_bench.mdb";
  const auto remove = [&] {
    for (const char* suffix : {"", "-lock"}) disk.Remove(path + suffix).IgnoreError();
  };
  remove();
  {
    LmdbStore store(path);
    Load(&store, keys);
    ReadPoints(&store, keys, 10'000, "point read of a recent key, with its pin");
    Reopen(&store, keys);
    ReadPoints(&store, keys, keys, "point read from the database, with its pin");
    ReadRanges(&store);
    CompactAfterChanges(&store, keys);
  }
  remove();
  return 0;
}
