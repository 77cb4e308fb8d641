#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/reads.h"

// What becomes of requests that cannot be carried out at once: they wait for a leader as long as
// their callers do, or are refused at once; nothing is lost in silence.

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProposalsTest : public ::testing::Test {
 protected:
  ProposalsTest() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.transport = &peers_;
  }
  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    peers_.server = &member_.server();
  }
  bool HasLeader() { return member_.server().progress().leader != 0; }
  void Elect() {
    peers_.silent = false;
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }

  struct Answer {
    base::Status status;
    runtime::Duration after;
  };
  using Answered = std::shared_ptr<std::optional<Answer>>;
  Answered Put(const std::string& key, size_t bytes, runtime::Duration patience) {
    auto answered = std::make_shared<std::optional<Answer>>();
    member_.net_loop().Post([=, this] {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(std::string(bytes, 'v'));
      const runtime::TimePoint start = member_.net_loop().clock().Now();
      member_.frontend().Propose(
          etcdserverpb::InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
          [=, this](const apply::Reply& reply) {
            *answered = Answer{reply.status, member_.net_loop().clock().Now() - start};
          },
          {.deadline = start + patience});
    });
    return answered;
  }
  std::vector<base::MemberId> OtherMembers() {
    std::vector<base::MemberId> others;
    for (const members::Member& member : member_.server().state()->view().Get()->members) {
      if (member.id != member_.server().id()) others.push_back(member.id);
    }
    return others;
  }
  // As by a client of `from`, which takes this member for its leader.
  void ForwardPut(base::MemberId from, const std::string& key) {
    etcdserverpb::InternalRaftRequest request;
    request.mutable_header()->set_id(++forwarded_);
    request.mutable_put()->set_key(key);
    raft::Message message{
        .type = raft::MessageType::kProp, .to = member_.server().id(), .from = from};
    message.entries.push_back({.data = base::SharedBytes(request.SerializeAsString())});
    ASSERT_TRUE(member_.server().Step(std::move(message)));
  }
  bool Holds(const std::string& key) {
    mvcc::Reads reads(&member_.server().state()->store());
    return reads.Pin({}).value()->Get(key)->has_value();
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
  uint64_t forwarded_ = 0;  // requests
};

TEST_F(ProposalsTest, WithoutALeaderARequestWaitsToTheRequestTimeout) {
  Start();
  const Answered put = Put("a", 1, seconds(60));
  ASSERT_TRUE(member_.RunUntil([&] { return put->has_value(); }));
  EXPECT_EQ((*put)->status, base::errors::kDeadlineExceeded);
  EXPECT_GE((*put)->after, member_.options.request_timeout());
}

TEST_F(ProposalsTest, ARequestThatFindsALeaderInTimeIsCarriedOut) {
  Start();
  const Answered put = Put("a", 1, seconds(60));
  member_.RunFor(seconds(2));
  EXPECT_FALSE(put->has_value());
  Elect();
  ASSERT_TRUE(member_.RunUntil([&] { return put->has_value(); }));
  EXPECT_TRUE((*put)->status.ok());
  EXPECT_TRUE(Holds("a"));
}

TEST_F(ProposalsTest, NothingIsCarriedOutThatNobodyWaitsForAnyMore) {
  Start();
  Put("impatient", 1, milliseconds(500));
  const Answered patient = Put("patient", 1, seconds(60));
  member_.RunFor(seconds(1));
  Elect();
  ASSERT_TRUE(member_.RunUntil([&] { return patient->has_value(); }));
  EXPECT_TRUE(Holds("patient"));
  EXPECT_FALSE(Holds("impatient"));
}

// One that was removed hears nothing any more of what it has asked for.
TEST_F(ProposalsTest, ARemovedMemberEndsWhatWaitsAndWhatComes) {
  Start();
  const Answered waiting = Put("a", 1, seconds(60));
  std::vector<base::Status> reads;
  const auto read = [&] {
    member_.net_loop().Post([&] {
      member_.frontend().ReadIndex([&](const base::Status& status) { reads.push_back(status); });
    });
  };
  read();
  member_.RunFor(milliseconds(10));
  read();  // waits for the round after
  member_.RunFor(milliseconds(10));
  EXPECT_FALSE(waiting->has_value());
  member_.server().ReportRemoved();
  const Answered late = Put("b", 1, seconds(60));
  read();
  member_.RunFor(milliseconds(10));
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->status, base::errors::kStopped);
  ASSERT_TRUE(late->has_value());
  EXPECT_EQ((*late)->status, base::errors::kStopped);
  EXPECT_EQ(reads, std::vector<base::Status>(3, base::errors::kStopped));
}

