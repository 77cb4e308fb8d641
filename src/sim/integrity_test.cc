#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proto/kv.pb.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "sim/testing/quiet_cluster.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"

// A member whose database was changed behind its back is found by the others.

namespace sim {
namespace {

using etcdserverpb::InternalRaftRequest;
using std::chrono::seconds;
using ::testing::HasSubstr;

class IntegrityTest : public ::testing::Test, protected QuietCluster {
 protected:
  void StartWithKeys() {
    Start();
    Put(20);
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
};

TEST_F(IntegrityTest, ThePeriodicCheckFindsWhoHasOtherKeys) {
  plan_.options.corrupt_check_interval = seconds(1);
  StartWithKeys();
  scheduler_.RunFor(seconds(5));
  ExpectNoViolation();
  const base::MemberId corrupt = CorruptFollower();
  // Whoever is asked while it is down has not answered for as long as a request may take.
  scheduler_.RunFor(seconds(20));
  EXPECT_THAT(std::string(checker_.violation().message()),
              HasSubstr("alarm CORRUPT of " + members::HexText(corrupt.value())));
}

TEST_F(IntegrityTest, WhatACompactionLeavesDoesToo) {
  plan_.options.compact_hash_check_interval = seconds(1);
  StartWithKeys();
  Compact(3);
  scheduler_.RunFor(seconds(5));
  ExpectNoViolation();
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
