#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"
#include "storage/mvcc/write_txn.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/wal/log.h"

// The log and the store, each operation alone on one thread, in processor time. Usage: store_bench
// [keys] [directory]; 2,000,000 keys of 8 bytes with values of 256 bytes in the working directory.

namespace {

constexpr size_t kValueBytes = 256;

const runtime::posix::Clock& TheClock() {
  static const runtime::posix::Clock clock;
  return clock;
}

void Print(const char* what, double value, const char* unit) {
  std::printf("%-52s %10.2f %s\n", what, value, unit);
  std::fflush(stdout);
}

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

std::string KeyOf(uint64_t number) {
  char bytes[8];
  base::Store64Be(bytes, number * 0x9e3779b97f4a7c15);  // spread, and each once
  return {bytes, sizeof bytes};
}

// The store on LMDB, with commits made where the caller says.
class Bench {
 public:
  explicit Bench(std::string path) : path_(std::move(path)) { Open(); }

  void Close() {
    store_.reset();
    database_.reset();
  }
  void Open() {
    auto database = backend::OpenLmdbBackend(&disk_, path_, schema::kBucketNames);
    CHECK(database.ok());
    database_ = std::move(database).value();
    buffer_ = std::make_unique<backend::WriteBuffer>(
        backend::WriteBuffer::Limits(),
        [](base::Index index, base::Term term, backend::Batch* batch) {
          schema::PutConsistentIndex({index, term}, batch);
        });
    auto store = mvcc::Store::Open(database_.get(), buffer_.get(), &TheClock(), {},
                                   [](base::ByteView, base::LeaseId) {});
    CHECK(store.ok());
    store_ = std::move(store).value();
  }
  mvcc::Store& store() { return *store_; }
  const backend::Backend& database() const { return *database_; }

  void Put(base::ByteView key, base::ByteView value) {
    CHECK(store_->Write().Put(key, value, {}).ok());
    buffer_->EndEntry(++index_, base::Term(1), TheClock().Now());
  }
  void Commit(bool force) {
    auto commit = store_->TakeCommit(force);
    if (!commit) return;
    CHECK(database_->Commit(*commit->batch).ok());
    store_->Committed(std::move(*commit));
  }
  void Compact() {
    CHECK(store_->Compact(store_->revision()).ok());
    buffer_->EndEntry(++index_, base::Term(1), TheClock().Now());
    Commit(true);
  }

 private:
  runtime::posix::Disk disk_;
  const std::string path_;
  std::unique_ptr<backend::Backend> database_;
  std::unique_ptr<backend::WriteBuffer> buffer_;
  std::unique_ptr<mvcc::Store> store_;
  base::Index index_;
};

void Load(Bench* bench, uint64_t keys) {
  const std::string value(kValueBytes, 'v');
  double put_us = 0;
  double commit_us = 0;
  constexpr uint64_t kRound = 5000;
  for (uint64_t first = 0; first < keys; first += kRound) {
    put_us += Microseconds([&] {
      for (uint64_t i = first; i < std::min(first + kRound, keys); ++i) bench->Put(KeyOf(i), value);
    });
    commit_us += Microseconds([&] { bench->Commit(true); });
  }
  Print("put, without its commit", put_us / static_cast<double>(keys), "us");
  Print("commit, for each put", commit_us / static_cast<double>(keys), "us");
  Print("database in use", static_cast<double>(bench->database().sizes().in_use) / 1e6, "MB");
}

void ReadPoints(Bench* bench, uint64_t keys, uint64_t newest, const char* what) {
  runtime::Random random(1);
  constexpr int kReads = 200'000;
  const double total = Microseconds([&] {
    for (int i = 0; i < kReads; ++i) {
      const std::string key = KeyOf(keys - 1 - random.Below(newest));
      const auto pin = bench->store().Pin({});
      CHECK((*pin)->Get(key)->has_value());
    }
  });
  Print(what, total / kReads, "us");
}

void ReadRanges(Bench* bench) {
  const auto pin = std::move(bench->store().Pin({})).value();
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

void Reopen(Bench* bench, uint64_t keys) {
  bench->Close();
  const size_t without = HeapBytes();
  const double open_us = Microseconds([&] { bench->Open(); });
  Print("open, pages in cache", open_us / 1e6, "s");
  const size_t opened = HeapBytes() - without;
  Print("index, for each key beyond its bytes, after opening",
        static_cast<double>(opened) / static_cast<double>(keys) - 8, "bytes");
}

void CompactAfterChanges(Bench* bench, uint64_t keys) {
  const std::string value(kValueBytes, 'w');
  const uint64_t changed = keys / 5;
  for (uint64_t i = 0; i < changed; ++i) {
    bench->Put(KeyOf(i), value);
    bench->Commit(false);
  }
  bench->Commit(true);
  bench->Compact();
  std::vector<double> steps;
  double commits = 0;
  for (bool more = true; more;) {
    steps.push_back(Microseconds([&] { more = bench->store().CompactionStep().value(); }));
    commits += Microseconds([&] { bench->Commit(false); });
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
  const std::string data(300, 'd');
  std::vector<wal::Entry> entries;
  uint64_t index = 0;
  std::vector<double> batches;
  std::vector<double> singles;
  for (int run = 0; run < 60; ++run) {
    entries.clear();
    for (int i = 0; i < 1000; ++i) {
      entries.push_back({.term = base::Term(1), .index = base::Index(++index), .data = data});
    }
    batches.push_back(Microseconds([&] { CHECK((*log)->Append({.entries = entries}).ok()); }));
    const wal::Entry one{.term = base::Term(1), .index = base::Index(++index), .data = data};
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
    Bench bench(path);
    Load(&bench, keys);
    ReadPoints(&bench, keys, 10'000, "point read of a recent key, with its pin");
    Reopen(&bench, keys);
    ReadPoints(&bench, keys, keys, "point read from the database, with its pin");
    ReadRanges(&bench);
    CompactAfterChanges(&bench, keys);
  }
  remove();
  return 0;
}
