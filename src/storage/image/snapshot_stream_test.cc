#include "storage/image/snapshot_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/random.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"
#include "storage/image/testing/model_database.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/record_stream.h"
#include "storage/snap/snapshot_digest.h"

namespace image {
namespace {

using State = SnapshotStream::State;

struct Counts {
  int readers = 0;  // that live
  int cursors = 0;  // that ever were
};

class CountedReader final : public backend::Reader {
 public:
  CountedReader(std::unique_ptr<backend::Reader> reader, Counts* counts)
      : reader_(std::move(reader)), counts_(*counts) {
    ++counts_.readers;
  }
  ~CountedReader() override { --counts_.readers; }
  base::Result<std::optional<base::ByteView>> Get(backend::BucketId bucket,
                                                  base::ByteView key) override {
    return reader_->Get(bucket, key);
  }
  std::unique_ptr<backend::Cursor> NewCursor(backend::BucketId bucket) override {
    ++counts_.cursors;
    return reader_->NewCursor(bucket);
  }

 private:
  const std::unique_ptr<backend::Reader> reader_;
  Counts& counts_;
};

class SnapshotStreamTest : public ::testing::Test {
 protected:
  SnapshotStreamTest() {
    runtime::Random random(9);
    model_ = EmptyModel();
    for (int i = 0; i < 3000; ++i) {
      model_["key"]["key " + std::to_string(i)] = snap::testing::RandomBytes(random, 200);
    }
    database_ = DatabaseOf(model_);
  }

  std::unique_ptr<backend::Reader> NewReader() {
    return std::make_unique<CountedReader>(std::move(database_->NewReader()).value(), &counts_);
  }
  void Start(SnapshotStream::Options options) {
    auto stream = SnapshotStream::Start(NewReader(), &disk_, &workers_, loop_.get(),
                                        std::move(options), [this] { ++wakes_; });
    ASSERT_TRUE(stream.ok()) << stream.status().ToString();
    stream_ = std::move(stream).value();
  }
  void RunWork() {
    while (scheduler_.Step()) {
    }
  }
  // Takes until the end; each chunk is checked against what was said to remain.
  base::Bytes TakeAll() {
    base::Bytes all;
    base::Bytes chunk;
    while (true) {
      const auto state = stream_->Take(&chunk);
      EXPECT_TRUE(state.ok()) << state.status().ToString();
      if (state.ok() && *state == State::kNothing && std::exchange(wakes_, 0) == 0) {
        RunWork();
        if (wakes_ > 0) continue;
      }
      if (!state.ok() || *state != State::kChunk) return all;
      EXPECT_FALSE(chunk.empty());
      EXPECT_LE(chunk.size(), SnapshotStream::kChunkBytesMax);
      all += chunk;
      remaining_.push_back(stream_->remaining_bytes() + all.size());
    }
  }
  // The records of a snapshot, checked.
  Model Parse(const base::Bytes& snapshot, bool has_digest) {
    auto file = std::move(disk_.Open("/saved", runtime::OpenMode::kCreateOrTruncate)).value();
    EXPECT_TRUE(file->WriteAt(0, snapshot).ok());
    const auto parts = snap::FindParts(*file).value();
    EXPECT_EQ(parts.has_digest, has_digest);
    if (has_digest) {
      EXPECT_TRUE(snap::VerifyDigest(*file, "/saved", parts).ok());
    }
    const auto reader = snap::BboltReader::Open(file.get(), "/saved", parts.image_bytes);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    EXPECT_TRUE((*reader)->Check().ok());
    return *snap::testing::Contents(**reader);
  }

