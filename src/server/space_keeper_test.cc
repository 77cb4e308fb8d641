#include "server/space_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

class SpaceKeeperTest : public ::testing::Test {
 protected:
  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([&] { return member_.ready(); }));
  }
  // What the entry was answered.
  base::Status Propose(int field, const google::protobuf::MessageLite& request) {
    const auto status = std::make_shared<std::optional<base::Status>>();
    member_.net_loop().Post([this, field, status, text = request.SerializeAsString()] {
      member_.frontend().Propose(field, text,
                                 [status](const apply::Reply& reply) { *status = reply.status; });
    });
    EXPECT_TRUE(member_.RunUntil([&] { return status->has_value(); }));
    return **status;
  }
  base::Status Put(const std::string& key, size_t bytes) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(std::string(bytes, 'v'));
    return Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber, request);
  }
  base::Status Delete(const std::string& key) {
    etcdserverpb::DeleteRangeRequest request;
    request.set_key(key);
    return Propose(etcdserverpb::InternalRaftRequest::kDeleteRangeFieldNumber, request);
  }
  void Activate(uint64_t of) {
    etcdserverpb::AlarmRequest request;
    request.set_action(etcdserverpb::AlarmRequest::ACTIVATE);
    request.set_memberid(of);
    request.set_alarm(etcdserverpb::NOSPACE);
    ASSERT_TRUE(Propose(etcdserverpb::InternalRaftRequest::kAlarmFieldNumber, request).ok());
  }
  size_t Alarms() { return member_.server().state()->view().Get()->alarms.size(); }
  // Leaves so much of the disk free.
  void SetRoom(uint64_t bytes) {
    member_.disk().SetCapacity(kUnlimited);
    member_.disk().SetCapacity(kUnlimited - *member_.disk().FreeBytes("/") + bytes);
  }

  SimulatedMember member_{1};
};

TEST_F(SpaceKeeperTest, ADiskThatIsNearlyFullRaisesTheAlarmAndRoomClearsIt) {
  member_.options.disk_reserve_bytes = 1 << 20;
  Start();
  ASSERT_TRUE(Put("a", 10).ok());
  SetRoom((1 << 20) - 1);
  // Of a disk that small an eighth is enough.
  member_.RunFor(seconds(2));
  EXPECT_EQ(Alarms(), 0u);
  SetRoom(4096);
  member_.RunFor(seconds(2));
  EXPECT_EQ(Alarms(), 1u);
  EXPECT_TRUE(member_.server().progress().disk_is_low);
  EXPECT_EQ(Put("b", 10), base::Status(base::errors::kNoSpace));
  EXPECT_TRUE(Delete("a").ok());
  SetRoom(1 << 30);
  member_.RunFor(seconds(9));
  EXPECT_FALSE(member_.server().progress().disk_is_low);
  EXPECT_EQ(Alarms(), 1u);
  member_.RunFor(seconds(2));
  EXPECT_EQ(Alarms(), 0u);
  EXPECT_TRUE(Put("b", 10).ok());
  EXPECT_TRUE(member_.failure().ok());
  EXPECT_THAT(member_.Metrics(), HasSubstr("cornerstore_disk_free_bytes "));
}

TEST_F(SpaceKeeperTest, RoomMustLast) {
  member_.options.disk_reserve_bytes = 1 << 20;
  Start();
  SetRoom(4096);
  member_.RunFor(seconds(2));
  ASSERT_EQ(Alarms(), 1u);
  SetRoom(100 << 20);
  member_.RunFor(seconds(5));
  SetRoom(4096);
  member_.RunFor(seconds(1));
  SetRoom(100 << 20);
  // The ten seconds begin anew.
  member_.RunFor(seconds(9));
  EXPECT_EQ(Alarms(), 1u);
  member_.RunFor(seconds(2));
  EXPECT_EQ(Alarms(), 0u);
}

TEST_F(SpaceKeeperTest, TheQuotaRaisesTheAlarmAndLessClearsIt) {
  member_.options.quota_backend_bytes = 400'000;
  Start();
  for (int i = 0; i < 60; ++i) Put("key" + std::to_string(i), 10'000).IgnoreError();
  member_.RunFor(seconds(3));
  EXPECT_EQ(Alarms(), 1u);
  EXPECT_EQ(Put("more", 10), base::Status(base::errors::kNoSpace));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(Delete("key" + std::to_string(i)).ok());
  etcdserverpb::CompactionRequest compaction;
  compaction.set_revision(member_.server().state()->store().revision().value());
  ASSERT_TRUE(Propose(etcdserverpb::InternalRaftRequest::kCompactionFieldNumber, compaction).ok());
  member_.RunFor(seconds(15));
  EXPECT_EQ(Alarms(), 0u);
  EXPECT_TRUE(Put("more", 10).ok());
}

// Others have its fruits already, and may have disarmed the alarm for that.
TEST_F(SpaceKeeperTest, NoAlarmIsRaisedWhileACompactionIsUnderWay) {
  member_.options.quota_backend_bytes = 4'000'000;
  member_.options.compaction_batch_limit = 10;
  member_.options.compaction_sleep_interval = seconds(1);
  Start();
  for (int i = 0; i < 350; ++i) ASSERT_TRUE(Put("key", 10'000).ok());
  EXPECT_EQ(Alarms(), 0u);
  etcdserverpb::CompactionRequest compaction;
  compaction.set_revision(member_.server().state()->store().revision().value());
  ASSERT_TRUE(Propose(etcdserverpb::InternalRaftRequest::kCompactionFieldNumber, compaction).ok());
  EXPECT_TRUE(member_.server().progress().is_compacting);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Put("key", 10'000).ok());
  member_.RunFor(milliseconds(1500));
  EXPECT_EQ(Alarms(), 0u);
  member_.RunFor(seconds(120));
  EXPECT_FALSE(member_.server().progress().is_compacting);
  EXPECT_EQ(Alarms(), 0u);
}

TEST_F(SpaceKeeperTest, AnAlarmStaysWhereItIsToBeDisarmed) {
  member_.options.clear_space_alarm = false;
  Start();
  Activate(member_.server().id().value());
  member_.RunFor(seconds(60));
  EXPECT_EQ(Alarms(), 1u);
}

// Under a sanitizer this says more.
TEST_F(SpaceKeeperTest, AMemberMayEndWhileTheAlarmIsOnItsWay) {
  Start();
  member_.SetRaftPaused(true);
  SetRoom(4096);
  member_.RunFor(seconds(2));
  EXPECT_TRUE(member_.server().progress().disk_is_low);
  EXPECT_EQ(Alarms(), 0u);
  member_.Kill();
}

TEST_F(SpaceKeeperTest, TheAlarmOfWhoWasRemovedIsTakenBack) {
  Start();
  Activate(17);
  member_.RunFor(seconds(9));
  EXPECT_EQ(Alarms(), 1u);
  member_.RunFor(seconds(2));
  EXPECT_EQ(Alarms(), 0u);
}

}  // namespace
}  // namespace server
