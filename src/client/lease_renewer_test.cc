#include "client/lease_renewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/testing/fake_cluster.h"

namespace client {
namespace {

namespace errors = base::errors;
using base::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using testing::FakeLeases;
using testing::FakeMember;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kId = 7;

// What one user has been told.
struct Told {
  std::vector<int64_t> ttls;
  int endings = 0;
  Session::Ending ending;
  size_t wanted = SIZE_MAX;  // its sink has enough then
  LeaseRenewer::Handle handle;
};

class LeaseRenewerTest : public ::testing::Test {
 protected:
  LeaseRenewerTest() : wires_(&scheduler_) {
    settings_.dial_timeout = seconds(5);
    settings_.keepalive_time = seconds(10);
    settings_.keepalive_timeout = seconds(5);
    settings_.max_request_bytes = settings_.max_receive_bytes = 1 << 20;
    settings_.max_attempts = 3;
    settings_.retry_wait = milliseconds(25);
  }
  ~LeaseRenewerTest() override { Disconnect(); }

  // With a client of all of them.
  void Open(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      members_.push_back(
          std::make_unique<FakeMember>(&scheduler_, &wires_, i + 1, &arrivals_, nullptr, &leases_));
      settings_.Add(members_.back()->endpoint(), {members_.back()->address()});
    }
    Do([this] {
      session_ = std::make_unique<Session>(loop_.get(), network_.get(), settings_, 7);
      renewer_ = std::make_unique<LeaseRenewer>(session_.get());
    });
    Run(seconds(2));
  }
  void Disconnect() {
    Do([this] {
      renewer_.reset();
      session_.reset();
    });
  }

  void Run(runtime::Duration duration) { scheduler_.RunFor(duration); }
  void Do(base::Callback<void()> task) {
    loop_->Post(std::move(task));
    Run(runtime::Duration(0));
  }

  std::shared_ptr<Told> Start(int64_t id, const LeaseRenewer::Options& options = {},
                              size_t wanted = SIZE_MAX) {
    auto told = std::make_shared<Told>();
    told->wanted = wanted;
    Do([&] {
      told->handle = renewer_->Start(
          id, options,
          [told](const etcd::LeaseKeepAliveResponse& response) {
            EXPECT_EQ(told->endings, 0);
            told->ttls.push_back(response.ttl);
            return told->ttls.size() < told->wanted;
          },
          [told](const Session::Ending& ending) {
            ++told->endings;
            told->ending = ending;
          });
    });
    return told;
  }

