#include "raft/node_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raft/codec.h"
#include "raft/testing/lone_node.h"

namespace raft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Recorder final : public Tracer {
 public:
  void Trace(const TraceEvent& event) override { events.push_back(event); }

  // The steps since the last call.
  std::vector<TracedStep> Steps() {
    std::vector<TracedStep> steps;
    for (const TraceEvent& event : std::exchange(events, {})) steps.push_back(event.step);
    return steps;
  }

  std::vector<TraceEvent> events;
};

class NodeTraceTest : public ::testing::Test {
 protected:
  testing::LoneNode Start(uint64_t voters, Config config = {}, std::vector<Entry> entries = {}) {
    config.tracer = &recorder_;
    return testing::LoneNode(voters, std::move(config), std::move(entries));
  }
  static Message From(uint64_t member, MessageType type, uint64_t term) {
    return {.type = type, .from = MemberId(member), .term = Term(term)};
  }

  Recorder recorder_;
};

Entry Added(uint64_t index, uint64_t member) {
  const ConfChange change{.id = index, .node_id = MemberId(member)};
  base::Bytes data;
  Encode(change, &data);
  return {Term(1), Index(index), EntryType::kConfChange, base::SharedBytes(data)};
}

using Step = TracedStep;

TEST_F(NodeTraceTest, AnElectionAndTheFirstCommit) {
  testing::LoneNode lone = Start(2);
  EXPECT_THAT(recorder_.Steps(), ElementsAre(Step::kInitState));
  lone.node().Campaign();
  EXPECT_THAT(recorder_.Steps(), ElementsAre(Step::kBecomeCandidate, Step::kSendRequestVoteResponse,
                                             Step::kSendRequestVoteRequest));
  lone.Sent();
  EXPECT_THAT(recorder_.Steps(), ElementsAre(Step::kReady, Step::kReceiveRequestVoteResponse));
  ASSERT_TRUE(lone.Step(From(2, MessageType::kVoteResp, 1)).ok());
  EXPECT_THAT(recorder_.Steps(),
              ElementsAre(Step::kReceiveRequestVoteResponse, Step::kBecomeLeader, Step::kReplicate,
                          Step::kSendAppendEntriesResponse, Step::kSendAppendEntriesRequest));
  lone.Sent();
  EXPECT_THAT(recorder_.Steps(),
              ElementsAre(Step::kReady, Step::kReceiveAppendEntriesResponse, Step::kCommit));
  Message answer = From(2, MessageType::kAppResp, 1);
  answer.index = Index(1);
  ASSERT_TRUE(lone.Step(std::move(answer)).ok());
  ASSERT_EQ(recorder_.events.size(), 3u);
  EXPECT_EQ(recorder_.events[0].step, Step::kReceiveAppendEntriesResponse);
  EXPECT_EQ(recorder_.events[0].state.commit, Index(0));
  EXPECT_EQ(recorder_.events[1].step, Step::kCommit);
  EXPECT_EQ(recorder_.events[1].state.commit, Index(1));
  EXPECT_EQ(recorder_.events[2].step, Step::kSendAppendEntriesRequest);
}

TEST_F(NodeTraceTest, APreCandidateIsToldAsAFollower) {
  Config config;
  config.pre_vote = true;
  testing::LoneNode lone = Start(3, config);
  recorder_.Steps();
  lone.node().Campaign();
  ASSERT_EQ(lone.node().role(), Role::kPreCandidate);
  EXPECT_THAT(recorder_.Steps(), IsEmpty());
  lone.Sent();
  ASSERT_EQ(recorder_.events.size(), 1u);
  EXPECT_EQ(recorder_.events[0].step, Step::kReady);
  EXPECT_EQ(recorder_.events[0].role, Role::kFollower);
}

TEST_F(NodeTraceTest, ACandidateThatAsksAgainWhetherItMayStepsDown) {
  Config config;
  config.pre_vote = true;
  testing::LoneNode lone = Start(3, config);
  lone.node().Campaign();
  lone.Sent();
  ASSERT_TRUE(lone.Step(From(2, MessageType::kPreVoteResp, 1)).ok());
  ASSERT_EQ(lone.node().role(), Role::kCandidate);
  lone.Sent();
  recorder_.Steps();
  lone.node().Campaign();
  EXPECT_THAT(recorder_.Steps(), ElementsAre(Step::kBecomeFollower));
}

