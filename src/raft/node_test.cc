#include "raft/node.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "raft/testing/lone_node.h"

// Sentences of the raft paper (Ongaro and Ousterhout 2014) and of the thesis, and the promises of
// node.h and output.h.

namespace raft {
namespace {

using testing::LoneNode;

Message From(uint64_t member, MessageType type, uint64_t term) {
  return {.type = type, .from = MemberId(member), .term = Term(term)};
}

Message Append(uint64_t term, EntryId previous, std::vector<Entry> entries = {}) {
  Message message = From(2, MessageType::kApp, term);
  message.log_term = previous.term;
  message.index = previous.index;
  message.entries = std::move(entries);
  return message;
}

Entry At(uint64_t index, uint64_t term) {
  return {.term = Term(term), .index = Index(index)};
}

// --- §5.1: "If one server's current term is smaller than the other's, then it updates its current
// term to the larger value."
TEST(RaftPaperTest, AnyRoleTakesOverALargerTermAndFollows) {
  for (int role = 0; role < 3; ++role) {
    LoneNode lone(3);
    if (role >= 1) lone.node().Campaign();
    if (role == 2) lone.Elect();
    ASSERT_TRUE(lone.Step(Append(9, {})).ok());
    EXPECT_EQ(lone.node().term(), Term(9));
    EXPECT_EQ(lone.node().role(), Role::kFollower);
    EXPECT_EQ(lone.node().leader(), MemberId(2));
  }
}

// "If a server receives a request with a stale term number, it rejects the request."
TEST(RaftPaperTest, AStaleAppendChangesNothing) {
  LoneNode lone(3);
  ASSERT_TRUE(lone.Step(Append(5, {})).ok());
  lone.Sent();
  ASSERT_TRUE(lone.Step(Append(4, {}, {At(1, 4)})).ok());
  EXPECT_TRUE(lone.Sent().empty());
  EXPECT_EQ(lone.node().log().LastIndex(), Index(0));
}

// --- §5.2: "If a follower receives no communication over a period of time called the election
// timeout, then it begins an election"; "election timeouts are chosen randomly from a fixed
// interval."
TEST(RaftPaperTest, AFollowerThatHearsNothingCampaignsWithinTwiceTheElectionTicks) {
  std::set<int> waits;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Config config;
    config.seed = seed;
    LoneNode lone(3, config);
    int ticks = 0;
    for (; lone.node().role() == Role::kFollower; ++ticks) lone.node().Tick();
    EXPECT_GE(ticks, 10);
    EXPECT_LT(ticks, 20);
    waits.insert(ticks);
  }
  EXPECT_EQ(waits.size(), 10u);
}

// "To begin an election, a follower increments its current term and transitions to candidate
// state. It then votes for itself and issues RequestVote RPCs in parallel to each of the other
// servers."
TEST(RaftPaperTest, ACandidateVotesForItselfAndAsksAllOthers) {
  LoneNode lone(5);
  lone.node().Campaign();
  const std::vector<Message> sent = lone.Sent();
  EXPECT_EQ(lone.saved(), (HardState{Term(1), MemberId(1), Index(0)}));
  ASSERT_EQ(sent.size(), 4u);
  for (const Message& message : sent) {
    EXPECT_EQ(message.type, MessageType::kVote);
    EXPECT_EQ(message.term, Term(1));
  }
}

// "A candidate wins an election if it receives votes from a majority of the servers in the full
// cluster for the same term."
TEST(RaftPaperTest, AMajorityOfVotesMakesALeader) {
  LoneNode lone(5);
  lone.node().Campaign();
  lone.Sent();
  ASSERT_TRUE(lone.Step(From(2, MessageType::kVoteResp, 1)).ok());
  EXPECT_EQ(lone.node().role(), Role::kCandidate);
  // The same vote again is not another one.
  ASSERT_TRUE(lone.Step(From(2, MessageType::kVoteResp, 1)).ok());
  EXPECT_EQ(lone.node().role(), Role::kCandidate);
  ASSERT_TRUE(lone.Step(From(3, MessageType::kVoteResp, 1)).ok());
  EXPECT_EQ(lone.node().role(), Role::kLeader);
}

// "Each server will vote for at most one candidate in a given term, on a first-come-first-served
// basis."
TEST(RaftPaperTest, OneVoteATerm) {
  LoneNode lone(3);
  ASSERT_TRUE(lone.Step(From(2, MessageType::kVote, 1)).ok());
  ASSERT_TRUE(lone.Step(From(3, MessageType::kVote, 1)).ok());
  ASSERT_TRUE(lone.Step(From(2, MessageType::kVote, 1)).ok());
  const std::vector<Message> sent = lone.Sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_FALSE(sent[0].reject);
  EXPECT_TRUE(sent[1].reject);
  EXPECT_FALSE(sent[2].reject);
  EXPECT_EQ(lone.saved().vote, MemberId(2));
}

// --- §5.3: "If a follower does not find an entry in its log with the same index and term, then it
// refuses the new entries."
TEST(RaftPaperTest, AnAppendThatDoesNotFitIsRefusedWithAHint) {
  LoneNode lone(3, {}, {At(1, 1), At(2, 1), At(3, 2)});
  ASSERT_TRUE(lone.Step(Append(3, {Term(3), Index(8)}, {At(9, 3)})).ok());
  const std::vector<Message> sent = lone.Sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].reject);
  EXPECT_EQ(sent[0].index, Index(8));
  EXPECT_EQ(sent[0].reject_hint, Index(3));
  EXPECT_EQ(sent[0].log_term, Term(2));
}

