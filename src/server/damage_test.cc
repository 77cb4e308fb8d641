#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"

// A damaged database: what a read meets fails that read and raises the alarm; what applying meets
// ends the member, for the others would go on without it.

namespace server {
namespace {

class DamageTest : public ::testing::Test {
 protected:
  // A member with a key that is in its database alone.
  void Start() {
    member_.faults.on_read = [damage = damage_] { return *damage; };
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
    ASSERT_TRUE(Put(false)->has_value());
    member_.RunFor(std::chrono::seconds(1));
    member_.Kill();
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  void Damage() { *damage_ = base::Status(base::Code::kDataLoss, "db.mdb: a damaged record"); }

  using Answered = std::shared_ptr<std::optional<base::Status>>;
  Answered Put(bool prev_kv) {
    auto answered = std::make_shared<std::optional<base::Status>>();
    member_.net_loop().Post([=, this] {
      etcdserverpb::PutRequest request;
      request.set_key("a");
      request.set_prev_kv(prev_kv);
      member_.frontend().Propose(
          etcdserverpb::InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
          [answered](const apply::Reply& reply) { *answered = reply.status; });
    });
    member_.RunUntil([&] { return answered->has_value() || !member_.failure().ok(); });
    return answered;
  }
  bool HasAlarm() {
    const auto view = member_.server().state()->view().Get();
    return view->alarms ==
           std::vector{alarms::Alarm{member_.server().id(), alarms::Type::kCorrupt}};
  }

  const std::shared_ptr<base::Status> damage_ = std::make_shared<base::Status>();
  SimulatedMember member_{1};
};

TEST_F(DamageTest, MetByAReadFailsThatReadAndRaisesTheAlarm) {
  Start();
  Damage();
  std::optional<base::Status> read;
  member_.net_loop().Post([&] {
    const auto reads = member_.frontend().reads();
    const auto pin = reads->keys().Pin({}).value();
    read = pin->Get("a").status();
  });
  ASSERT_TRUE(member_.RunUntil([&] { return read.has_value(); }));
  EXPECT_FALSE(read->ok());
  EXPECT_EQ(read->message().find("db.mdb"), std::string_view::npos) << read->message();
  *damage_ = {};
  EXPECT_TRUE(member_.RunUntil([this] { return HasAlarm(); }));
  EXPECT_TRUE(member_.failure().ok());
  const auto lines = member_.LogLines();
  EXPECT_THAT(lines, ::testing::Contains(::testing::HasSubstr("db.mdb: a damaged record")));
}

TEST_F(DamageTest, MetByApplyingEndsTheMemberAndIsNoAnswer) {
  Start();
  Damage();
  const Answered put = Put(true);
  EXPECT_FALSE(put->has_value());
  EXPECT_THAT(member_.failure().message(), ::testing::HasSubstr("entry "));
  EXPECT_THAT(member_.failure().message(), ::testing::HasSubstr("db.mdb: a damaged record"));
}

// Readers that others have used up are no reason to leave an entry out.
TEST_F(DamageTest, AReaderThatApplyingCannotHaveEndsTheMemberToo) {
  bool refuses = false;
  member_.faults.on_new_reader = [&refuses] {
    return refuses ? base::Status(base::Code::kResourceExhausted, "no readers") : base::Status();
  };
  Start();
  refuses = true;
  const Answered put = Put(true);
  EXPECT_FALSE(put->has_value());
  EXPECT_FALSE(member_.failure().ok());
}

}  // namespace
}  // namespace server
