#include "state/kv/long_reads.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "state/kv/range.h"
#include "state/kv/testing/plain_lessor.h"
#include "state/kv/write.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using Place = LongReads::Place;

class LongReadsTest : public ::testing::Test {
 protected:
  // Who still waits would get a place of one that ends.
  ~LongReadsTest() override { reads_->Close(); }

  LongReads::OnPlace Record(std::string name) {
    return [this, name = std::move(name)](std::optional<Place> place) {
      order_ += order_.empty() ? name : " " + name;
      if (!place.has_value()) order_ += "!";
      if (place.has_value()) running_.push_back(*std::move(place));
    };
  }
  void EndOldest() {
    const Place ended = std::move(running_.front());
    running_.pop_front();
  }

  static constexpr LongReads::Client kA = 1;
  static constexpr LongReads::Client kB = 2;
  std::string order_;  // who got a place, or was refused
  std::shared_ptr<LongReads> reads_ =
      std::make_shared<LongReads>(LongReads::Limits{.running_max = 2, .waiting_bytes_max = 100});
  std::deque<Place> running_;
};

TEST_F(LongReadsTest, SoManyEnterAtOnce) {
  auto first = reads_->TryEnter();
  auto second = reads_->TryEnter();
  EXPECT_TRUE(first.has_value() && second.has_value());
  EXPECT_FALSE(reads_->TryEnter().has_value());
  first.reset();
  EXPECT_TRUE(reads_->TryEnter().has_value());
}

TEST_F(LongReadsTest, PlacesGoRoundAmongClients) {
  for (const char* name : {"a1", "a2", "a3", "a4", "a5"}) reads_->Wait(kA, 1, Record(name));
  for (const char* name : {"b1", "b2"}) reads_->Wait(kB, 1, Record(name));
  EXPECT_EQ(order_, "a1 a2");
  for (int i = 0; i < 5; ++i) EndOldest();
  EXPECT_EQ(order_, "a1 a2 a3 b1 a4 b2 a5");
  EXPECT_EQ(reads_->waiting_bytes(), 0u);
  running_.clear();
  EXPECT_TRUE(reads_->TryEnter().has_value());
}

TEST_F(LongReadsTest, BeyondTheBoundTheNewestOfWhoHasMostAreRefused) {
  reads_->Wait(kB, 1, Record("b1"));
  reads_->Wait(kB, 1, Record("b2"));
  reads_->Wait(kA, 40, Record("a1"));
  reads_->Wait(kA, 40, Record("a2"));
  reads_->Wait(kB, 30, Record("b3"));
  EXPECT_EQ(order_, "b1 b2 a2!");
  reads_->Wait(kA, 31, Record("a3"));
  EXPECT_EQ(order_, "b1 b2 a2! a3!");
  EXPECT_EQ(reads_->waiting_bytes(), 70u);
}

TEST_F(LongReadsTest, WhoWaitsIsForgottenAtTheEnd) {
  for (const char* name : {"a1", "a2", "a3"}) reads_->Wait(kA, 1, Record(name));
  reads_->Close();
  running_.clear();
  EXPECT_EQ(order_, "a1 a2");
}

// What a loop does with reads of several steps, without what is around it.
class Loop {
 public:
  explicit Loop(mvcc::Store* store) : reads_(store) {}

  void Start(LongReads::Client client, const etcdserverpb::RangeRequest* request) {
    turns_.push_back({client, request, std::nullopt, std::nullopt});
  }
  // One step of each read that has its turn.
  void Turn() {
    for (Call& call : std::exchange(turns_, {})) {
      if (!call.read.has_value()) {
        auto opened = RangeRead::Open(reads_, *call.request);
        ASSERT_TRUE(opened.ok()) << opened.status().ToString();
        call.read.emplace(*std::move(opened));
      }
      const base::Result<bool> done = call.read->Step();
      ASSERT_TRUE(done.ok()) << done.status().ToString();
      if (*done) {
        keys_ += call.read->size();
        ++done_;
        continue;
      }
      Continue(std::move(call));
    }
  }
  bool idle() const { return turns_.empty(); }
  uint64_t done() const { return done_; }
  uint64_t keys() const { return keys_; }

