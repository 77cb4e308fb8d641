#include "api/v3/election_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using v3electionpb::LeaderKey;

using Campaigned = Answer<v3electionpb::CampaignResponse>;
using Observed = Answer<v3electionpb::LeaderResponse>;

class ElectionServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    served_.StartAndWait();
    for (const int64_t lease : {0x1a, 0x2b, 0x3c}) {
      etcdserverpb::LeaseGrantRequest request;
      request.set_id(lease);
      request.set_ttl(600);
      ASSERT_TRUE(served_.Call(testing::kLeaseGrant, request).ok());
    }
  }
  static v3electionpb::CampaignRequest CampaignOf(int64_t lease, const std::string& value) {
    v3electionpb::CampaignRequest request;
    request.set_name("e");
    request.set_lease(lease);
    request.set_value(value);
    return request;
  }
  Campaigned Campaign(int64_t lease, const std::string& value) {
    return served_.Call(testing::kCampaign, CampaignOf(lease, value));
  }
  // A call that waits.
  std::shared_ptr<Campaigned> BeginCampaign(int64_t lease, const std::string& value) {
    auto answer = served_.Begin(testing::kCampaign, CampaignOf(lease, value));
    RunFor(milliseconds(50));
    return answer;
  }
  Answer<v3electionpb::ProclaimResponse> Proclaim(const LeaderKey& leader,
                                                  const std::string& value) {
    v3electionpb::ProclaimRequest request;
    *request.mutable_leader() = leader;
    request.set_value(value);
    const auto answer = served_.Call(testing::kProclaim, request);
    RunFor(milliseconds(50));
    return answer;
  }
  Answer<v3electionpb::ResignResponse> Resign(const LeaderKey& leader) {
    v3electionpb::ResignRequest request;
    *request.mutable_leader() = leader;
    const auto answer = served_.Call(testing::kResign, request);
    RunFor(milliseconds(50));
    return answer;
  }
  Observed Leader(const std::string& name = "e") {
    v3electionpb::LeaderRequest request;
    request.set_name(name);
    return served_.Call(testing::kLeader, request);
  }
  std::shared_ptr<Observed> Observe() {
    v3electionpb::LeaderRequest request;
    request.set_name("e");
    auto observed = served_.Begin(testing::kObserve, request);
    RunFor(milliseconds(50));
    return observed;
  }
  // What was told since the last look, an answer a line: "e/1a=value @3".
  static std::vector<std::string> Take(Observed& observed) {
    std::vector<std::string> told;
    for (const auto& each : observed.responses) {
      told.push_back(each.kv().key() + "=" + each.kv().value() + " @" +
                     std::to_string(each.header().revision()));
    }
    observed.responses.clear();
    return told;
  }
  void PutOne(const std::string& key, const std::string& value = "") {
    ASSERT_TRUE(served_.Call(testing::kPut, testing::Put(key, value)).ok());
    RunFor(milliseconds(50));
  }
  void DeleteOne(const std::string& key) {
    ASSERT_TRUE(served_.Call(testing::kDeleteRange, testing::Delete(key)).ok());
    RunFor(milliseconds(50));
  }
  etcdserverpb::RangeResponse Get(const std::string& key) {
    return served_.Call(testing::kRange, testing::Get(key)).response();
  }
  void RunFor(runtime::Duration duration) { served_.member().RunFor(duration); }

  testing::ServedMember served_;
};

TEST_F(ElectionServiceTest, WhoComesFirstLeads) {
  const Campaigned won = Campaign(0x1a, "one");
  ASSERT_TRUE(won.ok());
  EXPECT_EQ(won.response().header().revision(), 2);
  const LeaderKey& leader = won.response().leader();
  EXPECT_EQ(leader.name(), "e");
  EXPECT_EQ(leader.key(), "e/1a");
  EXPECT_EQ(leader.rev(), 2);
  EXPECT_EQ(leader.lease(), 0x1a);
  const Observed told = Leader();
  EXPECT_EQ(told.response().kv().value(), "one");
  EXPECT_EQ(told.response().kv().lease(), 0x1a);
  EXPECT_EQ(told.response().header().revision(), 2);
}