TEST_F(NodeTraceTest, AnAppendCommitsAsFarAsItReaches) {
  testing::LoneNode lone = Start(3);
  recorder_.Steps();
  Message append = From(2, MessageType::kApp, 1);
  append.entries = {{Term(1), Index(1)}, {Term(1), Index(2)}};
  append.commit = Index(9);
  ASSERT_TRUE(lone.Step(std::move(append)).ok());
  ASSERT_FALSE(recorder_.events.empty());
  EXPECT_EQ(recorder_.events[0].step, Step::kReceiveAppendEntriesRequest);
  EXPECT_EQ(recorder_.events[0].message->entries, 2u);
  EXPECT_EQ(recorder_.events[0].message->commit, Index(2));
}

TEST_F(NodeTraceTest, TheNewsOfATermIsToldAsARefusal) {
  testing::LoneNode lone = Start(3);
  recorder_.Steps();
  ASSERT_TRUE(lone.Step(From(2, MessageType::kAppResp, 5)).ok());
  ASSERT_FALSE(recorder_.events.empty());
  EXPECT_TRUE(recorder_.events[0].message->reject);
  EXPECT_EQ(recorder_.events[0].state.term, Term(0));
  EXPECT_EQ(recorder_.events.back().step, Step::kBecomeFollower);
  EXPECT_EQ(recorder_.events.back().state.term, Term(5));
}

TEST_F(NodeTraceTest, ACandidateThatIsIgnoredIsHeardByNobody) {
  Config config;
  config.check_quorum = true;
  testing::LoneNode lone = Start(3, config);
  ASSERT_TRUE(lone.Step(From(2, MessageType::kHeartbeat, 1)).ok());
  recorder_.Steps();
  ASSERT_TRUE(lone.Step(From(3, MessageType::kVote, 2)).ok());
  EXPECT_THAT(recorder_.Steps(), IsEmpty());
}

TEST_F(NodeTraceTest, ChangesOfAFoundingCountAsMade) {
  Config config;
  config.hard_state = {Term(1), kNobody, Index(2)};
  testing::LoneNode lone = Start(0, config, {Added(1, 1), Added(2, 2)});
  ASSERT_EQ(recorder_.events.size(), 1u);
  EXPECT_EQ(recorder_.events[0].voters.incoming, (MemberSet{MemberId(1), MemberId(2)}));
  EXPECT_EQ(recorder_.events[0].last_index, Index(2));
  recorder_.Steps();
  ASSERT_TRUE(lone.node().ApplyConfChange(*ConfChangeOf(Added(1, 1))).ok());
  EXPECT_THAT(recorder_.Steps(), IsEmpty());
}

TEST_F(NodeTraceTest, AChangeIsToldWhenItIsProposedAndWhenItIsApplied) {
  testing::LoneNode lone = Start(1);
  lone.Elect();
  recorder_.Steps();
  ASSERT_TRUE(lone.node().ProposeConfChange(ConfChange{.id = 1, .node_id = MemberId(4)}).ok());
  ASSERT_FALSE(recorder_.events.empty());
  EXPECT_EQ(recorder_.events[0].step, Step::kChangeConf);
  EXPECT_THAT(recorder_.events[0].changes,
              ElementsAre(ConfChangeSingle{ConfChangeType::kAddNode, MemberId(4)}));
  lone.Sent();
  recorder_.Steps();
  ASSERT_TRUE(lone.node().ApplyConfChange(*ConfChangeOf(lone.applied().back())).ok());
  ASSERT_FALSE(recorder_.events.empty());
  EXPECT_EQ(recorder_.events[0].step, Step::kApplyConfChange);
  EXPECT_EQ(recorder_.events[0].voters.incoming, (MemberSet{MemberId(1), MemberId(4)}));
}

// The address of a member is nothing that the specification knows.
TEST_F(NodeTraceTest, AnUpdateIsAnEntryAsAnyOther) {
  testing::LoneNode lone = Start(1);
  lone.Elect();
  recorder_.Steps();
  const ConfChange update{.id = 1, .type = ConfChangeType::kUpdateNode, .node_id = MemberId(1)};
  ASSERT_TRUE(lone.node().ProposeConfChange(update).ok());
  EXPECT_EQ(recorder_.Steps().front(), Step::kReplicate);
  lone.Sent();
  recorder_.Steps();
  ASSERT_TRUE(lone.node().ApplyConfChange(*ConfChangeOf(lone.applied().back())).ok());
  EXPECT_THAT(recorder_.Steps(), ElementsAre(Step::kCommit));
}

}  // namespace
}  // namespace raft
