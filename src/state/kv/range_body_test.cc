#include "state/kv/range_body.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/errors.h"
#include "runtime/simulated/scheduler.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;

class RangeBodyTest : public ::testing::Test {
 protected:
  void PutAll(int count, size_t value_bytes) {
    mvcc::WriteTxn txn = harness_.store().Write();
    for (int i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(10000 + i);
      ASSERT_TRUE(txn.Put(key, std::string(value_bytes + i % 7, 'v'), {}).ok());
    }
  }
  static RangeRequest All() {
    RangeRequest request;
    request.set_key("k");
    request.set_range_end("l");
    return request;
  }
  RangeRead Read(const RangeRequest& request) {
    base::Result<RangeRead> read = RangeRead::Open(harness_.reads(), request);
    CHECK(read.ok());
    while (!read->Step().value()) {
    }
    return *std::move(read);
  }
  static base::Bytes Whole(const RangeRead& read) {
    base::Bytes all(HeaderSize(kHeader) + read.BodySize(), '\0');
    read.WriteBody(WriteHeader(kHeader, all.data()));
    return all;
  }

  static constexpr ResponseHeader kHeader{base::ClusterId(1), base::MemberId(2), base::Revision(3),
                                          base::Term(4)};
  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  runtime::simulated::Scheduler scheduler_{1};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("loop");
  const std::shared_ptr<HeldPins> pins_ =
      std::make_shared<HeldPins>(loop_.get(), std::chrono::seconds(10));
};

