#include "state/leases/leases.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>
#include <string>

#include "base/errors.h"
#include "proto/lease.pb.h"
#include "runtime/random.h"
#include "storage/mvcc/testing/store_harness.h"

namespace leases {
namespace {

constexpr int64_t kTtlMin = 2;

base::LeaseId Id(int64_t id) {
  return base::LeaseId(id);
}

class LeasesTest : public ::testing::Test {
 protected:
  base::Result<Leases> TryLoad() {
    return Leases::Load(*harness_.database().NewReader().value(), kTtlMin, &harness_.buffer());
  }
  Leases Load() { return TryLoad().value(); }
  Leases Restarted() {
    harness_.EndEntry();
    harness_.Commit();
    harness_.Reopen();
    return Load();
  }
  void Store(base::ByteView key, const leasepb::Lease& lease) {
    backend::Batch batch;
    batch.Put(schema::Id(schema::Bucket::kLease), key, lease.SerializeAsString());
    ASSERT_TRUE(harness_.database().Commit(batch).ok());
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kLmdb};
};

TEST_F(LeasesTest, AGrantedLeaseIsThereAlsoAfterARestart) {
  Leases leases = Load();
  const base::Result<Lease> granted = leases.Grant(Id(7), 60);
  ASSERT_TRUE(granted.ok());
  EXPECT_EQ(*granted, (Lease{Id(7), 60, 0}));
  ASSERT_TRUE(leases.Grant(Id(-3), 60).ok());
  EXPECT_TRUE(leases.Exists(Id(7)));
  Leases again = Restarted();
  EXPECT_EQ(again.All(), (std::vector<Lease>{{Id(-3), 60, 0}, {Id(7), 60, 0}}));
  EXPECT_EQ(again.size(), 2u);
}

TEST_F(LeasesTest, IdsAreListedPieceByPiece) {
  Leases leases = Load();
  for (const int64_t id : {9, -3, 7}) ASSERT_TRUE(leases.Grant(Id(id), 60).ok());
  EXPECT_EQ(leases.IdsAfter({}, 2), (std::vector{Id(-3), Id(7)}));
  EXPECT_EQ(leases.IdsAfter(Id(7), 2), std::vector{Id(9)});
  EXPECT_EQ(leases.IdsAfter(Id(8), 2), std::vector{Id(9)});
  EXPECT_TRUE(leases.IdsAfter(Id(9), 2).empty());
}

TEST_F(LeasesTest, ARecordIsThatOfEtcd) {
  Leases leases = Load();
  ASSERT_TRUE(leases.Grant(Id(0x0102), 60).ok());
  harness_.EndEntry();
  harness_.Commit();
  const auto reader = harness_.database().NewReader().value();
  const auto record =
      reader->Get(schema::Id(schema::Bucket::kLease), base::ByteView("\0\0\0\0\0\0\1\2", 8));
  ASSERT_TRUE(record.ok() && record->has_value());
  leasepb::Lease expected;
  expected.set_id(0x0102);
  expected.set_ttl(60);
  EXPECT_EQ(**record, expected.SerializeAsString());
}

TEST_F(LeasesTest, ShortOnesBecomeAsLongAsTheShortestAllowed) {
  Leases leases = Load();
  int64_t id = 0;
  for (const int64_t ttl :
       {int64_t{1}, int64_t{0}, int64_t{-5}, std::numeric_limits<int64_t>::min()}) {
    EXPECT_EQ(leases.Grant(Id(++id), ttl)->ttl, kTtlMin) << ttl;
  }
}

TEST_F(LeasesTest, OneThatAnotherMemberFoundLongEnoughGrowsWhenItIsRead) {
  leasepb::Lease lease;
  lease.set_id(7);
  lease.set_ttl(1);
  Store(base::ByteView("\0\0\0\0\0\0\0\7", 8), lease);
  EXPECT_EQ(Load().Find(Id(7))->ttl, kTtlMin);
}

TEST_F(LeasesTest, WhatCannotBeGrantedIsRefused) {
  Leases leases = Load();
  EXPECT_EQ(leases.Grant(Id(0), 60).status(), base::errors::kLeaseNotFound);
  EXPECT_EQ(leases.Grant(Id(7), kTtlMax + 1).status(), base::errors::kLeaseTtlTooLarge);
  EXPECT_FALSE(leases.Exists(Id(7)));
  ASSERT_TRUE(leases.Grant(Id(7), kTtlMax).ok());
  EXPECT_EQ(leases.Grant(Id(7), 60).status(), base::errors::kLeaseExists);
  EXPECT_EQ(leases.Find(Id(7))->ttl, kTtlMax);
}

TEST_F(LeasesTest, ARevokedOneIsGone) {
  Leases leases = Load();
  ASSERT_TRUE(leases.Grant(Id(7), 60).ok());
  leases = Restarted();
  leases.Revoke(Id(7));
  EXPECT_FALSE(leases.Exists(Id(7)));
  EXPECT_FALSE(leases.Find(Id(7)).has_value());
  EXPECT_EQ(Restarted().size(), 0u);
}

TEST_F(LeasesTest, ACheckpointIsKeptIfItIsToBe) {
  Leases leases = Load();
  ASSERT_TRUE(leases.Grant(Id(7), 60).ok());
  leases.Checkpoint(Id(7), 40, /*kept=*/true);
  leases.Checkpoint(Id(8), 40, /*kept=*/true);
  EXPECT_EQ(leases.Find(Id(7))->remaining_ttl, 40);
  leases = Restarted();
  EXPECT_EQ(*leases.Find(Id(7)), (Lease{Id(7), 60, 40}));
  EXPECT_FALSE(leases.Exists(Id(8)));
  leases.Checkpoint(Id(7), 30, /*kept=*/false);
  EXPECT_EQ(leases.Find(Id(7))->remaining_ttl, 30);
  EXPECT_EQ(Restarted().Find(Id(7))->remaining_ttl, 40);
}

TEST_F(LeasesTest, KeysOfALeaseAscend) {
  Leases leases = Load();
  for (const int64_t id : {6, 7, 8}) ASSERT_TRUE(leases.Grant(Id(id), 60).ok());
  leases.Attach(Id(6), "z");
  for (const char* key : {"b", "a", "", "c"}) leases.Attach(Id(7), key);
  leases.Attach(Id(8), "a");
  leases.Detach(Id(7), "b");
  EXPECT_EQ(leases.Keys(Id(7)), (std::vector<base::Bytes>{"", "a", "c"}));
  EXPECT_EQ(leases.Keys(Id(9)), std::vector<base::Bytes>());
}

TEST_F(LeasesTest, AKeyOfALeaseThatIsNotThereIsWithNone) {
  Leases leases = Load();
  leases.Attach(Id(7), "a");
  leases.Detach(Id(7), "a");
  ASSERT_TRUE(leases.Grant(Id(7), 60).ok());
  EXPECT_TRUE(leases.Keys(Id(7)).empty());
}

TEST_F(LeasesTest, ARecordThatIsNoneIsDamage) {
  leasepb::Lease lease;
  lease.set_id(7);
  const base::ByteView key("\0\0\0\0\0\0\0\7", 8);
  for (const auto& [name, record] : std::map<base::ByteView, leasepb::Lease>{
           {"another's", lease}, {key.substr(1), lease}, {key, leasepb::Lease()}}) {
    Store(name, record);
    EXPECT_EQ(TryLoad().status().code(), base::Code::kDataLoss);
    backend::Batch batch;
    batch.Delete(schema::Id(schema::Bucket::kLease), name);
    ASSERT_TRUE(harness_.database().Commit(batch).ok());
  }
}

// Beside the plainest model, with restarts, after which keys are told anew.
class LeasesModelTest : public LeasesTest, public ::testing::WithParamInterface<int> {};

TEST_P(LeasesModelTest, AreWhatTheModelSays) {
  runtime::Random random(static_cast<uint64_t>(GetParam()));
  Leases leases = Load();
  std::map<int64_t, Lease> model;
  std::map<std::string, int64_t> lease_of;
  const auto keys_of = [&](int64_t id) {
    std::vector<base::Bytes> keys;
    for (const auto& [key, lease] : lease_of) {
      if (lease == id) keys.push_back(key);
    }
    return keys;
  };
  for (int step = 0; step < 2000; ++step) {
    SCOPED_TRACE(step);
    const auto id = static_cast<int64_t>(random.Below(8));
    const std::string key(1, static_cast<char>('a' + random.Below(6)));
    switch (random.Below(6)) {
      case 0: {
        const auto ttl = static_cast<int64_t>(random.Below(5));
        const bool possible = id != 0 && !model.contains(id);
        ASSERT_EQ(leases.Grant(Id(id), ttl).ok(), possible);
        if (possible) model[id] = {Id(id), std::max(ttl, kTtlMin), 0};
        break;
      }
      case 1:
        if (!model.contains(id)) break;
        for (const base::Bytes& each : keys_of(id)) {
          leases.Detach(Id(id), each);
          lease_of.erase(each);
        }
        leases.Revoke(Id(id));
        model.erase(id);
        break;
      case 2: {
        const auto left = static_cast<int64_t>(random.Below(3));
        leases.Checkpoint(Id(id), left, /*kept=*/true);
        if (model.contains(id)) model[id].remaining_ttl = left;
        break;
      }
      case 3:
        if (!model.contains(id)) break;
        if (lease_of.contains(key)) leases.Detach(Id(lease_of[key]), key);
        leases.Attach(Id(id), key);
        lease_of[key] = id;
        break;
      case 4:
        if (!lease_of.contains(key)) break;
        leases.Detach(Id(lease_of[key]), key);
        lease_of.erase(key);
        break;
      default:
        if (!random.OneIn(20)) break;
        leases = Restarted();
        for (const auto& [each, lease] : lease_of) leases.Attach(Id(lease), each);
    }
    ASSERT_EQ(leases.size(), model.size());
    ASSERT_EQ(leases.Exists(Id(id)), model.contains(id));
    ASSERT_EQ(leases.Keys(Id(id)), keys_of(id));
    std::vector<Lease> all;
    for (const auto& [number, lease] : model) all.push_back(lease);
    ASSERT_EQ(leases.All(), all);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LeasesModelTest, ::testing::Range(1, 5));

}  // namespace
}  // namespace leases
