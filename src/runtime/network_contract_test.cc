#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/network.h"
#include "runtime/random.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"

// What every Network promises, asked of each implementation.

namespace runtime {
namespace {

// One loop with a network, run by the test's thread.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Network& network() = 0;
  virtual Loop& loop() = 0;
  // An address to listen on; for TCP with port 0.
  virtual Address ListenAddress() = 0;
  // An address at which nobody listens.
  virtual Address DeadAddress() = 0;
  virtual void Run() = 0;
  virtual void Stop() = 0;
};

class AsioSubject final : public Subject {
 public:
  explicit AsioSubject(bool unix_socket) : unix_socket_(unix_socket) {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    deadline_->Arm(std::chrono::seconds(30));
  }
  ~AsioSubject() override { EXPECT_EQ(::rmdir(directory_.c_str()), 0); }
  Network& network() override { return network_; }
  Loop& loop() override { return loop_; }
  Address ListenAddress() override {
    return unix_socket_ ? Address{"", 0, directory_ + "/socket"} : Address{"127.0.0.1", 0, ""};
  }
  Address DeadAddress() override {
    return unix_socket_ ? Address{"", 0, directory_ + "/none"} : Address{"127.0.0.1", 1, ""};
  }
  void Run() override { loop_.Run(); }
  void Stop() override { loop_.Stop(); }

 private:
  const bool unix_socket_;
  std::string directory_ = ::testing::TempDir() + "network-XXXXXX";
  asio::Loop loop_;
  asio::Network network_{&loop_};
  const std::unique_ptr<Timer> deadline_ = loop_.NewTimer([this] {
    ADD_FAILURE() << "timed out";
    Stop();
  });
};

class SimulatedSubject final : public Subject {
 public:
  Network& network() override { return *network_; }
  Loop& loop() override { return *loop_; }
  Address ListenAddress() override { return {"here", 0, ""}; }
  Address DeadAddress() override { return {"here", 1, ""}; }
  void Run() override {
    while (!stopped_ && scheduler_.Step()) {
    }
    EXPECT_TRUE(stopped_) << "nothing is left to happen";
  }
  void Stop() override { stopped_ = true; }

 private:
  simulated::Scheduler scheduler_{1};
  simulated::Wires wires_{&scheduler_};
  const std::unique_ptr<Loop> loop_ = scheduler_.NewLoop("here");
  const std::unique_ptr<Network> network_ = wires_.NewNetwork("here", loop_.get());
  bool stopped_ = false;
};

// Keeps what arrives and tells the test.
struct Recorder final : StreamHandler {
  void OnData(base::ByteView bytes) override {
    input.append(bytes);
    if (on_data) on_data();
  }
  void OnEndOfInput() override {
    ended = true;
    if (on_end) on_end();
  }
  void OnWritable() override {
    if (on_writable) on_writable();
  }
  void OnError(base::Status status) override {
    error = status;
    if (on_error) on_error();
  }

  base::Bytes input;
  bool ended = false;
  base::Status error;
  base::Callback<void()> on_data;
  base::Callback<void()> on_end;
  base::Callback<void()> on_writable;
  base::Callback<void()> on_error;
};

struct Kind {
  const char* name;
  std::unique_ptr<Subject> (*make)();
};

class NetworkContractTest : public ::testing::TestWithParam<Kind> {
 protected:
  Network& network() { return subject_->network(); }
  Loop& loop() { return subject_->loop(); }
  void Run() { subject_->Run(); }
  void Stop() { subject_->Stop(); }
  Address DeadAddress() { return subject_->DeadAddress(); }

  // Listens, connects, starts both sides and calls `then` on the loop.
  void WithBothSides(base::Callback<void()> then) {
    then_ = std::move(then);
    auto listening = network().Listen(subject_->ListenAddress(), {}, [this](auto stream) {
      accepted_ = std::move(stream);
      accepted_->Start(&at_accepted_);
      if (connected_ != nullptr) then_();
    });
    ASSERT_TRUE(listening.ok()) << listening.status().ToString();
    listener_ = std::move(listening).value();
    connecting_ = network().Connect(listener_->address(), [this](auto stream) {
      ASSERT_TRUE(stream.ok()) << stream.status().ToString();
      connected_ = std::move(stream).value();
      connected_->Start(&at_connected_);
      if (accepted_ != nullptr) then_();
    });
  }