 private:
  struct Call {
    LongReads::Client client;
    const etcdserverpb::RangeRequest* request;
    std::optional<Place> place;
    std::optional<RangeRead> read;
  };

  void Continue(Call call) {
    if (!call.place.has_value()) {
      if (auto place = long_reads_->TryEnter()) call.place.emplace(*std::move(place));
    }
    if (call.place.has_value()) return turns_.push_back(std::move(call));
    long_reads_->Wait(call.client, 1000,
                      [this, client = call.client, request = call.request](auto place) {
                        ASSERT_TRUE(place.has_value());
                        turns_.push_back({client, request, std::move(place), std::nullopt});
                      });
  }

  mvcc::Reads reads_;
  std::shared_ptr<LongReads> long_reads_ = std::make_shared<LongReads>();
  std::vector<Call> turns_;
  uint64_t done_ = 0;
  uint64_t keys_ = 0;
};

class CrowdTest : public ::testing::TestWithParam<mvcc::DatabaseKind> {};

// More reads than the database has places for readers; under the thread sanitizer, which makes each
// step ten times as long, fewer. (Reads, writes and commits take turns on this test's thread: that
// sanitizer finds nothing more with more of them. Threads of their own: store_stress_test.cc.)
#if defined(__SANITIZE_THREAD__)
constexpr int kReads = 500;
#else
constexpr int kReads = 9000;
static_assert(kReads > 2 * backend::kReadersMax);
#endif

// The reads need the database and take several steps, each begun at its own commit as far as it can
// be; beside them all that apply reads for.
TEST_P(CrowdTest, NothingIsRefusedBesideACrowdOfReads) {
  constexpr int kKeys = 1100;
  mvcc::StoreHarness harness(GetParam(), {.history_bytes = 0});
  for (int i = 0; i < kKeys; ++i) harness.Put("k" + std::to_string(10000 + i), "value", 0);
  harness.Commit();
  harness.Reopen();
  PlainLessor lessor({});
  OperationCounts counts;
  const WriteContext context{&harness.store(), &lessor, &counts};

  etcdserverpb::RangeRequest range;
  range.set_key("k");
  range.set_range_end("l");
  range.set_min_mod_revision(kKeys - 10);
  Loop loop(&harness.store());
  uint64_t writes = 0;
  const auto write = [&] {
    etcdserverpb::PutRequest put;
    put.set_key("k" + std::to_string(10000 + writes % 50));
    put.set_value("new");
    put.set_prev_kv(true);
    auto applied = Put(context, put);
    ASSERT_TRUE(applied.ok()) << applied.status().ToString();
    ASSERT_TRUE(applied->refusal.ok());
    harness.EndEntry();
    etcdserverpb::TxnRequest txn;
    auto* compare = txn.add_compare();
    compare->set_key("k10099");
    compare->set_target(etcdserverpb::Compare::VALUE);
    compare->set_value("value");
    txn.add_success()->mutable_request_delete_range()->set_key("k10099");
    txn.mutable_success(0)->mutable_request_delete_range()->set_prev_kv(true);
    applied = Txn(context, txn);
    ASSERT_TRUE(applied.ok()) << applied.status().ToString();
    harness.EndEntry();
    if (++writes % 10 == 0) {
      ASSERT_TRUE(harness.Compact(harness.store().revision().value() - 5).ok());
    }
    harness.Commit();
    ASSERT_TRUE(harness.store().CompactionStep().ok());
  };
  for (int i = 0; i < kReads; ++i) loop.Start(static_cast<LongReads::Client>(i % 6), &range);
  for (int turn = 0; !loop.idle() && turn < 50; ++turn) {
    loop.Turn();
    write();
    if (HasFatalFailure()) return;
  }
  while (!loop.idle()) loop.Turn();
  EXPECT_EQ(loop.done(), uint64_t{kReads});
  EXPECT_GE(loop.keys(), loop.done() * 10);
  EXPECT_EQ(writes, 50u);
}

INSTANTIATE_TEST_SUITE_P(EachDatabase, CrowdTest,
                         ::testing::Values(mvcc::DatabaseKind::kMemory, mvcc::DatabaseKind::kLmdb),
                         [](const auto& kind) {
                           return kind.param == mvcc::DatabaseKind::kMemory ? "Memory" : "Lmdb";
                         });

}  // namespace
}  // namespace kv
