#include "state/kv/range_body.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/errors.h"
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
};

TEST_F(RangeBodyTest, ItsPiecesAreTheWholeAnswer) {
  PutAll(300, 100);
  RangeRequest one;
  one.set_key("k10005");
  RangeRequest none;
  none.set_key("x");
  RangeRequest limited = All();
  limited.set_limit(100);
  for (const RangeRequest& request : {All(), one, none, limited}) {
    for (const size_t max : {size_t{1}, size_t{100}, size_t{1000}, size_t{100'000}}) {
      SCOPED_TRACE(request.ShortDebugString() + ", pieces of " + std::to_string(max));
      base::Bytes pieces;
      std::optional<RangeBody> body;
      base::Bytes whole;
      {
        const RangeRead read = Read(request);
        whole = Whole(read);
        body.emplace(kHeader, read, &harness_.reads(), request);
      }
      EXPECT_EQ(body->size(), whole.size());
      for (;;) {
        const base::Bytes piece = body->Next(max).value();
        if (piece.empty()) break;
        EXPECT_LE(piece.size(), max + 2000);
        pieces += piece;
      }
      EXPECT_EQ(pieces, whole);
    }
  }
}

TEST_F(RangeBodyTest, ReadsItsRevisionWhateverIsWrittenMeanwhile) {
  PutAll(100, 1000);
  std::optional<RangeBody> body;
  base::Bytes whole;
  {
    const RangeRequest request = All();
    const RangeRead read = Read(request);
    whole = Whole(read);
    body.emplace(kHeader, read, &harness_.reads(), request);
  }
  base::Bytes pieces;
  while (pieces.size() < whole.size()) {
    pieces += body->Next(10'000).value();
    PutAll(200, 5);
  }
  EXPECT_EQ(pieces, whole);
}

TEST_F(RangeBodyTest, EndsByNameIfItsRevisionIsCompacted) {
  PutAll(100, 1000);
  std::optional<RangeBody> body;
  {
    const RangeRequest request = All();
    body.emplace(kHeader, Read(request), &harness_.reads(), request);
  }
  EXPECT_TRUE(body->Next(10'000).ok());
  PutAll(100, 5);
  ASSERT_TRUE(harness_.Compact(harness_.store().revision().value()).ok());
  EXPECT_EQ(body->Next(10'000).status(), base::errors::kCompacted);
}

}  // namespace
}  // namespace kv
