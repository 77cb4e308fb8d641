#include "server/force_new_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/key_value.h"

// A member of three, or what it becomes when the others are gone.

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using runtime::simulated::CrashMode;
using std::chrono::seconds;

class ForceNewClusterTest : public ::testing::Test {
 protected:
  static void MakeOneOfThree(SimulatedMember* member, AgreeablePeers* peers) {
    member->options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member->options.strict_reconfig_check = false;
    member->transport = peers;
  }
  ForceNewClusterTest() { MakeOneOfThree(&member_, &peers_); }

  // A member that others follow, until they say nothing any more.
  void Lead() { Lead(&member_, &peers_); }
  static void Lead(SimulatedMember* member, AgreeablePeers* peers) {
    ASSERT_TRUE(member->Start().ok());
    peers->server = &member->server();
    peers->silent = false;
    ASSERT_TRUE(member->RunUntil([member] { return member->ready(); }));
  }
  // Later than what was acknowledged is in the database: until then a member alone does not know
  // that it was committed.
  void LoseTheOthers() {
    member_.RunFor(seconds(1));
    peers_.silent = true;
    member_.Kill();
  }
  base::Status Force() { return Force(&member_, &peers_); }
  static base::Status Force(SimulatedMember* member, AgreeablePeers* peers) {
    member->options.force_new_cluster = true;
    const base::Status started = member->Start();
    member->options.force_new_cluster = false;
    if (!started.ok()) return started;
    peers->server = &member->server();
    const bool is_ready =
        member->RunUntil([member] { return member->ready() || member->disk().power_failed(); });
    EXPECT_TRUE(is_ready);
    return {};
  }
  void StartAlone() {
    ASSERT_TRUE(member_.Start().ok());
    peers_.server = &member_.server();
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  apply::Reply Put(const std::string& key, const std::string& value) {
    std::optional<apply::Reply> answer;
    StartPut(key, value, &answer);
    EXPECT_TRUE(member_.RunUntil([&] { return answer.has_value(); }));
    return *answer;
  }
  void StartPut(const std::string& key, const std::string& value,
                std::optional<apply::Reply>* answer) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    member_.net_loop().Post([this, bytes = request.SerializeAsString(), answer] {
      member_.frontend().Propose(InternalRaftRequest::kPutFieldNumber, bytes,
                                 [answer](apply::Reply reply) { *answer = std::move(reply); });
    });
  }
  std::optional<std::string> Value(const std::string& key) {
    const auto pin = member_.server().state()->store().apply_reads().Pin(base::Revision(0)).value();
    const auto found = pin->Get(key).value();
    if (!found.has_value()) return std::nullopt;
    return std::string(mvcc::ParseKeyValue(*found)->value);
  }
  base::Status Add(const members::Member& added) {
    std::optional<base::Status> answer;
    member_.server().reconfiguration().Add(
        added, {}, [&answer](const auto& members) { answer = members.status(); });
    EXPECT_TRUE(member_.RunUntil([&] { return answer.has_value(); }));
    return *answer;
  }
  static members::Member MemberOf(uint64_t id, bool is_learner) {
    return {.id = base::MemberId(id),
            .peer_urls = {"http://" + std::to_string(id) + ":2380"},
            .is_learner = is_learner,
            .name = {},
            .client_urls = {}};
  }
  void ExpectAlone() { ExpectAlone(&member_); }
  static void ExpectAlone(SimulatedMember* member) {
    const auto state = member->server().state();
    const raft::ConfState alone{.voters = {member->server().id()}};
    EXPECT_EQ(state->configuration().ToConfState(), alone);
    const auto view = state->view().Get();
    ASSERT_EQ(view->members.size(), 1u);
    EXPECT_EQ(view->members[0].id, member->server().id());
    EXPECT_FALSE(view->members[0].is_learner);
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
};

TEST_F(ForceNewClusterTest, OneOfThreeGoesOnAloneWithIdsAndKeys) {
  Lead();
  const base::MemberId id = member_.server().id();
  const base::ClusterId cluster = member_.server().cluster();
  ASSERT_TRUE(Put("a", "1").status.ok());
  LoseTheOthers();
  ASSERT_TRUE(Force().ok());
  ExpectAlone();
  EXPECT_EQ(member_.server().id(), id);
  EXPECT_EQ(member_.server().cluster(), cluster);
  EXPECT_EQ(Value("a"), "1");
  EXPECT_TRUE(Put("b", "2").status.ok());
}

TEST_F(ForceNewClusterTest, TheOthersAreRemovedAndNotHeardBefore) {
  Lead();
  LoseTheOthers();
  peers_.told.clear();
  ASSERT_TRUE(Force().ok());
  for (const ClusterMembers& told : peers_.told) {
    EXPECT_EQ(told.members.size(), 1u);
    EXPECT_EQ(told.removed.size(), 2u);
  }
  EXPECT_FALSE(peers_.told.empty());
}

TEST_F(ForceNewClusterTest, LaterStartsNeedNoFlagAndBearIt) {
  Lead();
  ASSERT_TRUE(Put("a", "1").status.ok());
  LoseTheOthers();
  ASSERT_TRUE(Force().ok());
  member_.Crash();
  StartAlone();
  ExpectAlone();
  ASSERT_TRUE(Put("b", "2").status.ok());
  member_.Kill();
  ASSERT_TRUE(Force().ok());
  ExpectAlone();
  EXPECT_EQ(Value("a"), "1");
  EXPECT_EQ(Value("b"), "2");
}

TEST_F(ForceNewClusterTest, WhatWasNotCommittedIsDropped) {
  Lead();
  ASSERT_TRUE(Put("a", "1").status.ok());
  member_.RunFor(seconds(1));
  peers_.silent = true;
  std::optional<apply::Reply> answer;
  StartPut("b", "2", &answer);
  member_.RunFor(std::chrono::milliseconds(500));
  ASSERT_FALSE(answer.has_value());
  member_.Kill();
  ASSERT_TRUE(Force().ok());
  EXPECT_EQ(Value("a"), "1");
  EXPECT_EQ(Value("b"), std::nullopt);
  EXPECT_THAT(member_.LogLines(),
              ::testing::Contains(::testing::HasSubstr("discarding uncommitted WAL entries")));
  ASSERT_TRUE(Put("c", "3").status.ok());
  member_.Crash();
  StartAlone();
  EXPECT_EQ(Value("b"), std::nullopt);
  EXPECT_EQ(Value("c"), "3");
}

// The database may not have it yet, and no further entry has said that it is committed.
TEST_F(ForceNewClusterTest, WhatWasAnsweredATenthOfASecondAgoIsNotDropped) {
  member_.options.backend_batch_interval = std::chrono::hours(1);
  Lead();
  ASSERT_TRUE(Put("a", "1").status.ok());
  member_.RunFor(std::chrono::milliseconds(100));
  peers_.silent = true;
  member_.Crash(CrashMode::kDropUnsynced);
  ASSERT_TRUE(Force().ok());
  EXPECT_EQ(Value("a"), "1");
}

TEST_F(ForceNewClusterTest, OnlyTheDatabaseKnowsTheOthersAfterASnapshot) {
  member_.options.snapshot_count = 5;
  member_.options.snapshot_catchup_entries = 1;
  Lead();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Put("a", std::to_string(i)).status.ok());
  member_.RunFor(seconds(1));
  LoseTheOthers();
  ASSERT_TRUE(Force().ok());
  ExpectAlone();
  EXPECT_EQ(Value("a"), "49");
}

