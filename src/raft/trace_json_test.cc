#include "raft/trace_json.h"

#include <gtest/gtest.h>

namespace raft {
namespace {

constexpr int64_t kTime = 1'712'329'729'602'453'700;

// A leader of three, with 9 entries.
TraceEvent EventOf(TracedStep step) {
  return {.step = step,
          .node = MemberId(2),
          .state = {Term(4), MemberId(2), Index(7)},
          .role = Role::kLeader,
          .last_index = Index(9),
          .voters = {.incoming = {MemberId(1), MemberId(2), MemberId(13'803'658'152'347'727'308u)},
                     .outgoing = {}}};
}

constexpr std::string_view kState =
    R"("nid":"2","state":{"term":4,"vote":"2","commit":7},"role":"StateLeader","log":9,)"
    R"("conf":[["1","2","13803658152347727308"],[]])";

std::string Expected(std::string_view name, std::string_view rest) {
  return R"({"level":"debug","ts":1712329729.602453700,"msg":"trace","tag":"trace",)"
         R"("event":{"name":")" +
         std::string(name) + "\"," + std::string(kState) + std::string(rest) + "}}\n";
}

TEST(TraceJsonTest, AStepOfTheNodeItself) {
  EXPECT_EQ(TraceLine(EventOf(TracedStep::kReady), kTime), Expected("Ready", ""));
}

TEST(TraceJsonTest, AMessage) {
  TraceEvent event = EventOf(TracedStep::kSendAppendEntriesRequest);
  event.message = {.type = MessageType::kApp,
                   .term = Term(4),
                   .from = MemberId(2),
                   .to = MemberId(1),
                   .entries = 2,
                   .log_term = Term(3),
                   .index = Index(7),
                   .commit = Index(6),
                   .reject = false,
                   .reject_hint = Index(5)};
  EXPECT_EQ(TraceLine(event, kTime),
            Expected("SendAppendEntriesRequest",
                     R"(,"msg":{"type":"MsgApp","term":4,"from":"2","to":"1","entries":2,)"
                     R"("logTerm":3,"index":7,"commit":6,"vote":"0","reject":false,)"
                     R"("rejectHint":5})"));
}

TEST(TraceJsonTest, AChangeThatIsProposed) {
  TraceEvent event = EventOf(TracedStep::kChangeConf);
  event.changes = {{ConfChangeType::kAddLearnerNode, MemberId(5)},
                   {ConfChangeType::kRemoveNode, MemberId(1)},
                   {ConfChangeType::kAddNode, MemberId(6)}};
  EXPECT_EQ(TraceLine(event, kTime),
            Expected("ChangeConf", R"(,"prop":{"cc":{"changes":[{"nid":"5","action":"AddLearner"},)"
                                   R"({"nid":"1","action":"RemoveServer"},)"
                                   R"({"nid":"6","action":"AddNewServer"}]}})"));
}

TEST(TraceJsonTest, AChangeThatIsApplied) {
  EXPECT_EQ(TraceLine(EventOf(TracedStep::kApplyConfChange), kTime),
            Expected("ApplyConfChange",
                     R"(,"prop":{"cc":{"newconf":["1","2","13803658152347727308"]}})"));
}

TEST(TraceJsonTest, AJointConfiguration) {
  TraceEvent event = EventOf(TracedStep::kReady);
  event.voters.outgoing = {MemberId(2), MemberId(3)};
  EXPECT_NE(TraceLine(event, kTime).find(R"("conf":[["1","2","13803658152347727308"],["2","3"]])"),
            std::string::npos);
}

TEST(TraceJsonTest, FractionsOfSecondsHaveAllTheirZeros) {
  const std::string line = TraceLine(EventOf(TracedStep::kReady), 5'000'000'042);
  EXPECT_NE(line.find(R"("ts":5.000000042,)"), std::string::npos);
}

}  // namespace
}  // namespace raft