// "Conflicting entries in follower logs will be overwritten with entries from the leader's log."
TEST(RaftPaperTest, ConflictingEntriesAreOverwritten) {
  LoneNode lone(3, {}, {At(1, 1), At(2, 2), At(3, 2)});
  ASSERT_TRUE(lone.Step(Append(3, {Term(1), Index(1)}, {At(2, 3)})).ok());
  lone.Sent();
  EXPECT_EQ(lone.disk().LastIndex(), Index(2));
  EXPECT_EQ(lone.disk().TermAt(Index(2)), Term(3));
}

// --- §5.4.1: "the voter denies its vote if its own log is more up-to-date than that of the
// candidate."
TEST(RaftPaperTest, AVoterDeniesItsVoteToAShorterLog) {
  LoneNode lone(3, {}, {At(1, 1), At(2, 2)});
  Message shorter = From(2, MessageType::kVote, 3);
  shorter.log_term = Term(2);
  shorter.index = Index(1);
  ASSERT_TRUE(lone.Step(shorter).ok());
  Message older = From(3, MessageType::kVote, 3);
  older.log_term = Term(1);
  older.index = Index(7);
  ASSERT_TRUE(lone.Step(older).ok());
  for (const Message& answer : lone.Sent()) EXPECT_TRUE(answer.reject);
  EXPECT_EQ(lone.saved().vote, kNobody);
}

// --- §5.4.2: "Raft never commits log entries from previous terms by counting replicas."
TEST(RaftPaperTest, AnOlderTermsEntryIsCommittedOnlyByOneOfTheOwnTerm) {
  Config config;
  config.hard_state = {Term(2), kNobody, Index(0)};
  LoneNode lone(3, config, {At(1, 1), At(2, 2)});
  lone.Elect();
  ASSERT_EQ(lone.node().role(), Role::kLeader);
  Message ack = From(2, MessageType::kAppResp, 3);
  ack.index = Index(2);
  ASSERT_TRUE(lone.Step(ack).ok());
  EXPECT_EQ(lone.node().log().committed(), Index(0));
  ack.index = Index(3);
  ASSERT_TRUE(lone.Step(ack).ok());
  EXPECT_EQ(lone.node().log().committed(), Index(3));
}

// --- §8: "a leader must have the latest information on which entries are committed": it begins
// its term with an entry without content.
TEST(RaftPaperTest, ALeaderBeginsItsTermWithAnEmptyEntry) {
  LoneNode lone(1);
  lone.Elect();
  ASSERT_EQ(lone.applied().size(), 1u);
  EXPECT_EQ(lone.applied()[0], At(1, 1));
}

// --- Thesis §9.6: a pre-vote disturbs nobody.
TEST(RaftThesisTest, APreCandidateKeepsItsTermUntilAQuorumWouldVoteForIt) {
  Config config;
  config.pre_vote = true;
  LoneNode lone(3, config);
  lone.node().Campaign();
  lone.Sent();
  EXPECT_EQ(lone.node().role(), Role::kPreCandidate);
  EXPECT_EQ(lone.node().term(), Term(0));
  ASSERT_TRUE(lone.Step(From(2, MessageType::kPreVoteResp, 1)).ok());
  EXPECT_EQ(lone.node().role(), Role::kCandidate);
  EXPECT_EQ(lone.node().term(), Term(1));
}

