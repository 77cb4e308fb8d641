#include "server/auto_compactor.h"

#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "server/testing/lost_messages.h"
#include "server/testing/simulated_member.h"

namespace server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class AutoCompactorTest : public ::testing::Test {
 protected:
  void Start(const AutoCompaction& auto_compaction) {
    member_.options.auto_compaction = auto_compaction;
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
    begin_ = member_.scheduler().clock().Now();
  }
  // Puts keys, one each `every`, until `end` of the start.
  void PutUntil(runtime::Duration end, runtime::Duration every) {
    while (member_.scheduler().clock().Now() - begin_ < end) {
      etcdserverpb::PutRequest put;
      put.set_key("k");
      member_.net_loop().Post([this, bytes = put.SerializeAsString()] {
        member_.server().frontend(0).Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber,
                                             bytes, [](const apply::Reply&) {});
      });
      member_.RunFor(every);
    }
  }
  int64_t revision() { return member_.server().state()->store().revision().value(); }
  int64_t compacted() { return member_.server().state()->store().compact_revision().value(); }

  LostMessages others_;
  SimulatedMember member_{1};
  runtime::TimePoint begin_;
};

TEST_F(AutoCompactorTest, WithoutARetentionNothingIsForgotten) {
  Start({});
  PutUntil(hours(5), minutes(10));
  EXPECT_LE(compacted(), 0);
}

TEST_F(AutoCompactorTest, APeriodIsKeptAndTheFirstComesAfterAWholeOne) {
  Start({.period = minutes(10)});
  PutUntil(minutes(9), seconds(30));
  EXPECT_LE(compacted(), 0);
  PutUntil(minutes(12), seconds(30));
  // What was there ten minutes before; two puts a minute.
  EXPECT_GT(compacted(), 0);
  EXPECT_LE(compacted(), 4);
  PutUntil(minutes(35), seconds(30));
  EXPECT_GE(compacted(), revision() - 2 * 22);
  EXPECT_LE(compacted(), revision() - 2 * 9);
}

TEST_F(AutoCompactorTest, ALongPeriodCompactsEveryHour) {
  Start({.period = hours(3)});
  PutUntil(hours(3) - minutes(1), minutes(1));
  EXPECT_LE(compacted(), 0);
  int64_t before = 0;
  for (int hour = 3; hour < 7; ++hour) {
    PutUntil(hours(hour) + minutes(30), minutes(1));
    EXPECT_GT(compacted(), before) << hour;
    EXPECT_NEAR(static_cast<double>(revision() - compacted()), 210, 15) << hour;
    before = compacted();
  }
}

TEST_F(AutoCompactorTest, OfRevisionsTheNewestAreKept) {
  Start({.revisions = 20});
  PutUntil(minutes(4), seconds(5));
  EXPECT_LE(compacted(), 0);
  PutUntil(minutes(5) + seconds(2), seconds(5));
  EXPECT_NEAR(static_cast<double>(revision() - compacted()), 20, 2);
  PutUntil(minutes(9) + seconds(50), seconds(5));
  const int64_t before = compacted();
  PutUntil(minutes(10) + seconds(2), seconds(5));
  EXPECT_GT(compacted(), before);
  // Nothing new: nothing to forget.
  const int64_t last = compacted();
  member_.RunFor(hours(1));
  EXPECT_LE(compacted() - last, 20);
  EXPECT_EQ(revision() - compacted(), 20);
}

TEST_F(AutoCompactorTest, WhoDoesNotLeadLeavesItToTheLeader) {
  member_.options.initial_cluster = {{"default", {"http://localhost:2380"}},
                                     {"b", {"http://localhost:2381"}},
                                     {"c", {"http://localhost:2382"}}};
  member_.transport = &others_;
  member_.options.auto_compaction = {.revisions = 1};
  ASSERT_TRUE(member_.Start().ok());
  member_.RunFor(hours(1));
  for (const std::string& line : member_.LogLines()) {
    EXPECT_EQ(line.find("auto compaction"), line.npos) << line;
  }
}

}  // namespace
}  // namespace server
