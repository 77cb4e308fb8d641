#include "utl/quorum_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "utl/testing/survivors.h"

namespace utl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeSurvivor;

EndpointAnswer Answer(uint64_t member, uint64_t leader, uint64_t cluster = 0xc1) {
  return {.endpoint = "http://h" + std::to_string(member) + ":2379",
          .is_reached = true,
          .cluster = base::ClusterId(cluster),
          .member = base::MemberId(member),
          .leader = base::MemberId(leader)};
}

QuorumReport JudgeAll(const std::vector<EndpointAnswer>& answers) {
  return JudgeAnswers({MakeSurvivor(1, {{2, 90}})}, answers);
}

TEST(QuorumCheckTest, AllUrlsThatSurvivorsKnowAreAskedOnce) {
  Survivor other = MakeSurvivor(2, {{2, 90}});
  other.members[0].client_urls = {"http://moved:2379"};
  EXPECT_THAT(EndpointsOf({MakeSurvivor(1, {{2, 90}}), other}, {"more:1", "http://h2:2379"}),
              ElementsAre("http://h1:2379", "http://h2:2379", "http://h3:2379", "http://moved:2379",
                          "more:1"));
}

TEST(QuorumCheckTest, AMemberThatKnowsALeaderHasAQuorum) {
  const QuorumReport report = JudgeAll({Answer(2, 3)});
  EXPECT_EQ(report.quorum, "member 2 at http://h2:2379 says that 3 leads");
  EXPECT_THAT(report.lines, IsEmpty());
}

TEST(QuorumCheckTest, AMajorityThatRunsIsAQuorumBeforeItHasALeader) {
  EXPECT_EQ(JudgeAll({Answer(2, 0), Answer(3, 0)}).quorum,
            "2 of 3 voters answer, which are a majority");
  // One that answers at two URLs is one.
  EXPECT_EQ(JudgeAll({Answer(2, 0), Answer(2, 0)}).quorum, "");
  // Nor do others count than those who vote.
  EXPECT_EQ(JudgeAll({Answer(2, 0), Answer(9, 0)}).quorum, "");
}

TEST(QuorumCheckTest, ALearnerRemembersALeaderThatIsGone) {
  EndpointAnswer learner = Answer(2, 3);
  learner.is_learner = true;
  EXPECT_EQ(JudgeAll({learner}).quorum, "");
}

TEST(QuorumCheckTest, AMemberThatRunsAloneIsToBeStopped) {
  const QuorumReport report = JudgeAll({Answer(2, 0)});
  EXPECT_EQ(report.quorum, "");
  EXPECT_THAT(report.lines,
              ElementsAre("Member 2 runs at http://h2:2379, without a leader. What it holds now is "
                          "not known here: stop it, and name its directory, too."));
}

TEST(QuorumCheckTest, AnotherClusterDoesNotCount) {
  const QuorumReport report = JudgeAll({Answer(2, 3, /*cluster=*/0xc2)});
  EXPECT_EQ(report.quorum, "");
  EXPECT_EQ(report.doubt, "");
  EXPECT_THAT(report.lines, ElementsAre("http://h2:2379 is of another cluster, c2."));
}

// An address at which nobody listens, and what is none.
TEST(QuorumCheckTest, WhoRefusesAConnectionIsNotWaitedFor) {
  const auto answers =
      AskEndpoints({"http://127.0.0.1:1", "127.0.0.1:x"}, {}, std::chrono::hours(1));
  ASSERT_EQ(answers.size(), 2u);
  for (const EndpointAnswer& answer : answers) {
    EXPECT_FALSE(answer.is_reached);
    EXPECT_NE(answer.error, "");
  }
}

TEST(QuorumCheckTest, WhoIsReachedAndDoesNotAnswerLeavesADoubt) {
  EndpointAnswer answer{.endpoint = "https://h2:2379", .error = "timed out"};
  EXPECT_EQ(JudgeAll({answer}).doubt, "");
  EXPECT_THAT(JudgeAll({answer}).lines, ElementsAre("https://h2:2379 does not answer: timed out"));
  answer.is_reached = true;
  EXPECT_THAT(JudgeAll({answer}).doubt,
              HasSubstr("something is at https://h2:2379 that could not be asked"));
}

}  // namespace
}  // namespace utl