// --- Thesis §4.2.3: who hears from a leader ignores candidates.
TEST(RaftThesisTest, ACandidateIsIgnoredWithinTheLeadersLease) {
  Config config;
  config.check_quorum = true;
  LoneNode lone(3, config);
  ASSERT_TRUE(lone.Step(Append(1, {})).ok());
  lone.Sent();
  ASSERT_TRUE(lone.Step(From(3, MessageType::kVote, 2)).ok());
  EXPECT_TRUE(lone.Sent().empty());
  EXPECT_EQ(lone.node().term(), Term(1));
}

// --- Promises of the headers.

TEST(NodeTest, WhatPromisesSomethingWaitsForTheDisk) {
  LoneNode lone(3);
  ASSERT_TRUE(lone.Step(From(2, MessageType::kVote, 1)).ok());
  const Output output = lone.node().TakeOutput();
  EXPECT_TRUE(output.messages.empty());
  ASSERT_EQ(output.messages_after_persist.size(), 1u);
  EXPECT_TRUE(output.must_sync);
  EXPECT_EQ(output.hard_state->vote, MemberId(2));
}

TEST(NodeTest, ACandidateAsksForVotesOnceItsTermIsDurable) {
  LoneNode lone(3);
  lone.node().Campaign();
  const Output output = lone.node().TakeOutput();
  EXPECT_TRUE(output.messages.empty());
  EXPECT_EQ(output.messages_after_persist.size(), 2u);
  EXPECT_TRUE(output.must_sync);
  EXPECT_EQ(*output.hard_state, (HardState{Term(1), MemberId(1), Index(0)}));
}

TEST(NodeTest, ALeadersAppendsDoNotWaitForItsOwnDiskButItsOwnVoteForThemDoes) {
  LoneNode lone(3);
  lone.Elect();
  ASSERT_TRUE(lone.node().Propose(base::SharedBytes("x")).ok());
  const Output output = lone.node().TakeOutput();
  EXPECT_EQ(output.entries.size(), 1u);
  EXPECT_FALSE(output.persisted.self_acks.empty());
  const Index index = output.entries[0].index;
  Message ack = From(2, MessageType::kAppResp, 1);
  ack.index = index;
  // Two of three hold it, but one of the two only in memory.
  ASSERT_TRUE(lone.Step(ack).ok());
  EXPECT_LT(lone.node().log().committed(), index);
  lone.node().OnPersisted(output.persisted);
  EXPECT_EQ(lone.node().log().committed(), index);
}

TEST(NodeTest, NothingIsHandedOutTwice) {
  LoneNode lone(1);
  lone.Elect();
  EXPECT_FALSE(lone.node().HasOutput());
  const Output output = lone.node().TakeOutput();
  EXPECT_FALSE(output.NeedsWrite());
  EXPECT_TRUE(output.messages.empty());
  EXPECT_TRUE(output.committed.empty());
  EXPECT_FALSE(output.soft_state.has_value());
}

TEST(NodeTest, ProposalsOfOneCallAreAppendedTogether) {
  LoneNode lone(3);
  lone.Elect();
  Message ack = From(2, MessageType::kAppResp, 1);
  ack.index = Index(1);
  ASSERT_TRUE(lone.Step(ack).ok());
  lone.Sent();
  const base::SharedBytes payloads[] = {base::SharedBytes("a"), base::SharedBytes("b")};
  ASSERT_TRUE(lone.node().Propose(payloads).ok());
  const std::vector<Message> sent = lone.Sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].to, MemberId(2));
  ASSERT_EQ(sent[0].entries.size(), 2u);
  EXPECT_EQ(sent[0].entries[1].data.view().data(), payloads[1].view().data());
}

