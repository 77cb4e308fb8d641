#include "server/lease_keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "observe/testing/memory_sink.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/lease_requests.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"
#include "state/leases/leases.h"
#include "storage/mvcc/testing/store_harness.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

base::LeaseId Id(int64_t id) {
  return base::LeaseId(id);
}

// A keeper of its own, whose member leads in term 5.
class LeaseKeeperTest : public ::testing::Test {
 protected:
  LeaseKeeperTest() {
    environment_.apply_loop = loop_.get();
    environment_.registry = &registry_;
    environment_.logger = &logger_;
    progress_.leader = kSelf.value();
    progress_.term = 5;
    keeper_ = std::make_unique<LeaseKeeper>(options_, environment_, kSelf, &progress_);
  }
  leases::Leases Granted(int64_t count, int64_t ttl) {
    leases::Leases leases =
        leases::Leases::Load(*harness_.database().NewReader().value(), 1, &harness_.buffer())
            .value();
    for (int64_t id = 1; id <= count; ++id) EXPECT_TRUE(leases.Grant(Id(id), ttl).ok());
    return leases;
  }
  // From now on.
  std::vector<runtime::Duration> Left(int64_t count) {
    std::vector<base::LeaseId> ids;
    for (int64_t id = 1; id <= count; ++id) ids.push_back(Id(id));
    std::vector<runtime::Duration> left;
    const auto ends = keeper_->EndsOf(ids);
    if (!ends.has_value()) return left;
    for (const runtime::TimePoint end : *ends) left.push_back(end - scheduler_.clock().Now());
    return left;
  }
  // Until it has taken them all over.
  void Lead(const leases::Leases& leases) {
    keeper_->Promote(base::Term(progress_.term), leases);
    while (Left(1).empty()) scheduler_.RunFor(runtime::Duration(0));
  }
  LeaseKeeper::Renewal::Outcome Renew(int64_t id) { return keeper_->Renew(Id(id)).outcome; }

  using Outcome = LeaseKeeper::Renewal::Outcome;
  static constexpr base::MemberId kSelf{7};

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  runtime::simulated::Scheduler scheduler_{1};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("apply");
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  observe::Registry registry_;
  Options options_;
  Environment environment_;
  Progress progress_;
  std::unique_ptr<LeaseKeeper> keeper_;
};

TEST_F(LeaseKeeperTest, ANewLeaderGivesAllOfTheTimeAndAnElection) {
  keeper_->Promote(base::Term(5), Granted(2, 60));
  EXPECT_EQ(Left(3),
            (std::vector<runtime::Duration>{seconds(61), seconds(61),
                                            runtime::TimePoint::max() - scheduler_.clock().Now()}));
}

TEST_F(LeaseKeeperTest, WhatACheckpointLeftIsAllThatANewLeaderGives) {
  leases::Leases leases = Granted(2, 60);
  leases.Checkpoint(Id(2), 40, /*kept=*/true);
  keeper_->Promote(base::Term(5), leases);
  EXPECT_EQ(Left(2), (std::vector<runtime::Duration>{seconds(61), seconds(41)}));
}

TEST_F(LeaseKeeperTest, NotAllOfVeryManyRunOutAtOnce) {
  const int64_t few = LeaseKeeper::kEndsOfSecond - 1;
  const leases::Leases few_leases = Granted(few, 60);
  Lead(few_leases);
  for (const runtime::Duration left : Left(few)) ASSERT_EQ(left, seconds(61));
  const int64_t many = 3 * LeaseKeeper::kEndsOfSecond;
  const leases::Leases many_leases = Granted(many, 60);
  ++progress_.term;
  Lead(many_leases);
  std::vector<runtime::Duration> left = Left(many);
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left.front(), seconds(61));
  EXPECT_LE(left.back(), seconds(64));
  for (size_t i = LeaseKeeper::kEndsOfSecond; i < left.size(); ++i) {
    ASSERT_GT(left[i] - left[i - LeaseKeeper::kEndsOfSecond], milliseconds(999));
  }
}