  FakeLeases leases_;
  runtime::simulated::Scheduler scheduler_{1};
  runtime::simulated::Wires wires_;
  testing::Arrivals arrivals_;
  std::vector<std::unique_ptr<FakeMember>> members_;
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("client");
  const std::unique_ptr<runtime::Network> network_ = wires_.NewNetwork("client", loop_.get());
  Settings settings_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<LeaseRenewer> renewer_;
};

TEST_F(LeaseRenewerTest, ALeaseIsRenewedEachThirdOfItsTime) {
  Open(3);
  leases_.ttls[kId] = 9;
  const auto told = Start(kId);
  Run(seconds(31));
  EXPECT_THAT(told->ttls, SizeIs(11));
  EXPECT_THAT(told->ttls, Each(9));
  for (size_t i = 1; i < leases_.asked.size(); ++i) {
    const runtime::Duration between = leases_.asked[i].at - leases_.asked[i - 1].at;
    EXPECT_GE(between, seconds(3));
    EXPECT_LT(between, seconds(3) + milliseconds(50));
  }
  EXPECT_EQ(leases_.streams_begun, 1);
  EXPECT_EQ(leases_.streams_with_leader, 1);
}

TEST_F(LeaseRenewerTest, UsersOfOneLeaseShareItsRenewals) {
  Open(1);
  leases_.ttls[kId] = 9;
  const auto first = Start(kId);
  Run(seconds(1));
  const auto second = Start(kId, {}, 2);
  Run(seconds(9));
  EXPECT_THAT(first->ttls, SizeIs(4));
  EXPECT_THAT(leases_.asked, SizeIs(4));
  // Its sink had enough.
  EXPECT_THAT(second->ttls, SizeIs(2));
  EXPECT_EQ(second->ending.status.code(), Code::kCanceled);
  EXPECT_EQ(first->endings, 0);
}

TEST_F(LeaseRenewerTest, ItEndsWhenAMemberSaysThatThereIsNoSuchLease) {
  Open(1);
  const auto never = Start(kId);
  Run(seconds(1));
  EXPECT_EQ(never->ending.status, errors::kLeaseNotFound);
  EXPECT_THAT(never->ttls, IsEmpty());
  leases_.ttls[kId] = 9;
  const auto revoked = Start(kId);
  Run(seconds(1));
  leases_.ttls.clear();
  Run(seconds(3));
  EXPECT_EQ(revoked->ending.status, errors::kLeaseNotFound);
  EXPECT_EQ(leases_.open_streams(), 0u);
}

TEST_F(LeaseRenewerTest, TheStreamIsOpenWhileThereAreLeases) {
  Open(1);
  leases_.ttls = {{1, 9}, {2, 9}};
  const auto first = Start(1);
  const auto second = Start(2);
  Run(seconds(1));
  EXPECT_EQ(leases_.open_streams(), 1u);
  Do([&] { renewer_->Cancel(first->handle); });
  Run(seconds(10));
  EXPECT_EQ(first->ending.status.code(), Code::kCanceled);
  EXPECT_EQ(leases_.open_streams(), 1u);
  EXPECT_EQ(second->endings, 0);
  Do([&] { renewer_->Cancel(second->handle); });
  Run(seconds(1));
  EXPECT_EQ(leases_.open_streams(), 0u);
  const size_t asked = leases_.asked.size();
  Run(seconds(20));
  EXPECT_EQ(leases_.asked.size(), asked);
  Start(1);
  Run(seconds(1));
  EXPECT_EQ(leases_.streams_begun, 2);
}

TEST_F(LeaseRenewerTest, ItGoesOnAtAnotherMember) {
  Open(3);
  leases_.ttls[kId] = 6;
  const auto told = Start(kId);
  for (const auto& member : members_) {
    Run(seconds(5));
    member->Die();
    Run(seconds(5));
    member->Start();
  }
  Run(seconds(5));
  EXPECT_EQ(told->endings, 0);
  EXPECT_GT(leases_.streams_begun, 1);
  Disconnect();
  EXPECT_EQ(told->ending.status.code(), Code::kCanceled);
}

TEST_F(LeaseRenewerTest, BetweenTwoStreamsItWaitsHalfASecond) {
  Open(1);
  leases_.ttls[kId] = 60;
  Start(kId);
  Run(milliseconds(100));
  for (int streams = 1; streams <= 5; ++streams) {
    EXPECT_EQ(leases_.streams_begun, streams);
    leases_.EndStreams(errors::kStopped);
    Run(milliseconds(400));
    EXPECT_EQ(leases_.streams_begun, streams);
    Run(milliseconds(200));
  }
  // Renewed once: the breaks cost it nothing.
  EXPECT_THAT(leases_.asked, SizeIs(1));
}

TEST_F(LeaseRenewerTest, AMemberThatHangsIsLeftAfterAThirdOfTheTime) {
  Open(2);
  leases_.ttls[kId] = 9;
  const auto told = Start(kId);
  Run(seconds(1));
  ASSERT_THAT(told->ttls, SizeIs(1));
  leases_.hangs = true;
  Run(seconds(3));
  ASSERT_THAT(leases_.asked, SizeIs(2));
  // Whoever has the stream hangs; the next one does not.
  leases_.hangs = false;
  Run(seconds(4));
  EXPECT_EQ(leases_.streams_begun, 2);
  EXPECT_THAT(told->ttls, SizeIs(2));
  EXPECT_EQ(told->endings, 0);
}

TEST_F(LeaseRenewerTest, ItIsLostWhenItsTimeHasGoneBySinceItWasAskedFor) {
  Open(1);
  leases_.ttls[kId] = 9;
  const auto told = Start(kId);
  Run(seconds(4));
  ASSERT_THAT(told->ttls, SizeIs(2));
  const runtime::TimePoint lost_at = leases_.asked.back().at + seconds(9);
  members_[0]->Die();
  Run(lost_at - loop_->clock().Now() - milliseconds(50));
  EXPECT_EQ(told->endings, 0);
  Run(milliseconds(50));
  EXPECT_EQ(told->ending.status, errors::kLeaseNotFound);
  EXPECT_THAT(told->ending.cause, HasSubstr(members_[0]->endpoint()));
}

TEST_F(LeaseRenewerTest, OneThatNobodyAnswersForHasTheDialTimeoutAndASecond) {
  Open(1);
  leases_.hangs = true;
  const auto told = Start(kId);
  Run(seconds(5));
  EXPECT_EQ(told->endings, 0);
  Run(seconds(1));
  EXPECT_EQ(told->ending.status, errors::kLeaseNotFound);
}

TEST_F(LeaseRenewerTest, WithoutALeaderOnlyThoseEndThatRequireOne) {
  Open(2);
  leases_.ttls[kId] = 9;
  const auto with = Start(kId, {.require_leader = true});
  const auto without = Start(kId);
  Run(seconds(1));
  leases_.EndStreams(errors::kNoLeader);
  Run(seconds(4));
  EXPECT_EQ(with->ending.status, errors::kNoLeader);
  EXPECT_EQ(without->endings, 0);
  EXPECT_THAT(without->ttls, SizeIs(2));
}

TEST_F(LeaseRenewerTest, ItsOwnTimeEndsIt) {
  Open(1);
  leases_.ttls[kId] = 9;
  const auto told = Start(kId, {.timeout = seconds(5)});
  EXPECT_EQ(Start(kId, {.timeout = seconds(0)})->ending.status.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(Start(kId, {.canceled = true})->ending.status.code(), Code::kCanceled);
  Run(seconds(4));
  EXPECT_EQ(told->endings, 0);
  Run(seconds(1));
  EXPECT_EQ(told->ending.status.code(), Code::kDeadlineExceeded);
}

TEST_F(LeaseRenewerTest, ATokenThatHasExpiredIsRenewed) {
  settings_.user = "u";
  settings_.password = "p";
  leases_.token_wanted = "token 1";
  leases_.refusal = errors::kInvalidAuthToken;
  leases_.ttls[kId] = 9;
  Open(1);
  const auto told = Start(kId);
  Run(seconds(1));
  EXPECT_THAT(told->ttls, SizeIs(1));
  EXPECT_EQ(members_[0]->authentications, 1);
}

TEST_F(LeaseRenewerTest, ATokenThatIsRefusedAgainAndAgainIsNotAskedForInALoop) {
  settings_.user = "u";
  settings_.password = "p";
  leases_.token_wanted = "token 4";
  leases_.refusal = errors::kInvalidAuthToken;
  leases_.ttls[kId] = 9;
  Open(1);
  const auto told = Start(kId);
  // One for each wait between two streams.
  Run(milliseconds(1400));
  EXPECT_EQ(members_[0]->authentications, 3);
  EXPECT_THAT(told->ttls, IsEmpty());
  Run(milliseconds(600));
  EXPECT_THAT(told->ttls, SizeIs(1));
  EXPECT_EQ(members_[0]->authentications, 4);
}

TEST_F(LeaseRenewerTest, TenThousandLeasesShareAStream) {
  Open(1);
  constexpr int64_t kLeases = 10000;
  std::vector<std::shared_ptr<Told>> users;
  for (int64_t id = 1; id <= kLeases; ++id) leases_.ttls[id] = 60;
  for (int64_t id = 1; id <= kLeases; ++id) users.push_back(Start(id));
  Run(seconds(10));
  EXPECT_THAT(leases_.asked, SizeIs(kLeases));
  Run(seconds(20));
  EXPECT_THAT(leases_.asked, SizeIs(2 * kLeases));
  EXPECT_EQ(leases_.streams_begun, 1);
  for (const auto& user : users) EXPECT_EQ(user->ttls.size(), 2u);
}

}  // namespace
}  // namespace client