  static size_t WriteSome(Stream& stream, base::ByteView bytes) {
    const auto taken = stream.Write(std::span(&bytes, 1));
    EXPECT_TRUE(taken.ok()) << taken.status().ToString();
    return taken.ok() ? *taken : 0;
  }

  std::unique_ptr<Subject> subject_ = GetParam().make();
  Recorder at_accepted_;
  Recorder at_connected_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Connecting> connecting_;
  std::unique_ptr<Stream> accepted_;
  std::unique_ptr<Stream> connected_;
  base::Callback<void()> then_;
};

TEST_P(NetworkContractTest, CarriesBytesBothWaysAndTheEndAfterThem) {
  at_accepted_.on_end = [&] {
    EXPECT_EQ(at_accepted_.input, "one two");
    WriteSome(*accepted_, "answer");
    accepted_->ShutdownWrite();
  };
  at_connected_.on_end = [&] { Stop(); };
  WithBothSides([&] {
    const std::vector<base::ByteView> pieces = {"one", " ", "two"};
    EXPECT_EQ(*connected_->Write(pieces), 7u);
    connected_->ShutdownWrite();
  });
  Run();
  EXPECT_TRUE(at_accepted_.ended);
  EXPECT_EQ(at_connected_.input, "answer");
  EXPECT_EQ(accepted_->local_address(), connected_->peer_address());
}

TEST_P(NetworkContractTest, PushesBackOnAFastWriterUntilThePeerReads) {
  base::Bytes sent(8 << 20, '\0');
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 2654435761 >> 13);
  size_t taken = 0;
  bool was_full = false;
  const auto write_more = [&] {
    taken += WriteSome(*connected_, base::ByteView(sent).substr(taken));
    if (taken < sent.size()) {
      was_full = true;
    } else {
      connected_->ShutdownWrite();
    }
  };
  at_connected_.on_writable = write_more;
  at_accepted_.on_end = [&] { Stop(); };
  const auto resume = loop().NewTimer([&] {
    EXPECT_EQ(at_accepted_.input.size(), 0u) << "nothing is delivered to a paused reader";
    accepted_->ResumeReading();
  });
  WithBothSides([&] {
    accepted_->PauseReading();
    write_more();
    resume->Arm(std::chrono::milliseconds(20));
  });
  Run();
  EXPECT_TRUE(was_full);
  EXPECT_TRUE(at_accepted_.input == sent);
}