TEST_F(ElectionServiceTest, ALeaderWhoCampaignsWithAnotherValueProclaimsIt) {
  ASSERT_TRUE(Campaign(0x1a, "one").ok());
  int64_t revision = 2;
  for (const char* const value : {"one", "two"}) {
    const Campaigned again = Campaign(0x1a, value);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again.response().header().revision(), ++revision);
    EXPECT_EQ(again.response().leader().rev(), 2);
    EXPECT_EQ(Leader().response().kv().value(), value);
  }
  EXPECT_EQ(Leader().response().header().revision(), revision + 1);
}

TEST_F(ElectionServiceTest, WithoutALeaseALeaderHasOneOfAMinute) {
  const Campaigned won = Campaign(0, "one");
  ASSERT_TRUE(won.ok());
  EXPECT_NE(won.response().leader().lease(), 0);
  RunFor(seconds(70));
  EXPECT_EQ(Leader().status, base::errors::kElectionNoLeader);
}

TEST_F(ElectionServiceTest, OthersWaitAndAreToldWhenTheyBegan) {
  const LeaderKey first = Campaign(0x3c, "one").response().leader();
  const auto second = BeginCampaign(0x1a, "two");
  EXPECT_FALSE(second->finished);
  ASSERT_TRUE(Proclaim(first, "still").ok());
  ASSERT_TRUE(Resign(first).ok());
  ASSERT_TRUE(second->ok());
  EXPECT_EQ(second->response().header().revision(), 3);
  EXPECT_EQ(second->response().leader().rev(), 3);
  EXPECT_EQ(Leader().response().kv().key(), "e/1a");
}

TEST_F(ElectionServiceTest, OneWhoWaitsMayChangeHisValue) {
  const LeaderKey first = Campaign(0x3c, "one").response().leader();
  const auto before = BeginCampaign(0x1a, "two");
  const auto after = BeginCampaign(0x1a, "three");
  ASSERT_TRUE(Resign(first).ok());
  EXPECT_TRUE(before->ok());
  EXPECT_TRUE(after->ok());
  EXPECT_EQ(Leader().response().kv().value(), "three");
}

TEST_F(ElectionServiceTest, OneWhoCampaignsAgainKeepsHisPlaceWhenTheFirstCallEnds) {
  const LeaderKey leader = Campaign(0x3c, "one").response().leader();
  const auto first = BeginCampaign(0x1a, "two");
  for (const char* const value : {"two", "three"}) {
    const auto again = BeginCampaign(0x1a, value);
    served_.OnClient([&] { first->call->Cancel(); });
    RunFor(milliseconds(50));
    EXPECT_EQ(Get("e/1a").kvs(0).value(), value);
  }
  ASSERT_TRUE(Resign(leader).ok());
  EXPECT_EQ(Leader().response().kv().value(), "three");
}

TEST_F(ElectionServiceTest, OneWhoLosesHisPlaceWhileHeWaitsDoesNotLead) {
  const LeaderKey first = Campaign(0x3c, "one").response().leader();
  const auto lost = BeginCampaign(0x1a, "two");
  DeleteOne("e/1a");
  ASSERT_TRUE(Resign(first).ok());
  EXPECT_EQ(lost->status, base::errors::kElectionNotLeader);
}

TEST_F(ElectionServiceTest, WhoDoesNotWaitAnyMoreLeavesTheQueue) {
  ASSERT_TRUE(Campaign(0x3c, "one").ok());
  const auto canceled = BeginCampaign(0x1a, "two");
  EXPECT_EQ(Get("e/1a").count(), 1);
  served_.OnClient([&] { canceled->call->Cancel(); });
  RunFor(milliseconds(50));
  EXPECT_EQ(Get("e/1a").count(), 0);
}

TEST_F(ElectionServiceTest, ALeaseThatIsNotThereIsToldWithCodeUnknown) {
  const Campaigned answer = Campaign(999, "one");
  EXPECT_EQ(answer.status.code(), base::Code::kUnknown);
  EXPECT_EQ(answer.status.message(), base::errors::kLeaseNotFound.text);
}