TEST_F(LeaseKeeperTest, WhatEntriesDoWhileItTakesOverCounts) {
  const auto all = static_cast<int64_t>(3 * LeaseKeeper::kTakenOfTurn);
  leases::Leases leases = Granted(all, 60);
  keeper_->Promote(base::Term(5), leases);
  EXPECT_EQ(Renew(1), Outcome::kNotLeader);
  for (const int64_t id : {int64_t{1}, all}) {  // one that it has taken, and one that it has not
    keeper_->OnRevoking(Id(id));
    leases.Revoke(Id(id));
  }
  keeper_->OnGranted(leases.Grant(Id(all), 30).value());
  keeper_->OnGranted(leases.Grant(Id(all + 1), 30).value());
  while (Left(1).empty()) scheduler_.RunFor(runtime::Duration(0));
  const std::vector<runtime::Duration> left = Left(all + 1);
  EXPECT_EQ(Renew(1), Outcome::kUnknown);
  EXPECT_EQ(left[static_cast<size_t>(all) - 2], seconds(61));
  EXPECT_EQ(left[static_cast<size_t>(all) - 1], seconds(30));
  EXPECT_EQ(left[static_cast<size_t>(all)], seconds(30));
}

TEST_F(LeaseKeeperTest, WhoIsDeposedWhileItTakesOverKeepsNothing) {
  const leases::Leases leases = Granted(static_cast<int64_t>(3 * LeaseKeeper::kTakenOfTurn), 60);
  keeper_->Promote(base::Term(5), leases);
  progress_.term = 6;
  scheduler_.RunFor(seconds(1));
  progress_.term = 5;  // as if it had not noticed
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(Renew(1), Outcome::kNotLeader);
}

TEST_F(LeaseKeeperTest, WhoDoesNotLeadInTheTermKeepsNothing) {
  progress_.term = 6;
  keeper_->Promote(base::Term(5), Granted(1, 60));
  EXPECT_EQ(Renew(1), Outcome::kNotLeader);
  progress_.leader = 8;
  keeper_->Promote(base::Term(6), Granted(1, 60));
  EXPECT_EQ(Renew(1), Outcome::kNotLeader);
  EXPECT_TRUE(Left(1).empty());
}

TEST_F(LeaseKeeperTest, WhoIsDeposedRenewsNothingFromThatMomentOn) {
  keeper_->Promote(base::Term(5), Granted(1, 60));
  EXPECT_EQ(Renew(1), Outcome::kRenewed);
  EXPECT_EQ(Renew(2), Outcome::kUnknown);
  progress_.leader = 8;
  EXPECT_EQ(Renew(1), Outcome::kNotLeader);
  progress_.leader = kSelf.value();
  progress_.term = 7;  // elected again: others may have revoked it meanwhile
  EXPECT_EQ(Renew(1), Outcome::kNotLeader);
}

