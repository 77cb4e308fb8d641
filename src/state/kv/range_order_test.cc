#include "state/kv/range_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/random.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;

// More than fit in two runs, of few versions.
constexpr size_t kPairs = 10000;

TEST(PairSorterTest, RunsAreMergedAndEqualPairsKeepTheirOrder) {
  constexpr uint64_t kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  runtime::Random random(kSeed);
  std::vector<mvcc::KeyValue> pairs;
  for (size_t i = 0; i < kPairs; ++i) {
    pairs.push_back({.mod_revision = static_cast<int64_t>(i),
                     .version = static_cast<int64_t>(random.Below(50))});
  }
  for (const auto order : {RangeRequest::ASCEND, RangeRequest::DESCEND}) {
    RangeRequest request;
    request.set_sort_target(RangeRequest::VERSION);
    request.set_sort_order(order);
    PairSorter sorter(&request);
    for (const mvcc::KeyValue& pair : pairs) sorter.Add(pair);
    EXPECT_EQ(sorter.size(), kPairs);
    std::vector<mvcc::KeyValue> sorted;
    while (sorter.Take(777, &sorted)) {
    }
    std::vector<mvcc::KeyValue> expected = pairs;
    std::stable_sort(expected.begin(), expected.end(),
                     [order](const mvcc::KeyValue& a, const mvcc::KeyValue& b) {
                       return order == RangeRequest::ASCEND ? a.version < b.version
                                                            : b.version < a.version;
                     });
    EXPECT_TRUE(sorted == expected);
  }
}

TEST(PairSorterTest, NothingSortedIsNothing) {
  RangeRequest request;
  PairSorter sorter(&request);
  std::vector<mvcc::KeyValue> sorted;
  EXPECT_FALSE(sorter.Take(1, &sorted));
  EXPECT_TRUE(sorted.empty());
}

TEST(RangeOrderTest, BoundsOfRevisionsAreInclusiveAndZeroIsNone) {
  const mvcc::KeyValue kv{.create_revision = 5, .mod_revision = 8};
  const auto passes = [&kv](auto set, int64_t revision) {
    RangeRequest request;
    (request.*set)(revision);
    return Passes(request, kv);
  };
  EXPECT_TRUE(passes(&RangeRequest::set_min_mod_revision, 8));
  EXPECT_FALSE(passes(&RangeRequest::set_min_mod_revision, 9));
  EXPECT_TRUE(passes(&RangeRequest::set_max_mod_revision, 8));
  EXPECT_FALSE(passes(&RangeRequest::set_max_mod_revision, 7));
  EXPECT_TRUE(passes(&RangeRequest::set_min_create_revision, 5));
  EXPECT_FALSE(passes(&RangeRequest::set_min_create_revision, 6));
  EXPECT_TRUE(passes(&RangeRequest::set_max_create_revision, 5));
  EXPECT_FALSE(passes(&RangeRequest::set_max_create_revision, 4));
  EXPECT_FALSE(passes(&RangeRequest::set_max_create_revision, -1));
  EXPECT_TRUE(Passes(RangeRequest(), kv));
}

}  // namespace
}  // namespace kv
