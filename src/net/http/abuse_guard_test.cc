#include "net/http/abuse_guard.h"

#include <gtest/gtest.h>

#include <functional>

#include "net/http/ping_policy.h"
#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ManualClock final : runtime::Clock {
  runtime::TimePoint Now() const override { return now; }
  runtime::WallTime WallNow() const override { return {}; }
  runtime::TimePoint now;
};

// How many frames of that kind pass before a verdict; at most `most`.
int Allowed(AbuseGuard& guard, const FrameHeader& frame, const ManualClock& clock,
            int most = 1'000'000) {
  int count = 0;
  while (count < most && !guard.OnFrame(frame, clock).has_value()) ++count;
  return count;
}

TEST(AbuseGuard, AllowsABurstAndThenARate) {
  Limits limits;
  limits.settings = {100, 5};
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  const FrameHeader settings{kSettings, 0, 0};
  EXPECT_EQ(Allowed(guard, settings, clock), 100);
  EXPECT_EQ(guard.OnFrame(settings, clock), Abuse::kSettingsFlood);
  clock.now += seconds(2);
  EXPECT_EQ(Allowed(guard, settings, clock), 10);
  clock.now += seconds(1000);
  EXPECT_EQ(Allowed(guard, settings, clock), 100) << "never more than a burst";
}

TEST(AbuseGuard, ManySmallStepsOfTimeRefillAsMuchAsOneLongOne) {
  Limits limits;
  limits.resets = {1, 10};
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  EXPECT_FALSE(guard.OnResetByPeer(false, clock).has_value());
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) {
    clock.now += milliseconds(1);
    if (!guard.OnResetByPeer(false, clock).has_value()) ++allowed;
  }
  EXPECT_EQ(allowed, 10);
}

TEST(AbuseGuard, CallsWithADeadlineMayBeGivenUpInThousands) {
  Limits limits;
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  const auto given_up = [&](bool has_deadline) {
    uint32_t count = 0;
    while (!guard.OnResetByPeer(has_deadline, clock).has_value()) ++count;
    return count;
  };
  EXPECT_EQ(given_up(true), limits.late_resets.burst);
  EXPECT_EQ(given_up(false), limits.resets.burst);
  clock.now += seconds(1);
  EXPECT_EQ(given_up(true), limits.late_resets.per_second);
}

