#include "server/scrubber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"

// What the scrubber finds of what it is meant to find, and what becomes of that.

namespace server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kLogDirectory = "/default.etcd/member/wal";
constexpr std::string_view kSnapDirectory = "/default.etcd/member/snap";

class ScrubberTest : public ::testing::Test {
 protected:
  ScrubberTest() {
    member_.options.wal_segment_bytes = 4096;
    member_.options.max_wals = 0;
    member_.options.scrub_interval = minutes(1);
  }

  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  void Put(int count) {
    for (int i = 0; i < count; ++i) {
      bool done = false;
      member_.net_loop().Post([&, i] {
        etcdserverpb::PutRequest request;
        request.set_key("key" + std::to_string(i));
        request.set_value(std::string(100, 'v'));
        member_.frontend().Propose(
            etcdserverpb::InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
            [&done](const apply::Reply& reply) { done = reply.status.ok(); });
      });
      ASSERT_TRUE(member_.RunUntil([&] { return done; }));
    }
  }
  std::vector<std::string> Files(std::string_view directory, std::string_view suffix) {
    std::vector<std::string> files;
    for (const std::string& name : member_.disk().List(directory).value()) {
      if (name.ends_with(suffix)) files.push_back(std::string(directory) + "/" + name);
    }
    return files;
  }
  double Metric(const std::string& sample) {
    const std::string metrics = member_.Metrics();
    const size_t begin = metrics.find("\n" + sample + " ");
    return begin == metrics.npos ? -1 : std::stod(metrics.substr(begin + 2 + sample.size()));
  }

  SimulatedMember member_{1};
};

TEST_F(ScrubberTest, RoundsFollowOneAnotherAndFindNothingInWhatIsWhole) {
  Start();
  Put(100);
  member_.RunFor(seconds(90));
  EXPECT_EQ(Metric("cornerstore_scrub_rounds_total"), 1);
  EXPECT_GT(Metric("cornerstore_scrub_bytes_total"), 100 * 100);
  EXPECT_GT(Metric("cornerstore_scrub_last_round_timestamp_seconds"), 0);
  member_.RunFor(minutes(5));
  EXPECT_GE(Metric("cornerstore_scrub_rounds_total"), 5);
  for (const char* kind : {"log", "snapshot", "database"}) {
    EXPECT_EQ(Metric(std::string("cornerstore_scrub_damages_total{kind=\"") + kind + "\"}"), 0);
  }
}

TEST_F(ScrubberTest, ItReadsNoMoreThanItMay) {
  member_.options.scrub_bytes_per_second = 1000;
  member_.options.scrub_interval = seconds(1);
  Start();
  Put(100);
  member_.RunFor(seconds(11));
  const double before = Metric("cornerstore_scrub_bytes_total");
  member_.RunFor(seconds(10));
  const double read = Metric("cornerstore_scrub_bytes_total") - before;
  EXPECT_GT(read, 5'000);
  EXPECT_LT(read, 15'000);
}

TEST_F(ScrubberTest, WithoutBytesItDoesNothing) {
  member_.options.scrub_bytes_per_second = 0;
  Start();
  Put(100);
  member_.RunFor(minutes(5));
  EXPECT_EQ(Metric("cornerstore_scrub_rounds_total"), 0);
}

TEST_F(ScrubberTest, ADamagedSegmentThatTheDatabaseCoversIsLeftBehind) {
  Start();
  Put(100);
  const std::vector<std::string> segments = Files(kLogDirectory, ".wal");
  ASSERT_GE(segments.size(), 4u);
  member_.disk().Corrupt(segments[1], 1000);
  member_.RunFor(minutes(2));
  EXPECT_THAT(member_.LogLines(), Contains(HasSubstr(segments[1] + ": damaged record at offset ")));
  EXPECT_EQ(Metric("cornerstore_scrub_damages_total{kind=\"log\"}"), 1) << "once alone";
  EXPECT_EQ(Files(kLogDirectory, ".broken"),
            (std::vector{segments[0] + ".broken", segments[1] + ".broken"}));
  Put(1);
  member_.Crash();
  Start();
  EXPECT_THAT(Files(kLogDirectory, ".wal"), Not(Contains(segments[1])));
}

TEST_F(ScrubberTest, WhatTheDatabaseHasNotYetIsBroughtThereFirst) {
  member_.options.backend_batch_interval = std::chrono::hours(1);
  member_.options.backend_batch_limit = 1'000'000;
  Start();
  Put(100);
  const std::vector<std::string> segments = Files(kLogDirectory, ".wal");
  member_.disk().Corrupt(segments[1], 1000);
  member_.RunFor(minutes(3));
  EXPECT_EQ(Metric("cornerstore_scrub_damages_total{kind=\"log\"}"), 1);
  EXPECT_THAT(Files(kLogDirectory, ".broken"), Contains(segments[1] + ".broken"));
}

TEST_F(ScrubberTest, ADamagedSnapshotFileIsMovedAside) {
  member_.options.snapshot_count = 20;
  Start();
  for (int i = 0; i < 4; ++i) {
    Put(30);
    member_.RunFor(seconds(1));
  }
  const std::vector<std::string> snapshots = Files(kSnapDirectory, ".snap");
  ASSERT_GE(snapshots.size(), 2u);
  member_.disk().Corrupt(snapshots[0], 20);
  member_.disk().Corrupt(snapshots.back(), 20);
  member_.RunFor(minutes(2));
  EXPECT_EQ(Files(kSnapDirectory, ".broken"),
            (std::vector{snapshots[0] + ".broken", snapshots.back() + ".broken"}));
  EXPECT_EQ(Metric("cornerstore_scrub_damages_total{kind=\"snapshot\"}"), 2);
  Put(100);
  member_.Crash();
  Start();
}

TEST_F(ScrubberTest, DamageInTheDatabaseIsAsIfAReadHadMetIt) {
  auto damage = std::make_shared<base::Status>();
  member_.faults.on_read = [damage] { return *damage; };
  Start();
  Put(10);
  member_.RunFor(seconds(50));
  *damage = base::Status(base::Code::kDataLoss, "db.mdb: a damaged record");
  ASSERT_TRUE(member_.RunUntil(
      [&] { return Metric("cornerstore_scrub_damages_total{kind=\"database\"}") > 0; }));
  *damage = {};
  EXPECT_THAT(member_.LogLines(), Contains(HasSubstr("db.mdb: a damaged record")));
  EXPECT_TRUE(member_.RunUntil([this] {
    const auto view = member_.server().state()->view().Get();
    return view->alarms ==
           std::vector{alarms::Alarm{member_.server().id(), alarms::Type::kCorrupt}};
  }));
  EXPECT_TRUE(member_.failure().ok());
}

}  // namespace
}  // namespace server