TEST_F(LeaseKeeperTest, WhatHasRunOutIsNotRenewed) {
  keeper_->Promote(base::Term(5), Granted(1, 60));
  scheduler_.RunFor(milliseconds(60'999));
  EXPECT_EQ(Renew(1), Outcome::kRenewed);
  scheduler_.RunFor(seconds(60));
  EXPECT_EQ(Renew(1), Outcome::kRunOut);
}

// Its revoke may be under way.
TEST_F(LeaseKeeperTest, WhatHasRunOutIsNotTakenOverAgainInTheSameTerm) {
  const leases::Leases leases = Granted(static_cast<int64_t>(3 * LeaseKeeper::kTakenOfTurn), 60);
  keeper_->Promote(base::Term(5), leases);
  keeper_->Promote(base::Term(5), leases);
  while (Left(1).empty()) scheduler_.RunFor(runtime::Duration(0));
  scheduler_.RunFor(seconds(61));
  keeper_->Promote(base::Term(5), leases);
  EXPECT_EQ(Renew(1), Outcome::kRunOut);
}

TEST_F(LeaseKeeperTest, NobodyIsToldOfARenewalWhoMayHaveSeenTheKeysGo) {
  keeper_->Promote(base::Term(5), Granted(1, 60));
  keeper_->OnRevoking(Id(1));  // its keys are still there
  EXPECT_EQ(Renew(1), Outcome::kUnknown);
}

TEST_F(LeaseKeeperTest, WhoWaitsHearsOfTheRevokeOrOfAnotherLeader) {
  keeper_->Promote(base::Term(5), Granted(2, 60));
  int heard = 0;
  for (const int64_t id : {1, 2, 3}) {
    ASSERT_TRUE(keeper_->WhenSettled(Id(id), [&heard] { ++heard; }));
  }
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(heard, 1);  // of that which is not there
  keeper_->OnRevoking(Id(1));
  EXPECT_EQ(heard, 1);
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(heard, 2);
  keeper_->OnLeaderChanged();
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(heard, 2);
  progress_.leader = 0;
  keeper_->OnLeaderChanged();
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(heard, 3);
}

TEST_F(LeaseKeeperTest, NotMoreWaitThanMay) {
  keeper_->Promote(base::Term(5), Granted(1, 60));
  for (size_t i = 0; i < LeaseKeeper::kWaitersMax; ++i) {
    ASSERT_TRUE(keeper_->WhenSettled(Id(1), [] {}));
  }
  EXPECT_FALSE(keeper_->WhenSettled(Id(1), [] {}));
}

TEST(LeaseTimeTest, IsWithinWhatTheClockCanCount) {
  EXPECT_EQ(LeaseTime(-1), seconds(0));
  EXPECT_EQ(LeaseTime(60), seconds(60));
  EXPECT_EQ(LeaseTime(std::numeric_limits<int64_t>::max()), seconds(leases::kTtlMax));
}

// A whole member.
class KeptLeasesTest : public ::testing::Test {
 protected:
  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    if (member_.transport != nullptr) peers_.server = &member_.server();
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  void MakeThree() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.transport = &peers_;
    peers_.silent = false;
  }
  base::MemberId Other() {
    base::MemberId other;
    for (const auto& member : peers_.told.back().members) {
      if (member.id != member_.server().id()) other = member.id;
    }
    return other;
  }
  using Answered = std::shared_ptr<std::optional<base::Status>>;
  Answered Propose(uint32_t field, const google::protobuf::MessageLite& request) {
    auto answered = std::make_shared<std::optional<base::Status>>();
    member_.net_loop().Post([=, this, bytes = request.SerializeAsString()] {
      member_.frontend().Propose(field, bytes,
                                 [=](const apply::Reply& reply) { *answered = reply.status; });
    });
    return answered;
  }
  Answered Grant(int64_t id, int64_t ttl) {
    etcdserverpb::LeaseGrantRequest request;
    request.set_id(id);
    request.set_ttl(ttl);
    return Propose(InternalRaftRequest::kLeaseGrantFieldNumber, request);
  }
  void GrantAndWait(int64_t id, int64_t ttl) {
    const Answered granted = Grant(id, ttl);
    ASSERT_TRUE(member_.RunUntil([&] { return granted->has_value(); }));
    ASSERT_TRUE((*granted)->ok()) << (*granted)->ToString();
  }
  using Renewed = std::shared_ptr<std::optional<base::Result<int64_t>>>;
  Renewed Renew(int64_t id) {
    auto renewed = std::make_shared<std::optional<base::Result<int64_t>>>();
    leases().Renew(Id(id), {}, [renewed](auto ttl) { renewed->emplace(std::move(ttl)); });
    return renewed;
  }
  base::Result<int64_t> RenewAndWait(int64_t id) {
    const Renewed renewed = Renew(id);
    EXPECT_TRUE(member_.RunUntil([&] { return renewed->has_value(); }));
    return **renewed;
  }
  LeaseRequests& leases() { return member_.server().leases(); }
  std::optional<leases::Lease> Find(int64_t id) {
    return member_.server().state()->leases().Find(Id(id));
  }
  size_t Count() { return member_.server().state()->leases().size(); }
  bool Metric(const std::string& line) {
    return member_.Metrics().find(line + "\n") != std::string::npos;
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
};

TEST_F(KeptLeasesTest, VeryManyThatRunOutAtOnceAreGoneSoonAndOthersAreRenewedMeanwhile) {
  Start();
  constexpr int64_t kCount = 20'000;
  GrantAndWait(kCount + 1, 12);
  for (int64_t id = 1; id <= kCount;) {
    for (int i = 0; i < 1000; ++i) Grant(id++, 10);
    member_.RunFor(milliseconds(50));
  }
  ASSERT_TRUE(member_.RunUntil([this] { return Count() == kCount + 1; }));
  ASSERT_TRUE(member_.RunUntil([this] { return Count() < kCount; }));
  ASSERT_TRUE(RenewAndWait(kCount + 1).ok());
  member_.RunFor(seconds(5));
  EXPECT_EQ(Count(), 1u);
  EXPECT_TRUE(Find(kCount + 1).has_value());
  EXPECT_TRUE(Metric("etcd_debugging_server_lease_expired_total 20000"));
  EXPECT_TRUE(Metric("etcd_debugging_lease_granted_total 20001"));
  EXPECT_TRUE(Metric("etcd_debugging_lease_revoked_total 20000"));
  EXPECT_TRUE(Metric("etcd_debugging_lease_ttl_total_count 20001"));
}

// Its process stood still, or its raft loop alone: it may have been deposed.
TEST_F(KeptLeasesTest, ALeaderThatWasNotRunningRenewsNothingBeforeItKnowsThatItStillLeads) {
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  ASSERT_TRUE(RenewAndWait(7).ok());
  ASSERT_TRUE(leases().TryRenew(Id(7)).has_value());
  member_.SetRaftPaused(true);
  member_.RunFor(seconds(2));
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  const Renewed renewed = Renew(7);
  member_.RunFor(seconds(1));
  EXPECT_FALSE(renewed->has_value());
  member_.SetRaftPaused(false);
  ASSERT_TRUE(member_.RunUntil([&] { return renewed->has_value(); }));
  ASSERT_TRUE((*renewed)->ok());
  EXPECT_EQ(***renewed, 60);
}

TEST_F(KeptLeasesTest, ALeaderThatTheOthersDoNotFollowAnyMoreRenewsNothing) {
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  member_.SetRaftPaused(true);
  member_.RunFor(seconds(2));
  peers_.silent = true;
  const Renewed renewed = Renew(7);
  member_.SetRaftPaused(false);
  ASSERT_TRUE(member_.RunUntil([&] { return renewed->has_value(); }));
  EXPECT_FALSE((*renewed)->ok());
}

TEST_F(KeptLeasesTest, AFollowerAsksTheLeaderAgainUntilItAnswers) {
  MakeThree();
  peers_.silent = true;
  ASSERT_TRUE(member_.Start().ok());
  peers_.server = &member_.server();
  member_.RunFor(milliseconds(100));
  ASSERT_FALSE(peers_.told.empty());
  const base::MemberId other = Other();
  const auto lead = [&] {
    EXPECT_TRUE(member_.server().Step({.type = raft::MessageType::kHeartbeat,
                                       .to = member_.server().id(),
                                       .from = other,
                                       .term = base::Term(9)}));
    member_.RunFor(milliseconds(10));
  };
  lead();
  ASSERT_EQ(member_.server().progress().leader, other.value());
  const Renewed renewed = Renew(7);
  member_.RunFor(milliseconds(1));
  ASSERT_EQ(peers_.renewals.size(), 1u);
  EXPECT_EQ(peers_.renewals[0].leader, other);
  EXPECT_EQ(peers_.renewals[0].lease, Id(7));
  peers_.renewals[0].on_answer(base::Status(base::Code::kUnavailable, "not a primary lessor"));
  lead();
  member_.RunFor(milliseconds(60));
  ASSERT_EQ(peers_.renewals.size(), 2u);
  peers_.renewals[1].on_answer(60);
  member_.RunFor(milliseconds(1));
  ASSERT_TRUE(renewed->has_value());
  EXPECT_EQ(***renewed, 60);
  // One that is not there is no reason to ask again.
  const Renewed unknown = Renew(8);
  member_.RunFor(milliseconds(1));
  peers_.renewals.back().on_answer(base::Status(base::errors::kLeaseNotFound));
  member_.RunFor(milliseconds(1));
  ASSERT_TRUE(unknown->has_value());
  EXPECT_EQ((*unknown)->status(), base::errors::kLeaseNotFound);
}

TEST_F(KeptLeasesTest, CheckpointsTellTheNextLeaderWhatIsLeft) {
  member_.options.lease_checkpoints = true;
  member_.options.lease_checkpoint_interval = minutes(1);
  Start();
  GrantAndWait(7, 600);
  GrantAndWait(8, 30);
  member_.RunFor(seconds(62));
  ASSERT_TRUE(Find(7).has_value());
  EXPECT_GE(Find(7)->remaining_ttl, 538);
  EXPECT_LE(Find(7)->remaining_ttl, 541);
  member_.RunFor(seconds(60));
  EXPECT_LE(Find(7)->remaining_ttl, 481);
  member_.Kill();
  Start();
  member_.RunFor(seconds(470));
  EXPECT_TRUE(Find(7).has_value());
  member_.RunFor(seconds(20));
  EXPECT_FALSE(Find(7).has_value());
}

TEST_F(KeptLeasesTest, ARenewalClearsTheCheckpointForTheNextLeaderToo) {
  member_.options.lease_checkpoints = true;
  member_.options.lease_checkpoint_interval = minutes(1);
  Start();
  GrantAndWait(7, 600);
  member_.RunFor(seconds(62));
  ASSERT_GT(Find(7)->remaining_ttl, 0);
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  EXPECT_EQ(*RenewAndWait(7), 600);
  EXPECT_EQ(Find(7)->remaining_ttl, 0);
}

TEST_F(KeptLeasesTest, ALeaseThatIsRenewedJustBeforeItsCheckpointGetsALaterOne) {
  member_.options.lease_checkpoints = true;
  member_.options.lease_checkpoint_interval = minutes(1);
  Start();
  GrantAndWait(7, 600);
  member_.RunFor(milliseconds(59'800));
  EXPECT_EQ(*RenewAndWait(7), 600);
  member_.RunFor(seconds(62));
  EXPECT_GT(Find(7)->remaining_ttl, 0);
}

// The next leader would go by what was left before the renewal.
TEST_F(KeptLeasesTest, ARenewalClearsACheckpointThatIsUnderWay) {
  member_.options.lease_checkpoints = true;
  member_.options.lease_checkpoint_interval = minutes(1);
  Start();
  GrantAndWait(7, 600);
  GrantAndWait(8, 300);
  member_.RunFor(seconds(59));
  const auto is_under_way = [this] { return Metric("etcd_server_proposals_pending 1"); };
  for (int i = 0; i < 100 && !is_under_way(); ++i) {
    member_.SetRaftPaused(false);
    ASSERT_TRUE(RenewAndWait(8).ok());  // which makes sure that the member leads
    member_.SetRaftPaused(true);
    member_.RunFor(milliseconds(20));
  }
  ASSERT_TRUE(is_under_way());
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  const Renewed renewed = Renew(7);
  member_.SetRaftPaused(false);
  ASSERT_TRUE(member_.RunUntil([&] { return renewed->has_value(); }));
  EXPECT_EQ(***renewed, 600);
  member_.RunFor(seconds(1));
  EXPECT_EQ(Find(7)->remaining_ttl, 0);
}

TEST_F(KeptLeasesTest, ALeaderThatHasToldAnotherToCampaignAsksBeforeItRenews) {
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  ASSERT_TRUE(RenewAndWait(7).ok());
  ASSERT_TRUE(leases().TryRenew(Id(7)).has_value());
  const base::MemberId other = Other();
  member_.server().TransferLeadership(other);
  ASSERT_TRUE(member_.RunUntil([&] { return !peers_.asked_to_campaign.empty(); }));
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  EXPECT_EQ(*RenewAndWait(7), 60);
  peers_.silent = true;  // the other one has been elected
  const Renewed renewed = Renew(7);
  ASSERT_TRUE(member_.RunUntil([&] { return renewed->has_value(); }));
  EXPECT_FALSE((*renewed)->ok());
}

TEST_F(KeptLeasesTest, WhoHearsNothingMoreTrustsItselfForAsLongAsWasPromised) {
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  ASSERT_TRUE(RenewAndWait(7).ok());
  peers_.silent = true;
  member_.RunFor(milliseconds(peers_.vote_lease_ms) / 2);
  EXPECT_TRUE(leases().TryRenew(Id(7)).has_value());
  member_.RunFor(milliseconds(peers_.vote_lease_ms) / 2);
  EXPECT_EQ(member_.server().progress().leader, member_.server().id().value());
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
}

// As members of etcd are.
TEST_F(KeptLeasesTest, OfWhomNothingIsPromisedItAsksEachTime) {
  peers_.vote_lease_ms = 0;
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*RenewAndWait(7), 60);
    EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  }
}

// Between its two terms another may have led, and be elected again by those who heard of that.
TEST_F(KeptLeasesTest, WhoLeadsAgainTrustsNoRoundOfBefore) {
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  ASSERT_TRUE(RenewAndWait(7).ok());
  ASSERT_TRUE(leases().TryRenew(Id(7)).has_value());
  const Progress& progress = member_.server().progress();
  const base::Term before(progress.term);
  const auto step = [&](raft::MessageType type) {
    ASSERT_TRUE(member_.server().Step(
        {.type = type, .to = member_.server().id(), .from = Other(), .term = before + 1}));
  };
  step(raft::MessageType::kHeartbeat);
  ASSERT_TRUE(member_.RunUntil([&] { return progress.leader == Other().value(); }));
  const uint64_t committed = progress.committed;
  step(raft::MessageType::kTimeoutNow);
  ASSERT_TRUE(member_.RunUntil([&] { return progress.committed > committed; }));
  peers_.silent = true;
  member_.RunFor(milliseconds(100));
  EXPECT_EQ(progress.leader, member_.server().id().value());
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
}

// Another member may have applied it, and told its client.
TEST_F(KeptLeasesTest, NoSuccessIsToldOnceARevokeIsCommitted) {
  MakeThree();
  Start();
  GrantAndWait(7, 60);
  ASSERT_TRUE(RenewAndWait(7).ok());
  ASSERT_TRUE(leases().TryRenew(Id(7)).has_value());
  const Progress& progress = member_.server().progress();
  const uint64_t before = progress.committed;
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(7);
  const Answered revoked = Propose(InternalRaftRequest::kLeaseRevokeFieldNumber, request);
  ASSERT_TRUE(member_.RunUntil([&] { return progress.committed > before; }));
  ASSERT_LT(progress.applied, progress.committed);
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  EXPECT_EQ(RenewAndWait(7).status(), base::errors::kLeaseNotFound);
}

TEST_F(KeptLeasesTest, WithoutFastRenewalsEachWaitsUntilWhatWasCommittedIsApplied) {
  member_.options.fast_lease_keep_alive = false;
  Start();
  GrantAndWait(7, 60);
  EXPECT_FALSE(leases().TryRenew(Id(7)).has_value());
  EXPECT_EQ(*RenewAndWait(7), 60);
}

}  // namespace
}  // namespace server
