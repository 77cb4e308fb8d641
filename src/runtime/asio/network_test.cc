#include "runtime/asio/network.h"

#include <gtest/gtest.h>

#include <string>

namespace runtime::asio {
namespace {

// Of a connection to a listener of 127.0.0.1 and back: from where it came, or why there was none.
struct Outcome {
  base::Status status;
  std::string from;
};

Outcome ConnectFrom(const std::string& local_address, const std::string& host = "127.0.0.1") {
  Loop loop;
  Network listening(&loop);
  Network connecting(&loop, local_address);
  Outcome outcome;
  std::unique_ptr<Stream> accepted;
  std::unique_ptr<Stream> connected;
  auto listener = listening.Listen({"127.0.0.1", 0, ""}, {}, [&](std::unique_ptr<Stream> stream) {
    accepted = std::move(stream);
    outcome.from = accepted->peer_address().host;
    if (connected != nullptr) loop.Stop();
  });
  EXPECT_TRUE(listener.ok());
  const auto attempt =
      connecting.Connect({host, (*listener)->address().port, ""}, [&](auto stream) {
        outcome.status = stream.status();
        if (stream.ok()) connected = *std::move(stream);
        if (connected == nullptr || accepted != nullptr) loop.Stop();
      });
  const auto deadline = loop.NewTimer([&] {
    ADD_FAILURE() << "timed out";
    loop.Stop();
  });
  deadline->Arm(std::chrono::seconds(30));
  loop.Run();
  return outcome;
}

TEST(AsioNetworkTest, ConnectionsComeFromTheLocalAddress) {
  EXPECT_EQ(ConnectFrom("127.0.0.2").from, "127.0.0.2");
  EXPECT_EQ(ConnectFrom("127.0.0.3").from, "127.0.0.3");
  EXPECT_EQ(ConnectFrom("").from, "127.0.0.1");
}

TEST(AsioNetworkTest, ALocalAddressThatTheMachineDoesNotHaveFailsTheAttempt) {
  const Outcome outcome = ConnectFrom("192.0.2.1");
  EXPECT_EQ(outcome.status.code(), base::Code::kUnavailable);
  EXPECT_NE(outcome.status.message().find("annot assign requested address"), std::string::npos)
      << outcome.status.ToString();
}

TEST(AsioNetworkTest, AnAddressOfAnotherKindCannotBeReachedFromThere) {
  const Outcome outcome = ConnectFrom("::1");
  EXPECT_EQ(outcome.status.code(), base::Code::kUnavailable) << outcome.status.ToString();
}

TEST(AsioNetworkTest, UnixSocketsAreReachedWhateverTheLocalAddress) {
  Loop loop;
  Network network(&loop, "127.0.0.2");
  const Address path{"", 0, ::testing::TempDir() + "local-address-socket"};
  bool accepted = false;
  bool connected = false;
  const auto stop = [&] {
    if (accepted && connected) loop.Stop();
  };
  const auto listener = network.Listen(path, {}, [&](auto) {
    accepted = true;
    stop();
  });
  ASSERT_TRUE(listener.ok()) << listener.status().ToString();
  const auto attempt = network.Connect(path, [&](auto stream) {
    EXPECT_TRUE(stream.ok()) << stream.status().ToString();
    connected = true;
    stop();
  });
  loop.Run();
}

}  // namespace
}  // namespace runtime::asio
