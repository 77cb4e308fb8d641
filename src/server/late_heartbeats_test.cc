#include "server/late_heartbeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/testing/memory_sink.h"
#include "runtime/simulated/scheduler.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr base::MemberId kOther(2);
constexpr base::MemberId kThird(3);

class LateHeartbeatsTest : public ::testing::Test {
 protected:
  void Send(base::MemberId to, milliseconds at,
            raft::MessageType type = raft::MessageType::kHeartbeat) {
    std::vector<raft::Message> messages(1);
    messages[0].type = type;
    messages[0].to = to;
    heartbeats_.OnSend(messages, runtime::TimePoint(at));
  }
  void ExpectLate(int count) {
    EXPECT_THAT(registry_.Scrape(), HasSubstr("etcd_server_heartbeat_send_failures_total " +
                                              std::to_string(count) + "\n"));
  }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  observe::Registry registry_;
  LateHeartbeats heartbeats_{milliseconds(100), &logger_, &registry_};
};

TEST_F(LateHeartbeatsTest, WithinTwoIntervalsIsInTime) {
  ExpectLate(0);
  Send(kOther, milliseconds(1000));
  Send(kThird, milliseconds(1150));
  Send(kOther, milliseconds(1200));
  Send(kThird, milliseconds(1350));
  ExpectLate(0);
  EXPECT_THAT(sink_.lines(), IsEmpty());
}

TEST_F(LateHeartbeatsTest, LaterIsCountedAndTold) {
  Send(kOther, milliseconds(1000));
  Send(kOther, milliseconds(1201));
  Send(kOther, milliseconds(1301));
  ExpectLate(1);
  EXPECT_THAT(
      sink_.lines(),
      ElementsAre(AllOf(HasSubstr("leader failed to send out heartbeat on time"),
                        HasSubstr(R"("to":"2")"), HasSubstr(R"("expected-duration":"200ms")"),
                        HasSubstr(R"("exceeded-duration":"1ms")"))));
}

TEST_F(LateHeartbeatsTest, OtherMessagesAreNone) {
  Send(kOther, milliseconds(1000));
  Send(kOther, milliseconds(1200), raft::MessageType::kApp);
  Send(kOther, milliseconds(1300));
  ExpectLate(1);
}

TEST_F(LateHeartbeatsTest, WhatWasSentInAnotherTermDoesNotCount) {
  Send(kOther, milliseconds(1000));
  heartbeats_.OnLeader();
  Send(kOther, milliseconds(5000));
  ExpectLate(0);
}

}  // namespace
}  // namespace server