TEST_F(ForceNewClusterTest, ALearnerOfTheClusterIsLeftBehindToo) {
  Lead();
  ASSERT_TRUE(Add(MemberOf(7, /*is_learner=*/true)).ok());
  LoseTheOthers();
  ASSERT_TRUE(Force().ok());
  ExpectAlone();
}

TEST_F(ForceNewClusterTest, MembersCanBeAddedAfterwards) {
  Lead();
  LoseTheOthers();
  ASSERT_TRUE(Force().ok());
  ASSERT_TRUE(Add(MemberOf(9, /*is_learner=*/true)).ok());
  EXPECT_EQ(member_.server().state()->view().Get()->members.size(), 2u);
}

TEST_F(ForceNewClusterTest, AMemberThatHasHeardNothingIsThereWithItsOwnUrls) {
  member_.options.join_existing_cluster = true;
  member_.options.joining = Joining{base::MemberId(5), base::ClusterId(6)};
  ASSERT_TRUE(member_.Start().ok());
  member_.RunFor(seconds(1));
  member_.Kill();
  member_.options.joining.reset();
  // It goes on waiting for the others, and is left alone when it is asked to be.
  ASSERT_TRUE(member_.Start().ok());
  member_.RunFor(seconds(1));
  EXPECT_FALSE(member_.ready());
  member_.Kill();
  ASSERT_TRUE(Force().ok());
  ExpectAlone();
  const auto view = member_.server().state()->view().Get();
  EXPECT_EQ(view->members[0].peer_urls, std::vector<std::string>{"http://a:2380"});
}

TEST_F(ForceNewClusterTest, AMemberThatWasRemovedIsRefused) {
  Lead();
  std::optional<base::Status> answer;
  member_.server().reconfiguration().Remove(
      member_.server().id(), {}, [&answer](const auto& members) { answer = members.status(); });
  ASSERT_TRUE(member_.RunUntil([this] { return member_.removals() > 0; }));
  LoseTheOthers();
  const base::Status refused = Force();
  EXPECT_EQ(refused.code(), base::Code::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("was removed from its cluster"));
}

// Whichever change of the disk or the database is the last one, both kinds of start go on from what
// is there: without the flag the member is alone already, or one of three as before.
TEST_F(ForceNewClusterTest, APowerFailureAtAnyChangeLeavesADirectoryThatStartsEitherWay) {
  for (const bool with_flag : {true, false}) {
    bool failed = true;
    for (uint64_t change = 1; failed; ++change) {
      AgreeablePeers peers;
      SimulatedMember member(change);
      MakeOneOfThree(&member, &peers);
      Lead(&member, &peers);
      peers.silent = true;
      member.Kill();
      member.disk().FailPowerAfter(change);
      Force(&member, &peers).IgnoreError();
      failed = member.disk().power_failed();
      member.Crash(CrashMode::kKeepSome);
      if (with_flag) {
        ASSERT_TRUE(Force(&member, &peers).ok()) << change;
        ExpectAlone(&member);
        continue;
      }
      ASSERT_TRUE(member.Start().ok()) << change;
      member.RunFor(seconds(5));
      const raft::ConfState conf_state = member.server().state()->configuration().ToConfState();
      if (member.ready()) {
        ExpectAlone(&member);
      } else {
        EXPECT_EQ(conf_state.voters.size(), 3u) << change;
      }
    }
  }
}

}  // namespace
}  // namespace server