// What a leader decides as one counts in its term alone.
TEST_F(ProposalsTest, OneOfATermInWhichThisMemberDoesNotLeadIsRefusedAtOnce) {
  Start();
  const auto put = [this](base::Term term) {
    auto answered = std::make_shared<std::optional<base::Status>>();
    member_.net_loop().Post([=, this] {
      etcdserverpb::PutRequest request;
      request.set_key("of term " + ToString(term));
      member_.frontend().Propose(
          etcdserverpb::InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
          [=](const apply::Reply& reply) { *answered = reply.status; }, {.term = term});
    });
    EXPECT_TRUE(member_.RunUntil([&] { return answered->has_value(); }));
    return **answered;
  };
  EXPECT_EQ(put(base::Term(1)), base::errors::kNotLeader);
  Elect();
  const base::Term term(member_.server().progress().term);
  EXPECT_EQ(put(term + 1), base::errors::kNotLeader);
  EXPECT_EQ(put(term - 1), base::errors::kNotLeader);
  EXPECT_TRUE(put(term).ok());
  EXPECT_TRUE(Holds("of term " + ToString(term)));
  EXPECT_FALSE(Holds("of term " + ToString(term + 1)));
}

TEST_F(ProposalsTest, WhatWaitsIsBoundedInBytesAndMoreIsRefusedAtOnce) {
  member_.options.pending_bytes_max = 8 * member_.options.max_request_bytes;
  Start();
  std::vector<Answered> puts;
  for (int i = 0; i < 10; ++i) puts.push_back(Put("a", 1'000'000, seconds(60)));
  member_.RunFor(milliseconds(100));
  int refused = 0;
  for (const Answered& put : puts) {
    if (!put->has_value()) continue;
    EXPECT_EQ((*put)->status, base::errors::kTooManyRequests);
    ++refused;
  }
  EXPECT_EQ(refused, 4);  // two origins share the bound: six fit
}