TEST_P(NetworkContractTest, DeliversAllInOrderToAReaderThatPausesNowAndThen) {
  base::Bytes sent;
  for (int i = 0; sent.size() < 300'000; ++i) sent += std::to_string(i) + ' ';
  Random random(7);
  size_t written = 0;
  const auto write_some = [&] {
    const size_t sizes[] = {1, 1023, 1024, 1025, 5000};
    const size_t size = std::min(sizes[random.Below(5)], sent.size() - written);
    written += WriteSome(*connected_, base::ByteView(sent).substr(written, size));
    if (written == sent.size()) connected_->ShutdownWrite();
  };
  bool paused = false;
  at_accepted_.on_data = [&] { EXPECT_FALSE(paused); };
  at_accepted_.on_end = [&] {
    EXPECT_FALSE(paused);
    Stop();
  };
  std::unique_ptr<Timer> timer;
  timer = loop().NewTimer([&] {
    if (random.OneIn(2)) {
      paused = true;
      accepted_->PauseReading();
    }
    if (written < sent.size()) write_some();
    // Also twice, and at once after a pause.
    if (random.OneIn(2)) {
      paused = false;
      accepted_->ResumeReading();
      if (random.OneIn(4)) accepted_->ResumeReading();
    }
    timer->Arm(std::chrono::microseconds(random.Below(100)));
  });
  WithBothSides([&] { timer->Arm({}); });
  Run();
  EXPECT_TRUE(at_accepted_.input == sent) << at_accepted_.input.size();
}

TEST_P(NetworkContractTest, ReportsARefusedConnectionByAddress) {
  base::Status status;
  const auto connecting = network().Connect(DeadAddress(), [&](auto stream) {
    status = stream.status();
    Stop();
  });
  Run();
  EXPECT_EQ(status.code(), base::Code::kUnavailable);
  EXPECT_TRUE(status.message().starts_with(DeadAddress().ToString())) << status.ToString();
}

TEST_P(NetworkContractTest, ADestroyedAttemptStaysSilent) {
  auto connecting =
      network().Connect(DeadAddress(), [&](auto) { ADD_FAILURE() << "it was cancelled"; });
  connecting.reset();
  const auto stop = loop().NewTimer([&] { Stop(); });
  stop->Arm(std::chrono::milliseconds(20));
  Run();
}

TEST_P(NetworkContractTest, AStreamMayBeDestroyedInsideItsOwnEvents) {
  at_accepted_.on_end = [&] {
    accepted_.reset();
    Stop();
  };
  WithBothSides([&] { connected_.reset(); });
  Run();
  EXPECT_EQ(accepted_, nullptr);
}

TEST_P(NetworkContractTest, ClosingWithUnreadInputResetsThePeer) {
  at_connected_.on_error = [&] { Stop(); };
  const auto close = loop().NewTimer([&] { accepted_->Close(/*abort=*/true); });
  WithBothSides([&] {
    accepted_->PauseReading();
    WriteSome(*connected_, base::Bytes(10'000, 'x'));
    close->Arm(std::chrono::milliseconds(20));
  });
  Run();
  EXPECT_EQ(at_connected_.error.code(), base::Code::kUnavailable);
}

TEST_P(NetworkContractTest, ThatThePeerHasLeftIsKnownAlsoWhileSomethingIsUnread) {
  bool before = true;
  bool after = false;
  const std::unique_ptr<Timer> look = loop().NewTimer([&] {
    after = accepted_->HasPeerLeft();
    Stop();
  });
  WithBothSides([&] {
    accepted_->PauseReading();
    WriteSome(*connected_, base::Bytes(10'000, 'x'));
    before = accepted_->HasPeerLeft();
    connected_->ShutdownWrite();
    look->Arm(std::chrono::milliseconds(20));
  });
  Run();
  EXPECT_FALSE(before);
  EXPECT_TRUE(after);
}

TEST_P(NetworkContractTest, WritingToAPeerThatHasClosedFailsSoon) {
  int writes = 0;
  std::unique_ptr<Timer> write;
  write = loop().NewTimer([&] {
    const base::ByteView piece = "late";
    if (!accepted_->Write({&piece, 1}).ok()) return Stop();
    ++writes;
    write->Arm(std::chrono::milliseconds(20));
  });
  WithBothSides([&] {
    connected_->Close();
    write->Arm(std::chrono::milliseconds(20));
  });
  Run();
  EXPECT_LE(writes, 1);  // a unix socket knows it at once
}

INSTANTIATE_TEST_SUITE_P(
    EachNetwork, NetworkContractTest,
    ::testing::Values(Kind{"Tcp", [] { return std::unique_ptr<Subject>(new AsioSubject(false)); }},
                      Kind{"Unix", [] { return std::unique_ptr<Subject>(new AsioSubject(true)); }},
                      Kind{"Simulated",
                           [] { return std::unique_ptr<Subject>(new SimulatedSubject()); }}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(AddressTest, PrintsEachForm) {
  EXPECT_EQ((Address{"localhost", 2379, ""}).ToString(), "localhost:2379");
  EXPECT_EQ((Address{"::1", 2379, ""}).ToString(), "[::1]:2379");
  EXPECT_EQ((Address{"", 0, "/run/etcd.sock"}).ToString(), "unix:/run/etcd.sock");
}

TEST(AsioNetworkTest, APortHasOneListener) {
  asio::Loop loop;
  asio::Network network(&loop);
  const auto ignore = [](std::unique_ptr<Stream>) {};
  const auto first = network.Listen({"127.0.0.1", 0, ""}, {}, ignore);
  ASSERT_TRUE(first.ok());
  const auto refused = network.Listen((*first)->address(), {}, ignore);
  EXPECT_EQ(refused.status().message(),
            (*first)->address().ToString() + ": Address already in use");
}

TEST(AsioNetworkTest, RefusesAUnixPathThatIsTooLong) {
  asio::Loop loop;
  asio::Network network(&loop);
  const Address address{"", 0, "/tmp/" + std::string(200, 'x')};
  EXPECT_FALSE(network.Listen(address, {}, [](auto) {}).ok());
  base::Status status;
  const auto connecting = network.Connect(address, [&](auto stream) {
    status = stream.status();
    loop.Stop();
  });
  loop.Run();
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace runtime