TEST_F(RangeBodyTest, ItsPiecesAreTheWholeAnswer) {
  PutAll(300, 100);
  RangeRequest one;
  one.set_key("k10005");
  RangeRequest none;
  none.set_key("x");
  RangeRequest limited = All();
  limited.set_limit(100);
  RangeRequest keys = All();
  keys.set_keys_only(true);
  RangeRequest some_keys = keys;
  some_keys.set_limit(100);
  RangeRequest filtered = All();
  filtered.set_min_mod_revision(2);
  RangeRequest empty = All();
  empty.set_min_mod_revision(100);
  RangeRequest filtered_keys = keys;
  filtered_keys.set_max_mod_revision(2);
  filtered_keys.set_limit(10);
  for (int i = 0; i < 300; i += 70) {
    mvcc::WriteTxn txn = harness_.store().Write();
    ASSERT_TRUE(txn.Put("k" + std::to_string(10000 + i), "put again", {}).ok());
  }
  for (const RangeRequest& request :
       {All(), one, none, limited, keys, some_keys, filtered, empty, filtered_keys}) {
    for (const size_t max : {size_t{1}, size_t{100}, size_t{1000}, size_t{100'000}}) {
      SCOPED_TRACE(request.ShortDebugString() + ", pieces of " + std::to_string(max));
      base::Bytes pieces;
      std::optional<RangeBody> body;
      base::Bytes whole;
      {
        RangeRead read = Read(request);
        whole = Whole(read);
        body.emplace(kHeader, &read, &harness_.reads(), pins_.get(), request);
      }
      EXPECT_EQ(body->size(), whole.size());
      for (int asked = 0; pieces.size() < whole.size() && asked < 10'000; ++asked) {
        const base::Bytes piece = body->Next(max).value();
        EXPECT_LE(piece.size(), max + 2000);
        pieces += piece;
      }
      EXPECT_EQ(pieces, whole);
      EXPECT_TRUE(body->Next(max).value().empty());
    }
  }
}

TEST_F(RangeBodyTest, AnAnswerThatIsOnlyMeasuredHasTheSizeOfTheWholeOne) {
  PutAll(3000, 100);
  RangeRequest keys = All();
  keys.set_keys_only(true);
  RangeRequest limited = All();
  limited.set_limit(2500);
  RangeRequest filtered = limited;
  filtered.set_max_mod_revision(100);
  filtered.set_limit(2001);
  for (const RangeRequest& request : {All(), keys, limited, filtered}) {
    SCOPED_TRACE(request.ShortDebugString());
    const RangeRead whole = Read(request);
    base::Result<RangeRead> measured = RangeRead::Open(harness_.reads(), request);
    ASSERT_TRUE(measured.ok());
    measured->KeepAtMost(10'000);
    while (!measured->Step().value()) {
    }
    EXPECT_EQ(measured->BodySize(), whole.BodySize());
    EXPECT_EQ(measured->size(), whole.size());
    EXPECT_EQ(measured->more(), whole.more());
    EXPECT_EQ(measured->count(), whole.count());
    RangeBody body(kHeader, &*measured, &harness_.reads(), pins_.get(), request);
    base::Bytes pieces;
    while (pieces.size() < body.size()) pieces += body.Next(10'000).value();
    EXPECT_EQ(pieces, Whole(whole));
  }
}

TEST_F(RangeBodyTest, ReadsItsRevisionWhateverIsWrittenMeanwhile) {
  PutAll(100, 1000);
  std::optional<RangeBody> body;
  base::Bytes whole;
  {
    const RangeRequest request = All();
    RangeRead read = Read(request);
    whole = Whole(read);
    body.emplace(kHeader, &read, &harness_.reads(), pins_.get(), request);
  }
  base::Bytes pieces;
  while (pieces.size() < whole.size()) {
    pieces += body->Next(10'000).value();
    PutAll(200, 5);
  }
  EXPECT_EQ(pieces, whole);
}

TEST_F(RangeBodyTest, ACompactionMeanwhileTakesNothingFromIt) {
  PutAll(100, 1000);
  const RangeRequest request = All();
  RangeRead read = Read(request);
  const base::Bytes whole = Whole(read);
  RangeBody body(kHeader, &read, &harness_.reads(), pins_.get(), request);
  base::Bytes pieces;
  while (pieces.size() < whole.size()) {
    PutAll(100, 5);
    ASSERT_TRUE(harness_.Compact(harness_.store().revision().value()).ok());
    harness_.Commit();
    ASSERT_TRUE(harness_.store().CompactionStep().ok());
    const auto piece = body.Next(10'000);
    ASSERT_TRUE(piece.ok()) << piece.status().ToString();
    pieces += *piece;
  }
  EXPECT_EQ(pieces, whole);
}

TEST_F(RangeBodyTest, OfASlowClientItEndsByNameIfItsRevisionIsCompacted) {
  PutAll(100, 1000);
  std::optional<RangeBody> body;
  {
    const RangeRequest request = All();
    RangeRead read = Read(request);
    body.emplace(kHeader, &read, &harness_.reads(), pins_.get(), request);
  }
  EXPECT_TRUE(body->Next(10'000).ok());
  EXPECT_FALSE(pins_->empty());
  scheduler_.RunFor(std::chrono::seconds(9));
  EXPECT_FALSE(pins_->empty());
  scheduler_.RunFor(std::chrono::seconds(2));
  EXPECT_TRUE(pins_->empty());
  EXPECT_TRUE(body->Next(10'000).ok()) << "it is read without a pin";
  PutAll(100, 5);
  ASSERT_TRUE(harness_.Compact(harness_.store().revision().value()).ok());
  EXPECT_EQ(body->Next(10'000).status(), base::errors::kCompacted);
}

TEST_F(RangeBodyTest, NothingIsHeldOnceItIsGone) {
  PutAll(100, 1000);
  const RangeRequest request = All();
  for (int i = 0; i < 3; ++i) {
    RangeRead read = Read(request);
    RangeBody body(kHeader, &read, &harness_.reads(), pins_.get(), request);
    RangeRead other_read = Read(request);
    RangeBody other(kHeader, &other_read, &harness_.reads(), pins_.get(), request);
    EXPECT_FALSE(pins_->empty());
    if (i == 1) scheduler_.RunFor(std::chrono::seconds(11));
    if (i == 2) pins_->Close();
  }
  EXPECT_TRUE(pins_->empty());
}

}  // namespace
}  // namespace kv
