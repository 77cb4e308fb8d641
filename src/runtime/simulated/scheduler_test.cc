#include "runtime/simulated/scheduler.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runtime/simulated/network.h"
#include "runtime/simulated/workers.h"

namespace runtime::simulated {
namespace {

using std::chrono::milliseconds;

// Which of two loops with work went first, each time.
std::string Interleaving(uint64_t seed) {
  Scheduler scheduler(seed);
  const auto a = scheduler.NewLoop("a");
  const auto b = scheduler.NewLoop("b");
  std::string order;
  const auto steps = [&order](char name, Loop* loop) {
    return [&order, name, loop] {
      order.push_back(name);
      loop->Post([&order, name] { order.push_back(name); });
    };
  };
  a->Post(steps('a', a.get()));
  b->Post(steps('b', b.get()));
  while (scheduler.Step()) {
  }
  return order;
}

// How many turns five tasks took that were posted at once.
int TurnsOfFive(uint64_t seed) {
  Scheduler scheduler(seed);
  const auto loop = scheduler.NewLoop("loop");
  int left = 5;
  for (int i = 0; i < 5; ++i) loop->Post([&left] { --left; });
  int turns = 0;
  while (left > 0) {
    EXPECT_TRUE(scheduler.Step());
    ++turns;
  }
  return turns;
}

TEST(SchedulerTest, AStepPassesOverWhatAPausedLoopCannotDo) {
  Scheduler scheduler(1);
  const auto paused = scheduler.NewLoop("paused");
  const auto other = scheduler.NewLoop("other");
  bool paused_ran = false;
  bool other_ran = false;
  scheduler.RunAt(scheduler.clock().Now() + milliseconds(1), paused.get(),
                  [&] { paused_ran = true; });
  scheduler.RunAt(scheduler.clock().Now() + milliseconds(2), other.get(),
                  [&] { other_ran = true; });
  scheduler.SetPaused(paused.get(), true);
  EXPECT_TRUE(scheduler.Step());
  EXPECT_TRUE(other_ran);
  EXPECT_FALSE(scheduler.Step());
  EXPECT_FALSE(paused_ran);
  scheduler.SetPaused(paused.get(), false);
  EXPECT_TRUE(scheduler.Step());
  EXPECT_TRUE(paused_ran);
}

TEST(SchedulerTest, ATurnMayEndBetweenAnyTwoTasks) {
  std::set<int> seen;
  for (uint64_t seed = 0; seed < 500; ++seed) seen.insert(TurnsOfFive(seed));
  EXPECT_TRUE(seen.contains(1));
  EXPECT_TRUE(seen.contains(2));
}

TEST(SchedulerTest, TheSeedChoosesTheInterleavingAndRepeatsIt) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const std::string order = Interleaving(seed);
    EXPECT_EQ(order, Interleaving(seed));
    seen.insert(order);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"aabb", "abab", "abba", "baab", "baba", "bbaa"}));
}

TEST(SchedulerTest, MovesTimeOnlyWhenNothingIsReady) {
  Scheduler scheduler(1);
  const auto loop = scheduler.NewLoop("loop");
  std::vector<Duration> times;
  const TimePoint start = scheduler.clock().Now();
  const auto note = [&] { times.push_back(scheduler.clock().Now() - start); };
  scheduler.RunAt(start + milliseconds(7), loop.get(), note);
  loop->Post(note);
  scheduler.RunFor(milliseconds(5));
  EXPECT_EQ(times, (std::vector<Duration>{Duration{0}}));
  EXPECT_EQ(scheduler.clock().Now() - start, milliseconds(5));
  scheduler.RunFor(milliseconds(5));
  EXPECT_EQ(times, (std::vector<Duration>{Duration{0}, milliseconds(7)}));
  EXPECT_EQ(scheduler.clock().Now() - start, milliseconds(10));
}

TEST(SchedulerTest, DropsTheWorkOfALoopThatIsGone) {
  Scheduler scheduler(1);
  auto loop = scheduler.NewLoop("loop");
  loop->Post([] { ADD_FAILURE() << "its loop is gone"; });
  scheduler.RunAt(scheduler.clock().Now() + milliseconds(1), loop.get(),
                  [] { ADD_FAILURE() << "its loop is gone"; });
  loop.reset();
  EXPECT_FALSE(scheduler.Step());
}