TEST(AbuseGuard, AcknowledgementsAndUsefulFramesAreFree) {
  const Limits limits;
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  EXPECT_EQ(Allowed(guard, {kSettings, kAck, 0}, clock, 50'000), 50'000);
  EXPECT_EQ(Allowed(guard, {kPing, kAck, 8}, clock, 50'000), 50'000);
  EXPECT_EQ(Allowed(guard, {kData, 0, 1}, clock, 50'000), 50'000);
  EXPECT_EQ(Allowed(guard, {kData, kEndStream, 0}, clock, 50'000), 50'000);
}

TEST(AbuseGuard, PingsAndWindowUpdatesAreEarnedByWhatWeSend) {
  Limits limits;
  limits.pings_initial = 3;
  limits.pings_per_frame_sent = 2;
  limits.window_updates_initial = 5;
  limits.window_updates_per_frame_sent = 4;
  limits.bytes_sent_per_window_update = 10;
  limits.window_updates_per_stream = 3;
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  EXPECT_EQ(Allowed(guard, {kPing, 0, 8}, clock), 3);
  EXPECT_EQ(Allowed(guard, {kWindowUpdate, 0, 4}, clock), 5);
  clock.now += seconds(1000);
  EXPECT_EQ(Allowed(guard, {kPing, 0, 8}, clock), 0) << "time earns nothing";
  guard.OnFrameSent(0);
  EXPECT_EQ(Allowed(guard, {kPing, 0, 8}, clock), 2);
  EXPECT_EQ(Allowed(guard, {kWindowUpdate, 0, 4}, clock), 4);
  guard.OnFrameSent(1009);
  EXPECT_EQ(Allowed(guard, {kWindowUpdate, 0, 4}, clock), 4 + 100);
  EXPECT_FALSE(guard.OnFrame({kHeaders, 0, 10}, clock).has_value());
  EXPECT_EQ(Allowed(guard, {kWindowUpdate, 0, 4}, clock), 3) << "a client may open its stream's";
}

TEST(AbuseGuard, CountsContinuationsOfOneHeaderBlock) {
  Limits limits;
  limits.max_continuations = 2;
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  for (int block = 0; block < 100; ++block) {
    EXPECT_FALSE(guard.OnFrame({kHeaders, 0, 10}, clock).has_value());
    EXPECT_FALSE(guard.OnFrame({kContinuation, 0, 10}, clock).has_value());
    EXPECT_FALSE(guard.OnFrame({kContinuation, 0, 10}, clock).has_value());
  }
  EXPECT_EQ(guard.OnFrame({kContinuation, 0, 10}, clock), Abuse::kContinuationFlood);
}

TEST(AbuseGuard, ContinuationsThatBringMuchAreNoFloodUntilTheBlockIsTooLong) {
  const Limits limits;
  ManualClock clock;
  AbuseGuard guard(limits, clock.now);
  for (int block = 0; block < 2; ++block) {
    EXPECT_FALSE(guard.OnFrame({kHeaders, 0, 16'384}, clock).has_value());
    for (int frame = 1; frame < 128; ++frame) {
      EXPECT_FALSE(guard.OnFrame({kContinuation, 0, 16'384}, clock).has_value());
    }
  }
  EXPECT_EQ(guard.OnFrame({kContinuation, 0, 1}, clock), Abuse::kHeaderListTooLarge);
}

TEST(PingPolicy, AllowsPingsAtTheMinimumInterval) {
  const Keepalive keepalive;
  PingPolicy policy(keepalive);
  runtime::TimePoint now;
  for (int i = 0; i < 100; ++i, now += seconds(5)) EXPECT_TRUE(policy.OnPing(now, true));
}

TEST(PingPolicy, EndsAtTheThirdStrike) {
  const Keepalive keepalive;
  PingPolicy policy(keepalive);
  runtime::TimePoint now;
  EXPECT_TRUE(policy.OnPing(now, true));
  EXPECT_TRUE(policy.OnPing(now += seconds(1), true));
  EXPECT_TRUE(policy.OnPing(now += seconds(1), true));
  EXPECT_FALSE(policy.OnPing(now += seconds(1), true));
}

TEST(PingPolicy, ForgivesWhenTheServerHasSent) {
  const Keepalive keepalive;
  PingPolicy policy(keepalive);
  const runtime::TimePoint now;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(policy.OnPing(now, true));
    policy.OnFrameSent();
  }
}

TEST(PingPolicy, AllowsNoneWithoutACallUnlessPermitted) {
  Keepalive keepalive;
  PingPolicy strict(keepalive);
  runtime::TimePoint now;
  int allowed = 0;
  while (allowed < 10 && strict.OnPing(now += seconds(60), false)) ++allowed;
  EXPECT_EQ(allowed, 3);
  keepalive.permit_without_streams = true;
  PingPolicy lenient(keepalive);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(lenient.OnPing(now += seconds(60), false));
}

// The same, on a connection: what the peer is told, what is counted, and that others go on.
class FloodTest : public ::testing::Test {
 protected:
  void Flood(const base::Bytes& bytes, Abuse kind) {
    RawClient& client = world_.ConnectRaw();
    client.SendPreface();
    client.Send(bytes);
    world_.RunFor(seconds(1));
    EXPECT_EQ(world_.abuse(kind), 1u);
    EXPECT_EQ(client.GoAwayText(), AbuseText(kind));
    EXPECT_TRUE(client.ended());
    Connection& other = world_.ConnectHttp2();
    const auto call = world_.Request(other, Exchange::Then::kContinue);
    world_.Do([&] { call->exchange->SendData(base::Bytes("fine"), Exchange::Then::kEnd); });
    world_.Settle();
    EXPECT_EQ(call->data, "fine");
  }
  // Streams of one mistake each: so many are refused one by one, the next ends the connection.
  void FloodWithMistakes(const std::function<base::Bytes(uint32_t id)>& mistake, Abuse kind) {
    const uint32_t allowed = Limits{}.mistakes.burst;
    RawClient& client = world_.ConnectRaw();
    client.SendPreface();
    for (uint32_t i = 0; i < allowed; ++i) client.Send(mistake(2 * i + 1));
    world_.Settle();
    EXPECT_EQ(client.GoAwayText(), "none");
    for (uint32_t i = allowed; i < 2 * allowed; ++i) client.Send(mistake(2 * i + 1));
    world_.RunFor(seconds(1));
    EXPECT_EQ(client.GoAwayText(), AbuseText(kind));
    EXPECT_TRUE(client.ended());
    EXPECT_GT(world_.abuse(kind), allowed);
    EXPECT_LT(world_.abuse(kind), 2 * allowed);
  }
  static base::Bytes Repeat(const Frame& frame, int count) {
    base::Bytes all;
    for (int i = 0; i < count; ++i) all += frame.Encode();
    return all;
  }

  EchoService service_;
  World world_{&service_};
};

TEST_F(FloodTest, SettingsFloodIsCutOff) {
  Flood(Repeat({kSettings, 0, 0, ""}, 1000), Abuse::kSettingsFlood);
}
TEST_F(FloodTest, PriorityFloodIsCutOff) {
  Flood(Repeat({kPriority, 0, 1, std::string(5, '\0')}, 5000), Abuse::kPriorityFlood);
}
TEST_F(FloodTest, WindowUpdateFloodIsCutOff) {
  Flood(Repeat({kWindowUpdate, 0, 0, std::string("\0\0\0\1", 4)}, 5000), Abuse::kWindowUpdateFlood);
}
TEST_F(FloodTest, EmptyDataFloodIsCutOff) {
  Flood(RequestFrame(1, false).Encode() + Repeat({kData, 0, 1, ""}, 5000), Abuse::kEmptyFrameFlood);
}
TEST_F(FloodTest, ContinuationFloodIsCutOff) {
  Frame head = RequestFrame(1, false);
  head.flags = 0;
  Flood(head.Encode() + Repeat({kContinuation, 0, 1, EncodeFields({{"x", "y"}})}, 100),
        Abuse::kContinuationFlood);
}
TEST_F(FloodTest, AHeaderBlockThatExpandsToMegabytesIsNotReadOn) {
  const base::Bytes bomb = RequestWithBomb(1, 12'000).Encode();
  Flood(bomb, Abuse::kHeaderListTooLarge);
  const Limits limits;
  EXPECT_LE(
      world_.counters().header_bytes_received.value(),
      limits.max_header_list_size * Limits::kHeaderListFactor + bomb.size() + 2 * kBombFieldBytes);
  EXPECT_LE(service_.requests, 1) << "of the honest client";
}
TEST_F(FloodTest, ManyHeadsThatAreTooLongAreAbuse) {
  FloodWithMistakes([](uint32_t id) { return RequestWithBomb(id, 30).Encode(); },
                    Abuse::kHeaderListTooLarge);
}
TEST_F(FloodTest, ManyMalformedRequestsAreAbuse) {
  FloodWithMistakes(
      [](uint32_t id) {
        return Frame{kHeaders, kEndHeaders | kEndStream, id, EncodeFields({{"Upper", "case"}})}
            .Encode();
      },
      Abuse::kMalformedHttp2);
}
TEST_F(FloodTest, ManyBodiesOfAnotherLengthThanAnnouncedAreAbuse) {
  FloodWithMistakes(
      [](uint32_t id) {
        Frame head = RequestFrame(id, false);
        head.payload += EncodeFields({{"content-length", "1"}});
        return head.Encode() + Frame{kData, 0, id, "three"}.Encode();
      },
      Abuse::kMalformedHttp2);
}
TEST_F(FloodTest, ManyTrailersThatAreTooLongAreAbuse) {
  FloodWithMistakes(
      [](uint32_t id) {
        Frame trailers = RequestWithBomb(id, 30);
        trailers.flags |= kEndStream;
        trailers.payload = HeaderBomb(30);
        return RequestFrame(id, false).Encode() + trailers.Encode();
      },
      Abuse::kMalformedHttp2);
}
TEST_F(FloodTest, RapidResetIsCutOff) {
  base::Bytes bytes;
  for (uint32_t id = 1; id < 10'000; id += 2) {
    bytes += RequestFrame(id, false, "/never").Encode();
    bytes += Frame{kReset, 0, id, std::string("\0\0\0\x8", 4)}.Encode();
  }
  Flood(bytes, Abuse::kRapidReset);
  EXPECT_LE(service_.requests, 2100);
}

// As gRPC's C core does for calls that are not answered at once.
TEST_F(FloodTest, StreamsThatWaitMayHaveTheirWindowsOpened) {
  RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  for (uint32_t id = 1; id < 5'000; id += 2) {
    client.Send(RequestFrame(id, true, "/never").Encode() +
                Repeat({kWindowUpdate, 0, id, std::string("\0\0\0\5", 4)}, 2));
  }
  world_.RunFor(seconds(1));
  EXPECT_EQ(client.GoAwayText(), "none");
}
TEST_F(FloodTest, StreamsThatWereOpenForLongMayBeGivenUpTogether) {
  RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  for (uint32_t id = 1; id < 10'000; id += 2) {
    client.Send(RequestFrame(id, true, "/never").Encode());
  }
  world_.RunFor(seconds(2));
  for (uint32_t id = 1; id < 10'000; id += 2) {
    client.Send(Frame{kReset, 0, id, std::string("\0\0\0\x8", 4)}.Encode());
  }
  world_.RunFor(seconds(1));
  EXPECT_EQ(client.GoAwayText(), "none");
}

TEST_F(FloodTest, PingsOfAnIdleClientAreTooMany) {
  RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  for (int i = 0; i < 5; ++i) client.Send(Frame{kPing, 0, 0, "12345678"});
  world_.Settle();
  EXPECT_EQ(client.GoAwayText(), "too_many_pings");
  EXPECT_EQ(world_.abuse(Abuse::kTooManyPings), 1u);
}

TEST(PingFlood, IsCutOffEvenWhereAnyIntervalIsAllowed) {
  EchoService service;
  Server::Options options;
  options.keepalive.min_interval = seconds(0);
  options.keepalive.permit_without_streams = true;
  World world(&service, options);
  RawClient& client = world.ConnectRaw();
  client.SendPreface();
  for (int i = 0; i < 1000; ++i) client.Send(Frame{kPing, 0, 0, "12345678"});
  world.Settle();
  EXPECT_EQ(client.GoAwayText(), AbuseText(Abuse::kPingFlood));
  EXPECT_EQ(world.abuse(Abuse::kPingFlood), 1u);
}

TEST_F(FloodTest, PingsBetweenReceivedDataAreFine) {
  RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  client.Send(RequestFrame(1, /*ended=*/false));
  for (int i = 0; i < 100; ++i) {
    client.Send(Frame{kData, 0, 1, "echo this"});
    world_.RunFor(milliseconds(5));
    client.Send(Frame{kPing, 0, 0, "12345678"});
  }
  world_.Settle();
  EXPECT_EQ(client.ReceivedFrames(kPing).size(), 100u);
  EXPECT_EQ(client.GoAwayText(), "none");
}

}  // namespace
}  // namespace http::testing