TEST(NodeTest, WhatMayNotComeFromTheNetworkIsRefused) {
  LoneNode lone(3);
  EXPECT_EQ(lone.Step(From(2, MessageType::kHup, 0)), kLocalMessage);
  EXPECT_EQ(lone.Step(From(2, MessageType::kUnreachable, 0)), kLocalMessage);
  EXPECT_EQ(lone.Step(From(9, MessageType::kVoteResp, 1)), kPeerNotFound);
  EXPECT_EQ(lone.Step(Append(2, {}, {At(2, 2)})), kMalformedMessage);
  EXPECT_EQ(lone.Step(Append(2, {}, {At(1, 2), At(2, 1)})), kMalformedMessage);
  EXPECT_EQ(lone.Step(Append(2, {}, {At(1, 3)})), kMalformedMessage);
  EXPECT_EQ(lone.node().term(), Term(0));
}

TEST(NodeTest, WithoutALeaderProposalsAreDropped) {
  LoneNode lone(3);
  EXPECT_EQ(lone.node().Propose(base::SharedBytes("x")), kProposalDropped);
  lone.node().Campaign();
  EXPECT_EQ(lone.node().Propose(base::SharedBytes("x")), kProposalDropped);
  lone.Elect();
  EXPECT_EQ(lone.node().Propose(std::span<const base::SharedBytes>()), kProposalDropped);
  EXPECT_TRUE(lone.node().Propose(base::SharedBytes("x")).ok());
}

TEST(NodeTest, AForwardedChangeThatCannotBeReadBecomesAnEmptyEntry) {
  LoneNode lone(3);
  lone.Elect();
  Message proposal = From(2, MessageType::kProp, 0);
  proposal.entries.push_back(
      {.type = EntryType::kConfChange, .data = base::SharedBytes("\xff\xff")});
  ASSERT_TRUE(lone.Step(proposal).ok());
  lone.Sent();
  std::vector<Entry> entries;
  ASSERT_TRUE(lone.disk().Read(Index(2), Index(3), kNoLimit, &entries));
  EXPECT_EQ(entries[0], At(2, 1));
}

TEST(NodeTest, ARestartedNodeKeepsItsTermVoteAndCommit) {
  Config config;
  config.hard_state = {Term(4), MemberId(2), Index(2)};
  config.applied = Index(1);
  LoneNode lone(3, config, {At(1, 1), At(2, 4), At(3, 4)});
  EXPECT_EQ(lone.node().hard_state(), config.hard_state);
  ASSERT_TRUE(lone.Step(From(3, MessageType::kVote, 4)).ok());
  EXPECT_TRUE(lone.Sent().at(0).reject);
  EXPECT_EQ(lone.applied(), std::vector<Entry>{At(2, 4)});
}

TEST(NodeTest, WhatWasAppliedCountsAsCommittedAtARestart) {
  Config config;
  config.hard_state = {Term(4), kNobody, Index(1)};
  config.applied = Index(2);
  LoneNode lone(3, config, {At(1, 1), At(2, 4), At(3, 4)});
  EXPECT_EQ(lone.node().log().committed(), Index(2));
  EXPECT_EQ(lone.node().log().applied(), Index(2));
}

// What a leader may take for granted of who has heard from it does not end with a restart.
TEST(NodeTest, WhoHasRunBeforeIsQuietForAnElectionTimeout) {
  for (const bool has_run : {false, true}) {
    for (const MessageType request : {MessageType::kVote, MessageType::kPreVote}) {
      Config config;
      config.check_quorum = true;
      config.vote_lease_ms = 900;
      config.hard_state.term = Term(has_run ? 7 : 1);
      LoneNode lone(3, config);
      for (int ticks = 0; ticks < 10; ++ticks) {
        ASSERT_TRUE(lone.Step(From(2, request, 8)).ok());
        EXPECT_EQ(lone.Sent().empty(), has_run) << ticks;
        lone.node().Tick();
      }
      ASSERT_TRUE(lone.Step(From(2, request, 8)).ok());
      EXPECT_FALSE(lone.Sent().empty());
    }
  }
}

