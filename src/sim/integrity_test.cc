#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proto/kv.pb.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/scheduler.h"
#include "sim/cluster.h"
#include "sim/plan.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"

// A member whose database was changed behind its back is found by the others.

namespace sim {
namespace {

using etcdserverpb::InternalRaftRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Plan QuietPlan() {
  Plan plan;
  plan.members = 3;
  plan.tick_interval_min = plan.tick_interval_max = milliseconds(10);
  plan.disk_latency_max = plan.message_latency_max = milliseconds(1);
  plan.downtime_max = milliseconds(100);
  return plan;
}

class IntegrityTest : public ::testing::Test {
 protected:
  void Start(const Plan& plan) {
    cluster_ = std::make_unique<Cluster>(&scheduler_, &wires_, &checker_, plan);
    scheduler_.RunFor(seconds(5));
    ASSERT_NE(cluster_->Leader(), nullptr);
    etcdserverpb::PutRequest put;
    for (int i = 0; i < 20; ++i) {
      put.set_key("key" + std::to_string(i));
      put.set_value("value");
      Propose(InternalRaftRequest::kPutFieldNumber, put.SerializeAsString());
    }
    scheduler_.RunFor(seconds(1));
  }
  void Propose(uint32_t field, const std::string& bytes) {
    Process* const leader = cluster_->Leader();
    ASSERT_NE(leader, nullptr);
    leader->Post([leader, field, bytes] {
      leader->frontend().Propose(field, bytes, [](const apply::Reply&) {});
    });
  }
  void Compact(int64_t revision) {
    etcdserverpb::CompactionRequest compaction;
    compaction.set_revision(revision);
    Propose(InternalRaftRequest::kCompactionFieldNumber, compaction.SerializeAsString());
  }
  // One that does not lead; it is down for a moment, since it has what is new in memory too.
  base::MemberId CorruptFollower() {
    for (const base::MemberId id : cluster_->members()) {
      if (cluster_->process(id) == cluster_->Leader()) continue;
      backend::Backend& database = cluster_->process(id)->server().state()->database();
      const mvcc::RevisionKey key({5, 0}, false);
      const backend::BucketId bucket = schema::Id(schema::Bucket::kKey);
      const auto reader = database.NewReader();
      const auto record = (*reader)->Get(bucket, key.view());
      mvccpb::KeyValue pair;
      EXPECT_TRUE(pair.ParseFromArray((*record)->data(), static_cast<int>((*record)->size())));
      pair.set_value("VALUE");
      backend::Batch batch;
      batch.Put(bucket, key.view(), pair.SerializeAsString());
      EXPECT_TRUE(database.Commit(batch).ok());
      cluster_->Kill(id);
      return id;
    }
    return base::MemberId();
  }

  runtime::simulated::Scheduler scheduler_{1};
  Checker checker_;
  runtime::simulated::Wires wires_{&scheduler_};
  std::unique_ptr<Cluster> cluster_;
};

TEST_F(IntegrityTest, ThePeriodicCheckFindsWhoHasOtherKeys) {
  Plan plan = QuietPlan();
  plan.options.corrupt_check_interval = seconds(1);
  Start(plan);
  scheduler_.RunFor(seconds(5));
  ASSERT_TRUE(checker_.violation().ok()) << checker_.violation().message();
  const base::MemberId corrupt = CorruptFollower();
  // Whoever is asked while it is down has not answered for as long as a request may take.
  scheduler_.RunFor(seconds(20));
  EXPECT_THAT(std::string(checker_.violation().message()),
              HasSubstr("alarm CORRUPT of " + members::HexText(corrupt.value())));
}

TEST_F(IntegrityTest, WhatACompactionLeavesDoesToo) {
  Plan plan = QuietPlan();
  plan.options.compact_hash_check_interval = seconds(1);
  Start(plan);
  Compact(3);
  scheduler_.RunFor(seconds(5));
  ASSERT_TRUE(checker_.violation().ok()) << checker_.violation().message();
  const base::MemberId corrupt = CorruptFollower();
  scheduler_.RunFor(seconds(5));
  ASSERT_TRUE(checker_.violation().ok());
  Compact(15);
  scheduler_.RunFor(seconds(20));
  EXPECT_THAT(std::string(checker_.violation().message()),
              HasSubstr("alarm CORRUPT of " + members::HexText(corrupt.value())));
}

}  // namespace
}  // namespace sim
