#include "state/alarms/alarms.h"

#include <gtest/gtest.h>

#include "proto/rpc.pb.h"
#include "storage/mvcc/testing/store_harness.h"

namespace alarms {
namespace {

constexpr Alarm kNoSpaceOfOne{base::MemberId(1), Type::kNoSpace};
constexpr Alarm kCorruptOfTwo{base::MemberId(2), Type::kCorrupt};

class AlarmsTest : public ::testing::Test {
 protected:
  Alarms Load() {
    return Alarms::Load(*harness_.database().NewReader().value(), &harness_.buffer()).value();
  }
  void Restart() {
    harness_.EndEntry();
    harness_.Commit();
    harness_.Reopen();
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kLmdb};
};

TEST_F(AlarmsTest, RaisedAlarmsSurviveARestart) {
  Alarms alarms = Load();
  EXPECT_TRUE(alarms.Activate(kNoSpaceOfOne));
  EXPECT_TRUE(alarms.Activate(kCorruptOfTwo));
  EXPECT_FALSE(alarms.Activate(kCorruptOfTwo));
  Restart();
  EXPECT_EQ(Load().all(), (std::set<Alarm>{kNoSpaceOfOne, kCorruptOfTwo}));
}

TEST_F(AlarmsTest, AClearedAlarmStaysCleared) {
  Alarms alarms = Load();
  alarms.Activate(kNoSpaceOfOne);
  Restart();
  alarms = Load();
  EXPECT_TRUE(alarms.Deactivate(kNoSpaceOfOne));
  EXPECT_FALSE(alarms.Deactivate(kNoSpaceOfOne));
  Restart();
  EXPECT_TRUE(Load().all().empty());
}

TEST_F(AlarmsTest, GetAnswersTheTypeAskedForOrAll) {
  Alarms alarms = Load();
  alarms.Activate(kNoSpaceOfOne);
  alarms.Activate(kCorruptOfTwo);
  EXPECT_EQ(alarms.Get(Type::kNone), (std::vector{kNoSpaceOfOne, kCorruptOfTwo}));
  EXPECT_EQ(alarms.Get(Type::kCorrupt), std::vector{kCorruptOfTwo});
  EXPECT_TRUE(alarms.Any(Type::kNoSpace));
}

TEST_F(AlarmsTest, ARecordsKeyIsEtcdsMessage) {
  Alarms alarms = Load();
  alarms.Activate(kCorruptOfTwo);
  Restart();
  const auto reader = harness_.database().NewReader().value();
  const auto cursor = reader->NewCursor(schema::Id(schema::Bucket::kAlarm));
  ASSERT_TRUE(cursor->Seek({}).ok());
  etcdserverpb::AlarmMember expected;
  expected.set_memberid(2);
  expected.set_alarm(etcdserverpb::CORRUPT);
  EXPECT_EQ(cursor->key(), expected.SerializeAsString());
}

TEST_F(AlarmsTest, ARecordThatIsNoAlarmIsRefused) {
  harness_.buffer().Put(schema::Id(schema::Bucket::kAlarm), "\x10\x07", {});
  Restart();
  const auto loaded = Alarms::Load(*harness_.database().NewReader().value(), &harness_.buffer());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), base::Code::kDataLoss);
}

}  // namespace
}  // namespace alarms