// Of one who was a candidate somewhere: it says nothing of who leads, and nothing of who may.
TEST(NodeTest, AHigherTermEndsNoPromise) {
  for (const uint32_t promised : {0, 900}) {
    Config config;
    config.check_quorum = true;
    config.vote_lease_ms = promised;
    LoneNode lone(3, config);
    ASSERT_TRUE(lone.Step(From(3, MessageType::kHeartbeat, 1)).ok());
    ASSERT_EQ(lone.Sent().at(0).vote_lease_ms, promised);
    lone.node().Tick();
    Message answer = From(2, MessageType::kVoteResp, 5);
    answer.reject = true;
    ASSERT_TRUE(lone.Step(std::move(answer)).ok());
    ASSERT_EQ(lone.node().term(), Term(5));
    for (const uint64_t term : {5, 6}) {
      Message request = From(2, MessageType::kPreVote, term);
      ASSERT_TRUE(lone.Step(std::move(request)).ok());
      EXPECT_EQ(lone.Sent().empty(), promised > 0) << term;
    }
    for (int ticks = 1; ticks < 10; ++ticks) {
      ASSERT_TRUE(lone.Step(From(2, MessageType::kVote, 6)).ok());
      EXPECT_EQ(lone.Sent().empty(), promised > 0) << ticks;
      lone.node().Tick();
    }
    ASSERT_TRUE(lone.Step(From(2, MessageType::kVote, 6)).ok());
    EXPECT_EQ(lone.Sent().size(), 1u);
  }
}

TEST(NodeTest, ALeaderCountsOnTheShortestPromiseOfThoseWhoAnswer) {
  LoneNode lone(3);
  EXPECT_EQ(lone.node().vote_lease_ms(), 0u);
  lone.Elect();
  EXPECT_EQ(lone.node().vote_lease_ms(), 0u) << "nobody has answered";
  const auto answer = [&](uint64_t from, uint32_t promised) {
    Message message = From(from, MessageType::kHeartbeatResp, lone.node().term().value());
    message.vote_lease_ms = promised;
    ASSERT_TRUE(lone.Step(std::move(message)).ok());
  };
  answer(2, 900);
  EXPECT_EQ(lone.node().vote_lease_ms(), 900u);
  answer(3, 400);
  EXPECT_EQ(lone.node().vote_lease_ms(), 400u);
  answer(3, 0);
  EXPECT_EQ(lone.node().vote_lease_ms(), 0u);
  answer(3, 1000);
  EXPECT_EQ(lone.node().vote_lease_ms(), 900u);
  LoneNode alone(1);
  alone.Elect();
  EXPECT_EQ(alone.node().vote_lease_ms(), std::numeric_limits<uint32_t>::max());
}

TEST(NodeTest, WhoIsQuietHearsACandidateThatItsLeaderHasAskedFor) {
  Config config;
  config.check_quorum = true;
  config.vote_lease_ms = 900;
  config.hard_state.term = Term(7);
  LoneNode lone(3, config);
  Message request = From(2, MessageType::kVote, 8);
  request.context = base::SharedBytes(base::ByteView("CampaignTransfer"));
  ASSERT_TRUE(lone.Step(std::move(request)).ok());
  EXPECT_EQ(lone.Sent().size(), 1u);
}

TEST(NodeTest, AMemberThatStillAppliesAChangeDoesNotCampaign) {
  Config config;
  config.hard_state = {Term(1), kNobody, Index(1)};
  Entry change = At(1, 1);
  change.type = EntryType::kConfChangeV2;
  LoneNode lone(3, config, {change});
  lone.node().Campaign();
  EXPECT_EQ(lone.node().role(), Role::kFollower);
}

TEST(NodeTest, AnImpossibleChangeFailsAndChangesNothing) {
  LoneNode lone(1);
  const ConfChange last{.type = ConfChangeType::kRemoveNode, .node_id = MemberId(1)};
  const auto changed = lone.node().ApplyConfChange(last.AsV2());
  ASSERT_FALSE(changed.ok());
  EXPECT_NE(changed.status().message().find("removed all voters"), std::string_view::npos);
  EXPECT_TRUE(lone.node().membership().IsSingleton());
}

TEST(NodeTest, AFollowerWhoseLogWasLostSaysSoAndNothingElse) {
  LoneNode lone(3);
  Message heartbeat{.type = MessageType::kHeartbeat, .from = MemberId(2)};
  heartbeat.term = Term(1);
  heartbeat.commit = Index(7);
  EXPECT_TRUE(lone.Step(heartbeat).ok());
  EXPECT_NE(lone.node().failure().message().find("told to commit up to index 7"),
            std::string_view::npos);
  EXPECT_TRUE(lone.Sent().empty());
  heartbeat.commit = Index(0);
  EXPECT_FALSE(lone.Step(heartbeat).ok());
}