  Model model_;
  std::unique_ptr<backend::Backend> database_;
  Counts counts_;
  int wakes_ = 0;
  std::vector<uint64_t> remaining_;
  runtime::simulated::Disk disk_{1};
  runtime::simulated::Scheduler scheduler_{1};
  std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("receiver");
  runtime::simulated::Workers workers_{&scheduler_, {.queue_capacity = 1}};
  std::unique_ptr<SnapshotStream> stream_;
};

TEST_F(SnapshotStreamTest, IsABboltImageAndItsDigest) {
  Start({.spool_path = "/spool"});
  RunWork();
  EXPECT_EQ(Parse(TakeAll(), true), model_);
}

TEST_F(SnapshotStreamTest, IsTheImageAloneIfNoDigestIsWanted) {
  Start({.spool_path = "/spool", .with_digest = false});
  RunWork();
  EXPECT_EQ(Parse(TakeAll(), false), model_);
}

TEST_F(SnapshotStreamTest, SaysFromTheFirstChunkOnHowMuchOfTheImageRemains) {
  Start({.spool_path = "/spool"});
  RunWork();
  const size_t image_bytes = TakeAll().size() - snap::kDigestBytes;
  ASSERT_GT(remaining_.size(), 10u);
  EXPECT_EQ(remaining_.back(), image_bytes + snap::kDigestBytes);
  remaining_.pop_back();
  EXPECT_EQ(std::count(remaining_.begin(), remaining_.end(), image_bytes),
            static_cast<ptrdiff_t>(remaining_.size()));
}

TEST_F(SnapshotStreamTest, TheReaderEndsThoughNothingIsTaken) {
  Start({.spool_path = "/spool", .spool_memory_bytes = 10'000});
  EXPECT_EQ(counts_.readers, 1);
  RunWork();
  EXPECT_EQ(counts_.readers, 0);
  EXPECT_EQ(Parse(TakeAll(), true), model_);
}

TEST_F(SnapshotStreamTest, WhatLiesInTheFileIsReadByAWorkerNeverByTheReceiver) {
  Start({.spool_path = "/spool", .spool_memory_bytes = 10'000});
  RunWork();
  base::Bytes chunk;
  size_t ready = 0;
  while (*stream_->Take(&chunk) == State::kChunk) ready += chunk.size();
  EXPECT_LE(ready, 10'000u + SnapshotStream::kChunkBytesMax);
  const int before = wakes_;
  RunWork();
  EXPECT_EQ(wakes_, before + 1);
  size_t read_ahead = 0;
  while (*stream_->Take(&chunk) == State::kChunk) read_ahead += chunk.size();
  EXPECT_GT(read_ahead, 100'000u);
  EXPECT_LE(read_ahead, SnapshotStream::kReadAheadBytes + SnapshotStream::kChunkBytesMax);
}

TEST_F(SnapshotStreamTest, WithoutAWorkerToReadTheFileItFailsByName) {
  Start({.spool_path = "/spool", .spool_memory_bytes = 10'000});
  RunWork();
  ASSERT_TRUE(workers_.Run([] {}, loop_.get(), [] {}));
  base::Bytes chunk;
  auto state = stream_->Take(&chunk);
  while (state.ok() && *state == State::kChunk) state = stream_->Take(&chunk);
  EXPECT_EQ(state.status().code(), base::Code::kResourceExhausted);
}

TEST_F(SnapshotStreamTest, HasNothingOfWhatIsCommittedAfterItsReader) {
  Start({.spool_path = "/spool"});
  Model later = EmptyModel();
  later["key"]["later"] = "value";
  Fill(*database_, later);
  RunWork();
  EXPECT_EQ(Parse(TakeAll(), true), model_);
}

TEST_F(SnapshotStreamTest, WakesAReceiverThatFoundNothing) {
  Start({.spool_path = "/spool"});
  base::Bytes chunk;
  EXPECT_EQ(*stream_->Take(&chunk), State::kNothing);
  EXPECT_EQ(wakes_, 0);
  RunWork();
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(*stream_->Take(&chunk), State::kChunk);
}

TEST_F(SnapshotStreamTest, EndsItsWorkWhenTheReceiverGoes) {
  Start({.spool_path = "/spool"});
  base::Bytes chunk;
  EXPECT_EQ(*stream_->Take(&chunk), State::kNothing);
  stream_.reset();
  RunWork();
  EXPECT_EQ(counts_.readers, 0);
  EXPECT_EQ(counts_.cursors, 1);  // that of the first bucket in the first pass
  EXPECT_EQ(wakes_, 0);
}

TEST_F(SnapshotStreamTest, ASpoolThatCannotTakeMoreFailsTheSnapshotByName) {
  ASSERT_TRUE(disk_.CreateDirectories("/spool/in/the/way").ok());
  Start({.spool_path = "/spool", .spool_memory_bytes = 10'000});
  RunWork();
  base::Bytes chunk;
  const auto state = stream_->Take(&chunk);
  ASSERT_FALSE(state.ok());
  EXPECT_NE(state.status().message().find("/spool"), std::string::npos);
  EXPECT_EQ(counts_.readers, 0);
}

TEST_F(SnapshotStreamTest, IsRefusedWhenTheWorkersAreBusy) {
  ASSERT_TRUE(workers_.Run([] {}, loop_.get(), [] {}));
  const auto refused = SnapshotStream::Start(NewReader(), &disk_, &workers_, loop_.get(),
                                             {.spool_path = "/spool"}, [] {});
  EXPECT_EQ(refused.status().code(), base::Code::kResourceExhausted);
  EXPECT_EQ(counts_.readers, 0);
}

class RecordsStreamTest : public SnapshotStreamTest {
 protected:
  class ModelSink final : public snap::RecordStreamReader::Sink {
   public:
    base::Status OnBucket(base::ByteView name) override {
      records_ = &model[std::string(name)];
      return {};
    }
    base::Status OnRecord(const snap::Record& record) override {
      records_->emplace(record.key, record.value);
      return {};
    }
    Model model;

   private:
    std::map<std::string, std::string>* records_ = nullptr;
  };

  static SnapshotStream::Options Records(size_t memory_bytes) {
    return {.form = SnapshotStream::Form::kRecords,
            .spool_path = "/spool",
            .spool_memory_bytes = memory_bytes};
  }
  static Model ParseRecords(const base::Bytes& stream) {
    ModelSink sink;
    snap::RecordStreamReader reader(&sink);
    EXPECT_TRUE(reader.Take(stream).ok());
    EXPECT_TRUE(reader.ended());
    return sink.model;
  }
  // Runs what is ready, without the patience.
  void RunReady() { scheduler_.RunFor(runtime::Duration(0)); }
};

TEST_F(RecordsStreamTest, AreTheRecordsOfTheReader) {
  Start(Records(4 << 20));
  RunWork();
  EXPECT_EQ(counts_.readers, 0);
  EXPECT_EQ(counts_.cursors, static_cast<int>(schema::kBucketNames.size()));  // one pass
  EXPECT_EQ(ParseRecords(TakeAll()), model_);
  EXPECT_EQ(stream_->remaining_bytes(), 0u);
}

TEST_F(RecordsStreamTest, WaitForAReceiverThatKeepsUpInMemoryAlone) {
  // It would not open.
  ASSERT_TRUE(disk_.CreateDirectories("/spool/in/the/way").ok());
  Start(Records(10'000));
  base::Bytes all;
  base::Bytes chunk;
  for (bool ended = false; !ended;) {
    RunReady();
    for (auto state = State::kChunk; state == State::kChunk;) {
      const auto taken = stream_->Take(&chunk);
      ASSERT_TRUE(taken.ok()) << taken.status().ToString();
      state = *taken;
      if (state == State::kChunk) all += chunk;
      ended = state == State::kEnd;
    }
  }
  EXPECT_EQ(ParseRecords(all), model_);
  EXPECT_EQ(counts_.readers, 0);
}

TEST_F(RecordsStreamTest, TakeNoWorkerWhileTheyWait) {
  Start(Records(10'000));
  RunReady();
  EXPECT_EQ(counts_.readers, 1);
  EXPECT_TRUE(workers_.Run([] {}, loop_.get(), [] {}));
}

TEST_F(RecordsStreamTest, DoNotHoldTheReaderForLongerThanThePatience) {
  Start(Records(10'000));
  scheduler_.RunFor(std::chrono::milliseconds(9'999));
  EXPECT_EQ(counts_.readers, 1);
  scheduler_.RunFor(std::chrono::milliseconds(1));
  RunReady();
  EXPECT_EQ(counts_.readers, 0);
  EXPECT_EQ(ParseRecords(TakeAll()), model_);
}

TEST_F(RecordsStreamTest, SpendThePatienceOverAllTheirPauses) {
  Start(Records(10'000));
  base::Bytes all;
  base::Bytes chunk;
  int pauses = 0;
  for (; counts_.readers == 1 && pauses < 100; ++pauses) {
    scheduler_.RunFor(std::chrono::seconds(3));
    while (*stream_->Take(&chunk) == State::kChunk) all += chunk;
    RunReady();
  }
  EXPECT_EQ(pauses, 4);
  EXPECT_EQ(ParseRecords(all + TakeAll()), model_);
}

TEST_F(RecordsStreamTest, EndWhenTheReceiverGoesWhileTheyWait) {
  Start(Records(10'000));
  RunReady();
  stream_.reset();
  RunReady();
  EXPECT_EQ(counts_.readers, 0);
}

TEST_F(RecordsStreamTest, WithoutAWorkerToGoOnFailByName) {
  Start(Records(10'000));
  RunReady();
  ASSERT_TRUE(workers_.Run([] {}, loop_.get(), [] {}));
  base::Bytes chunk;
  auto state = stream_->Take(&chunk);
  while (state.ok() && *state == State::kChunk) state = stream_->Take(&chunk);
  EXPECT_EQ(state.status().code(), base::Code::kResourceExhausted);
  EXPECT_EQ(counts_.readers, 0);
}

TEST_F(RecordsStreamTest, MayBeLargerThanTheMemory) {
  model_["key"]["large"] = std::string(100'000, 'x');
  database_ = DatabaseOf(model_);
  Start(Records(10'000));
  base::Bytes all;
  base::Bytes chunk;
  for (bool ended = false; !ended;) {
    RunReady();
    const auto state = stream_->Take(&chunk);
    ASSERT_TRUE(state.ok());
    if (*state == State::kChunk) all += chunk;
    ended = *state == State::kEnd;
  }
  EXPECT_EQ(ParseRecords(all), model_);
}

}  // namespace
}  // namespace image