TEST(SchedulerTest, TheWallClockMayJumpAwayFromTime) {
  Scheduler scheduler(1);
  const WallTime before = scheduler.clock().WallNow();
  scheduler.SetWallOffset(-std::chrono::hours(1));
  EXPECT_LT(scheduler.clock().WallNow(), before);
}

TEST(SimulatedWorkersTest, TakeTheirTimeAndRefuseBeyondTheirBound) {
  Scheduler scheduler(1);
  const auto loop = scheduler.NewLoop("loop");
  Workers::Options options;
  options.latency_min = milliseconds(2);
  options.latency_max = milliseconds(4);
  options.queue_capacity = 1;
  Workers workers(&scheduler, options);
  bool worked = false;
  bool done = false;
  EXPECT_TRUE(workers.Run([&] { worked = true; }, loop.get(), [&] { done = worked; }));
  EXPECT_FALSE(workers.Run([] {}, loop.get(), [] {}));
  scheduler.RunFor(milliseconds(1));
  EXPECT_FALSE(worked);
  scheduler.RunFor(milliseconds(4));
  EXPECT_TRUE(done);
  EXPECT_TRUE(workers.Run([] {}, loop.get(), [] {}));
}

// Reads everything and counts the ends.
struct Sink final : StreamHandler {
  void OnData(base::ByteView bytes) override { input.append(bytes); }
  void OnEndOfInput() override {}
  void OnWritable() override {}
  void OnError(base::Status status) override { error = status; }
  base::Bytes input;
  base::Status error;
};

class WiresTest : public ::testing::Test {
 protected:
  void ConnectAndAccept() {
    listener_ = *server_network_->Listen({"server", 2380, ""}, {}, [this](auto stream) {
      accepted_ = std::move(stream);
      accepted_->Start(&server_);
    });
    connecting_ = client_network_->Connect({"server", 2380, ""}, [this](auto stream) {
      connected_ = std::move(stream).value();
      connected_->Start(&client_);
    });
    scheduler_.RunFor(milliseconds(5));
    ASSERT_NE(accepted_, nullptr);
  }
  void Send(base::ByteView bytes) { ASSERT_TRUE(connected_->Write(std::span(&bytes, 1)).ok()); }

  Scheduler scheduler_{1};
  Wires wires_{&scheduler_};
  std::unique_ptr<Loop> server_loop_ = scheduler_.NewLoop("server");
  std::unique_ptr<Loop> client_loop_ = scheduler_.NewLoop("client");
  std::unique_ptr<Network> server_network_ = wires_.NewNetwork("server", server_loop_.get());
  std::unique_ptr<Network> client_network_ = wires_.NewNetwork("client", client_loop_.get());
  Sink server_;
  Sink client_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Connecting> connecting_;
  std::unique_ptr<Stream> accepted_;
  std::unique_ptr<Stream> connected_;
};

TEST_F(WiresTest, APartitionStallsAStreamWithoutLosingBytes) {
  ConnectAndAccept();
  wires_.Cut("client", "server");
  Send("late");
  scheduler_.RunFor(std::chrono::seconds(10));
  EXPECT_EQ(server_.input, "");
  wires_.Join("server", "client");
  scheduler_.RunFor(milliseconds(20));
  EXPECT_EQ(server_.input, "late");
}

TEST_F(WiresTest, ABrokenWireResetsBothSides) {
  ConnectAndAccept();
  wires_.Break("client", "server");
  scheduler_.RunFor(milliseconds(5));
  EXPECT_FALSE(client_.error.ok());
  EXPECT_FALSE(server_.error.ok());
  EXPECT_FALSE(connected_->Write({}).ok());
}

TEST_F(WiresTest, ADeadProcessResetsItsPeers) {
  ConnectAndAccept();
  listener_.reset();
  server_network_.reset();
  server_loop_.reset();
  scheduler_.RunFor(milliseconds(5));
  EXPECT_FALSE(client_.error.ok());
}

}  // namespace
}  // namespace runtime::simulated