TEST(NodeTest, ALogThatEndsBeforeWhatWasCommittedIsToldAtTheStart) {
  Config config;
  config.hard_state = {Term(1), kNobody, Index(3)};
  LoneNode lone(1, config, {At(1, 1)});
  EXPECT_FALSE(lone.node().failure().ok());
  lone.node().Campaign();
  EXPECT_TRUE(lone.Sent().empty());
}

TEST(ConfigTest, NamesWhatIsWrong) {
  MemoryLog log{MemoryLog::Bounds()};
  Config config;
  config.id = MemberId(1);
  config.election_ticks = 10;
  config.heartbeat_ticks = 1;
  config.inflight_messages_max = 1;
  config.log = &log;
  EXPECT_TRUE(config.Validate().ok());
  config.read_only = ReadOnlyOption::kLeaseBased;
  EXPECT_EQ(config.Validate().message(), "raft: lease-based reads need check_quorum");
  config.check_quorum = true;
  EXPECT_TRUE(config.Validate().ok());
  config.inflight_bytes_max = 10;
  EXPECT_EQ(config.Validate().message(), "raft: inflight_bytes_max is less than message_bytes_max");
  config.message_bytes_max = 10;
  config.heartbeat_ticks = 10;
  EXPECT_EQ(config.Validate().message(),
            "raft: election_ticks must be greater than heartbeat_ticks");
}

// --- A write that a crash cut off between its entries and its hard state.
TEST(NodeRestartTest, EntriesOfANewerTermThanTheSavedOneRaiseIt) {
  Config config;
  config.hard_state = {.term = Term(5), .vote = MemberId(3), .commit = Index(1)};
  LoneNode lone(3, config, {At(1, 5), At(2, 6)});
  EXPECT_EQ(lone.node().term(), Term(6));
  EXPECT_EQ(lone.node().vote(), kNobody);
  lone.Sent();
  EXPECT_EQ(lone.saved().term, Term(6)) << "the raised term is saved before anything else is said";
}

// --- A change of configuration that could not be applied.
TEST(ConfChangeProposalTest, OneThatTheActiveConfigurationDoesNotAllowIsAppendedEmpty) {
  const auto refused = [](const ConfChangeV2& change) {
    LoneNode lone(3);
    lone.Elect();
    EXPECT_TRUE(lone.node().ProposeConfChange(change).ok());
    lone.Sent();
    std::vector<Entry> last;
    const Index index = lone.node().log().LastIndex();
    return lone.node().log().Read(index, index + 1, kNoLimit, &last) &&
           last.front().type == EntryType::kNormal && last.front().data.empty();
  };
  const auto remove = [](uint64_t id) {
    return ConfChangeSingle{ConfChangeType::kRemoveNode, MemberId(id)};
  };
  EXPECT_TRUE(refused({ConfChangeTransition::kAuto, {remove(1), remove(2), remove(3)}}))
      << "nobody would be left";
  EXPECT_TRUE(refused({ConfChangeTransition::kJointExplicit, {}})) << "there is nothing to change";
  EXPECT_FALSE(refused({ConfChangeTransition::kAuto, {remove(3)}}));
}

TEST(ConfChangeProposalTest, OneThatWasDroppedForItsSizeDoesNotBlockTheNext) {
  Config config;
  config.uncommitted_bytes_max = 10;
  LoneNode lone(3, config);
  lone.Elect();
  ASSERT_TRUE(lone.node().Propose(base::SharedBytes("ten bytes!")).ok());
  const ConfChangeV2 change{ConfChangeTransition::kAuto,
                            {{ConfChangeType::kRemoveNode, MemberId(3)}}};
  EXPECT_FALSE(lone.node().ProposeConfChange(change).ok());
  lone.Sent();
  Message ack = From(2, MessageType::kAppResp, lone.node().term().value());
  ack.index = lone.node().log().LastIndex();
  ASSERT_TRUE(lone.Step(std::move(ack)).ok());
  lone.Sent();
  ASSERT_TRUE(lone.node().ProposeConfChange(change).ok());
  lone.Sent();
  std::vector<Entry> last;
  const Index index = lone.node().log().LastIndex();
  ASSERT_TRUE(lone.node().log().Read(index, index + 1, kNoLimit, &last));
  EXPECT_EQ(last.front().type, EntryType::kConfChangeV2);
}

}  // namespace
}  // namespace raft