TEST_F(ElectionServiceTest, TheLeaderIsWhoseKeyIsOldest) {
  EXPECT_EQ(Leader().status, base::errors::kElectionNoLeader);
  for (int i = 0; i < 2500; ++i) {
    ASSERT_TRUE(served_.Call(testing::kPut, testing::Put("e/" + std::to_string(10000 - i))).ok());
  }
  EXPECT_EQ(Leader().response().kv().key(), "e/10000");
  DeleteOne("e/10000");
  EXPECT_EQ(Leader().response().kv().key(), "e/9999");
  EXPECT_EQ(Leader("").status, base::errors::kElectionNoLeader);
}

TEST_F(ElectionServiceTest, OnlyTheLeaderProclaims) {
  LeaderKey leader = Campaign(0x1a, "one").response().leader();
  const auto proclaimed = Proclaim(leader, "two");
  ASSERT_TRUE(proclaimed.ok());
  EXPECT_EQ(proclaimed.response().header().revision(), 3);
  leader.set_rev(1);
  EXPECT_EQ(Proclaim(leader, "three").status, base::errors::kElectionNotLeader);
  EXPECT_EQ(Leader().response().kv().value(), "two");
}

TEST_F(ElectionServiceTest, AProclamationHasTheLeaseThatItNames) {
  LeaderKey leader = Campaign(0x1a, "one").response().leader();
  leader.set_lease(0x2b);
  ASSERT_TRUE(Proclaim(leader, "two").ok());
  EXPECT_EQ(Leader().response().kv().lease(), 0x2b);
  leader.set_lease(999);
  EXPECT_EQ(Proclaim(leader, "three").status.message(), base::errors::kLeaseNotFound.text);
  leader.set_lease(0);
  ASSERT_TRUE(Proclaim(leader, "four").ok());
  const int64_t granted = Leader().response().kv().lease();
  EXPECT_NE(granted, 0);
  EXPECT_NE(granted, 0x2b);
}

TEST_F(ElectionServiceTest, ALeaderIsNeededToProclaimOrResign) {
  const auto proclaimed = served_.Call(testing::kProclaim, v3electionpb::ProclaimRequest());
  EXPECT_EQ(proclaimed.status, base::errors::kMissingLeaderKey);
  const auto resigned = served_.Call(testing::kResign, v3electionpb::ResignRequest());
  EXPECT_EQ(resigned.status, base::errors::kMissingLeaderKey);
  EXPECT_EQ(Proclaim(LeaderKey(), "one").status.message(), base::errors::kEmptyKey.text);
  EXPECT_EQ(Resign(LeaderKey()).status.message(), base::errors::kEmptyKey.text);
}

TEST_F(ElectionServiceTest, WhoDoesNotLeadResignsFromNothing) {
  LeaderKey leader = Campaign(0x1a, "one").response().leader();
  leader.set_rev(1);
  const auto not_led = Resign(leader);
  ASSERT_TRUE(not_led.ok());
  EXPECT_EQ(not_led.response().header().revision(), 2);
  EXPECT_TRUE(Leader().ok());
  leader.set_rev(2);
  EXPECT_EQ(Resign(leader).response().header().revision(), 3);
  EXPECT_EQ(Leader().status, base::errors::kElectionNoLeader);
}

TEST_F(ElectionServiceTest, AnObserverIsToldWhoLeadsWhatHeProclaimsAndWhoIsNext) {
  const LeaderKey first = Campaign(0x3c, "one").response().leader();
  PutOne("other");
  const auto observed = Observe();
  EXPECT_THAT(Take(*observed), ElementsAre("e/3c=one @3"));
  const auto second = BeginCampaign(0x1a, "two");
  EXPECT_THAT(Take(*observed), IsEmpty());
  ASSERT_TRUE(Proclaim(first, "still").ok());
  EXPECT_THAT(Take(*observed), ElementsAre("e/3c=still @5"));
  ASSERT_TRUE(Resign(first).ok());
  EXPECT_THAT(Take(*observed), ElementsAre("e/1a=two @6"));
  DeleteOne("e/1a");
  EXPECT_THAT(Take(*observed), IsEmpty());
  PutOne("e/x", "three");
  EXPECT_THAT(Take(*observed), ElementsAre("e/x=three @8"));
  EXPECT_FALSE(observed->finished);
}