TEST_F(ProposalsTest, WhatRaftDoesNotTakeIsRefusedAtOnce) {
  member_.options.raft.uncommitted_bytes_max = 10'000;
  Start();
  Elect();
  peers_.silent = true;
  std::vector<Answered> puts;
  for (int i = 0; i < 5; ++i) {
    puts.push_back(Put("a", 9'000, seconds(60)));
    member_.RunFor(milliseconds(10));
  }
  member_.RunFor(milliseconds(100));
  const auto refused = std::count_if(puts.begin(), puts.end(), [](const Answered& put) {
    return put->has_value() && (*put)->status == base::errors::kTooManyRequests;
  });
  EXPECT_EQ(refused, 4);
}

// These peers never campaign: the hand-over ends after an election timeout, and the leader leads
// on.
TEST_F(ProposalsTest, WhileLeadershipIsHandedOverARequestWaits) {
  Start();
  Elect();
  const base::MemberId other = OtherMembers().front();
  member_.server().TransferLeadership(other);
  member_.RunFor(milliseconds(10));
  ASSERT_EQ(peers_.asked_to_campaign, std::vector{other});
  const Answered put = Put("a", 1, seconds(60));
  Put("impatient", 1, milliseconds(200));
  ForwardPut(other, "forwarded");
  member_.RunFor(milliseconds(100));
  EXPECT_FALSE(put->has_value());
  ASSERT_TRUE(member_.RunUntil([&] { return put->has_value(); }));
  EXPECT_TRUE((*put)->status.ok()) << (*put)->status.ToString();
  EXPECT_LE((*put)->after, member_.options.election_timeout + milliseconds(500));
  EXPECT_TRUE(Holds("a"));
  EXPECT_TRUE(Holds("forwarded"));
  EXPECT_FALSE(Holds("impatient"));
}

// Nobody says how long those wait who have asked others.
TEST_F(ProposalsTest, WhatOthersProposeWaitsForAnElectionTimeout) {
  Start();
  Elect();
  const base::MemberId other = OtherMembers().front();
  peers_.silent = true;
  ASSERT_TRUE(member_.RunUntil([this] { return !HasLeader(); }));
  ForwardPut(other, "early");
  member_.RunFor(2 * member_.options.election_timeout);
  ForwardPut(other, "late");
  member_.RunFor(milliseconds(50));
  peers_.silent = false;
  ASSERT_TRUE(member_.RunUntil([this] { return HasLeader(); }));
  member_.RunFor(milliseconds(500));
  EXPECT_FALSE(Holds("early"));
  EXPECT_TRUE(Holds("late"));
}

TEST_F(ProposalsTest, WhatWasLostWithALeaderIsToldSo) {
  Start();
  member_.RunFor(milliseconds(100));
  const std::vector<base::MemberId> others = OtherMembers();
  const auto lead = [&](base::MemberId leader) {
    ASSERT_TRUE(member_.server().Step({.type = raft::MessageType::kHeartbeat,
                                       .to = member_.server().id(),
                                       .from = leader,
                                       .term = base::Term(member_.server().progress().term + 1)}));
    ASSERT_TRUE(
        member_.RunUntil([&] { return member_.server().progress().leader == leader.value(); }));
  };
  lead(others[0]);
  const Answered lost = Put("a", 1, seconds(60));
  member_.RunFor(milliseconds(200));
  lead(others[1]);
  const Answered later = Put("b", 1, seconds(60));
  ASSERT_TRUE(member_.RunUntil([&] { return later->has_value(); }));
  EXPECT_EQ((*lost)->status, base::errors::kTimeoutDueToLeaderFailure);
  EXPECT_EQ((*later)->status, base::errors::kTimeout);
}

// Also those that have to wait for the answer to those before them.
TEST_F(ProposalsTest, NoReadWaitsForLongerThanARequestMay) {
  Start();
  const runtime::Duration limit = member_.options.request_timeout();
  const auto took = std::make_shared<std::vector<runtime::Duration>>();
  for (int i = 0; i < 10; ++i) {
    const runtime::TimePoint start = member_.net_loop().clock().Now();
    member_.net_loop().Post([&, start] {
      member_.frontend().ReadIndex([&, start](const base::Status& status) {
        EXPECT_EQ(status, base::errors::kTimeout);
        took->push_back(member_.net_loop().clock().Now() - start);
      });
    });
    member_.RunFor(seconds(1));
  }
  ASSERT_TRUE(member_.RunUntil([&] { return took->size() == 10; }));
  for (const runtime::Duration each : *took) EXPECT_LE(each, limit + seconds(1));
}

TEST_F(ProposalsTest, AReadAsksTheNextLeaderAsSoonAsThereIsOne) {
  Start();
  bool read = false;
  member_.net_loop().Post([&] {
    member_.frontend().ReadIndex([&read](const base::Status& status) { read = status.ok(); });
  });
  member_.RunFor(milliseconds(2'950));  // it has just asked again
  EXPECT_FALSE(read);
  peers_.silent = false;
  ASSERT_TRUE(member_.RunUntil([this] { return HasLeader(); }));
  const runtime::TimePoint elected = member_.net_loop().clock().Now();
  ASSERT_TRUE(member_.RunUntil([&] { return read; }));
  EXPECT_LT(member_.net_loop().clock().Now() - elected, milliseconds(50));
}

TEST_F(ProposalsTest, AMemberThatCannotPublishItselfTriesAgainWithPauses) {
  member_.options.pending_bytes_max = 0;
  member_.options.raft.uncommitted_bytes_max = 1;
  Start();
  peers_.silent = false;
  ASSERT_TRUE(member_.RunUntil([this] { return HasLeader(); }));
  peers_.silent = true;
  member_.RunFor(seconds(60));
  const std::vector<std::string> lines = member_.LogLines();
  const auto warnings = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("failed to publish") != std::string::npos;
  });
  EXPECT_GE(warnings, 1);
  EXPECT_LE(warnings, 30);
}

}  // namespace
}  // namespace server