TEST_F(ElectionServiceTest, AnObserverOfNobodyIsToldOfTheFirstWhoComes) {
  const auto observed = Observe();
  EXPECT_THAT(Take(*observed), IsEmpty());
  etcdserverpb::TxnRequest both;
  *both.add_success()->mutable_request_put() = testing::Put("e/2", "b");
  *both.add_success()->mutable_request_put() = testing::Put("e/1", "a");
  ASSERT_TRUE(served_.Call(testing::kTxn, both).ok());
  RunFor(milliseconds(50));
  EXPECT_THAT(Take(*observed), ElementsAre("e/2=b @2"));
  PutOne("e/1", "c");
  PutOne("e/2", "d");
  EXPECT_THAT(Take(*observed), ElementsAre("e/2=d @4"));
}

TEST_F(ElectionServiceTest, AnObserverWhoDoesNotReadGetsAllOnceHeReads) {
  const LeaderKey leader = Campaign(0x1a, "one").response().leader();
  const auto observed = Observe();
  Take(*observed);
  served_.OnClient([&] { observed->call->PauseReading(); });
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(Proclaim(leader, std::string(100'000, 'x') + std::to_string(i)).ok());
  }
  EXPECT_LT(observed->responses.size(), 40u);
  served_.OnClient([&] { observed->call->ResumeReading(); });
  RunFor(seconds(1));
  ASSERT_EQ(observed->responses.size(), 40u);
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(observed->responses[i].kv().value().substr(100'000), std::to_string(i));
  }
  Take(*observed);
  ASSERT_TRUE(Proclaim(leader, "last").ok());
  EXPECT_THAT(Take(*observed), ElementsAre("e/1a=last @43"));
}

TEST_F(ElectionServiceTest, AnObserverWhoMissedWhatWasCompactedIsToldWhatIs) {
  const LeaderKey leader = Campaign(0x1a, "one").response().leader();
  const auto observed = Observe();
  Take(*observed);
  served_.OnClient([&] { observed->call->PauseReading(); });
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(Proclaim(leader, std::string(100'000, 'x') + std::to_string(i)).ok());
  }
  ASSERT_TRUE(Proclaim(leader, "present").ok());
  // Neither in memory nor in the database any more.
  for (int i = 0; i < 40; ++i) PutOne("other", std::string(1'000'000, 'x'));
  etcdserverpb::CompactionRequest compact = testing::CompactTo(83);
  compact.set_physical(true);
  ASSERT_TRUE(served_.Call(testing::kCompact, compact).ok());
  served_.OnClient([&] { observed->call->ResumeReading(); });
  RunFor(seconds(1));
  ASSERT_FALSE(observed->responses.empty());
  EXPECT_LT(observed->responses.size(), 41u);
  EXPECT_EQ(observed->responses.back().kv().value(), "present");
  EXPECT_FALSE(observed->finished);
}

TEST_F(ElectionServiceTest, AnObserverIsToldThatTheMemberStops) {
  const auto observed = Observe();
  served_.member().net_loop().Post([this] { served_.front().Drain(); });
  RunFor(milliseconds(100));
  EXPECT_EQ(observed->status, base::errors::kStopped);
}

TEST_F(ElectionServiceTest, NothingIsLeftOfAnObserverWhoLeaves) {
  const auto observed = Observe();
  EXPECT_THAT(served_.member().Metrics(), HasSubstr("etcd_debugging_mvcc_watcher_total 1\n"));
  served_.OnClient([&] { observed->call->Cancel(); });
  RunFor(milliseconds(50));
  EXPECT_THAT(served_.member().Metrics(), HasSubstr("etcd_debugging_mvcc_watcher_total 0\n"));
}

TEST_F(ElectionServiceTest, TheGatewayServesIt) {
  EXPECT_THAT(
      served_.PostJson("/v3/election/campaign", R"({"name":"ZQ==","lease":"26","value":"dg=="})"),
      HasSubstr(R"("leader":{"name":"ZQ==","key":"ZS8xYQ==","rev":"2","lease":"26"})"));
  EXPECT_THAT(served_.PostJson("/v3/election/leader", R"({"name":"ZQ=="})"),
              HasSubstr(R"("value":"dg==")"));
  EXPECT_THAT(served_.PostJson("/v3/election/leader", "{}"),
              HasSubstr(R"("message":"election: no leader")"));
  EXPECT_THAT(served_.PostJson("/v3/election/proclaim", "{}"),
              HasSubstr(R"(\"leader\" field must be provided)"));
}

}  // namespace
}  // namespace v3
