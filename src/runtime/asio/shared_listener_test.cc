#include "runtime/asio/shared_listener.h"
#include "base/check.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <atomic>
#include <cstdlib>
#include <future>
#include <string>

#include "runtime/asio/network.h"

namespace runtime::asio {
namespace {

const Address kAnyPort{"127.0.0.1", 0, ""};

// Closes what it gets, and counts it.
struct CountingTaker {
  explicit CountingTaker(const std::string& name) : thread(name) {}
  SharedListener::Taker Get(std::promise<void>* all, std::atomic<int>* left) {
    return {&thread.loop(), [this, all, left](std::unique_ptr<Stream> stream) {
              EXPECT_TRUE(thread.loop().IsCurrent());
              EXPECT_EQ(stream->peer_address().host, "127.0.0.1");
              ++taken;
              if (--*left == 0) all->set_value();
            }};
  }

  LoopThread thread;
  int taken = 0;
};

// Connects so many times, from a loop of its own, and keeps the streams until it is destroyed.
class Clients {
 public:
  Clients(const Address& address, int count) {
    thread_.RunAndWait([&] {
      for (int i = 0; i < count; ++i) {
        attempts_.push_back(network_.Connect(address, [this](auto stream) {
          if (stream.ok()) streams_.push_back(std::move(stream).value());
        }));
      }
    });
  }
  ~Clients() {
    thread_.RunAndWait([this] {
      attempts_.clear();
      streams_.clear();
    });
  }

 private:
  LoopThread thread_{"clients"};
  Network network_{&thread_.loop()};
  std::vector<std::unique_ptr<Connecting>> attempts_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

TEST(SharedListenerTest, LoopsTakeConnectionsInTurn) {
  LoopThread accepting("accept");
  CountingTaker first("first");
  CountingTaker second("second");
  const auto listener = SharedListener::Open(&accepting.loop(), kAnyPort, {});
  ASSERT_TRUE(listener.ok());
  // Those that come before Start wait.
  const Clients clients((*listener)->address(), 10);
  std::promise<void> all;
  std::atomic<int> left = 10;
  (*listener)->Start({first.Get(&all, &left), second.Get(&all, &left)}, [] { ADD_FAILURE(); });
  all.get_future().wait();
  (*listener)->Stop();
  EXPECT_EQ(first.taken, 5);
  EXPECT_EQ(second.taken, 5);
}

TEST(SharedListenerTest, WhoWaitsInTheQueueIsNoticedAndThenTaken) {
  LoopThread accepting("accept");
  CountingTaker taker("taker");
  const auto listener = SharedListener::Open(&accepting.loop(), kAnyPort, {});
  ASSERT_TRUE(listener.ok());
  std::promise<void> asked;
  (*listener)->WhenAsked([&asked] { asked.set_value(); });
  auto noticed = asked.get_future();
  EXPECT_EQ(noticed.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  const Clients clients((*listener)->address(), 3);
  noticed.wait();
  std::promise<void> all;
  std::atomic<int> left = 3;
  (*listener)->Start({taker.Get(&all, &left)}, [] {});
  all.get_future().wait();
  EXPECT_EQ(taker.taken, 3);
  (*listener)->Stop();
}

// Who connects to `host` is taken by a listener at `any`, and is told as coming from there.
void ExpectTaken(const std::string& any, const std::string& host) {
  LoopThread accepting("accept");
  LoopThread taking("taking");
  const auto listener = SharedListener::Open(&accepting.loop(), {any, 0, ""}, {});
  ASSERT_TRUE(listener.ok()) << listener.status().ToString();
  std::promise<std::string> peer;
  (*listener)->Start(
      {{&taking.loop(),
        [&peer](std::unique_ptr<Stream> stream) { peer.set_value(stream->peer_address().host); }}},
      [] { ADD_FAILURE(); });
  const Clients clients({host, (*listener)->address().port, ""}, 1);
  EXPECT_EQ(peer.get_future().get(), host) << any;
  (*listener)->Stop();
}

TEST(SharedListenerTest, AllAddressesAreThoseOfBothFamilies) {
  LoopThread accepting("accept");
  const bool has_ipv6 = SharedListener::Open(&accepting.loop(), {"::1", 0, ""}, {}).ok();
  for (const char* any : {"0.0.0.0", "::", ""}) {
    if (has_ipv6) ExpectTaken(any, "::1");
    ExpectTaken(any, "127.0.0.1");
  }
}

TEST(SharedListenerTest, AnAddressIsSharedOnlyIfAllAsk) {
  LoopThread accepting("accept");
  const SharedListener::Options shared{.reuse_port = true};
  const auto first = SharedListener::Open(&accepting.loop(), kAnyPort, shared);
  ASSERT_TRUE(first.ok());
  const Address taken = (*first)->address();
  EXPECT_TRUE(SharedListener::Open(&accepting.loop(), taken, shared).ok());
  const auto refused = SharedListener::Open(&accepting.loop(), taken, {});
  EXPECT_EQ(refused.status().message(),
            "listen tcp " + taken.ToString() + ": bind: address already in use");
  (*first)->Stop();
  const auto alone = SharedListener::Open(&accepting.loop(), taken, {});
  ASSERT_TRUE(alone.ok());
  EXPECT_FALSE(SharedListener::Open(&accepting.loop(), taken, shared).ok());
}

TEST(SharedListenerTest, OfTwoThatOpenAnAddressAtOnceOneGetsIt) {
  LoopThread accepting("accept");
  auto probe = SharedListener::Open(&accepting.loop(), kAnyPort, {});
  ASSERT_TRUE(probe.ok());
  const Address wanted = (*probe)->address();
  (*probe)->Stop();
  LoopThread elsewhere("elsewhere");
  for (int i = 0; i < 500; ++i) {
    const auto open = [&] { return SharedListener::Open(&accepting.loop(), wanted, {}); };
    std::promise<base::Result<std::unique_ptr<SharedListener>>> other;
    elsewhere.loop().Post([&] { other.set_value(open()); });
    const auto one = open();
    const auto another = other.get_future().get();
    ASSERT_NE(one.ok(), another.ok());
  }
}

TEST(SharedListenerTest, ASocketFileIsTakenOverFromTheDeadAlone) {
  std::string directory = ::testing::TempDir() + "listener-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const Address address{"", 0, directory + "/socket"};
  LoopThread accepting("accept");
  {
    // Ends as a process does that is killed: its file stays.
    boost::asio::io_context io;
    boost::asio::local::stream_protocol::acceptor dead(io, {address.unix_path});
  }
  auto listener = SharedListener::Open(&accepting.loop(), address, {});
  ASSERT_TRUE(listener.ok()) << listener.status().ToString();
  EXPECT_EQ(SharedListener::Open(&accepting.loop(), address, {}).status().message(),
            "listen unix " + address.unix_path + ": bind: address already in use");
  (*listener)->Stop();
  EXPECT_EQ(::rmdir(directory.c_str()), 0);
}

// The process may have so many descriptors, until this ends.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    CHECK(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit lower = before_;
    lower.rlim_cur = limit;
    CHECK(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
  }
  ~DescriptorLimit() { CHECK(::setrlimit(RLIMIT_NOFILE, &before_) == 0); }

 private:
  rlimit before_{};
};

// Takes the lowest descriptors that are free, until it ends.
class TakenDescriptors {
 public:
  explicit TakenDescriptors(int count) {
    for (int i = 0; i < count; ++i) taken_.push_back(::dup(STDIN_FILENO));
    CHECK(taken_.back() >= 0);
  }
  ~TakenDescriptors() {
    for (const int descriptor : taken_) ::close(descriptor);
  }
  rlim_t next() const { return static_cast<rlim_t>(taken_.back()) + 1; }

 private:
  std::vector<int> taken_;
};

// How many of three connections are taken, with as many descriptors as `limit_of` makes of the
// next.
int TakenOfThree(const SharedListener::Options& options, rlim_t (*limit_of)(rlim_t next)) {
  LoopThread accepting("accept");
  CountingTaker taker("taker");
  const auto listener = SharedListener::Open(&accepting.loop(), kAnyPort, options);
  CHECK(listener.ok());
  const Clients clients((*listener)->address(), 3);
  const TakenDescriptors others(200);
  const DescriptorLimit limit(limit_of(others.next()));
  std::promise<void> all;
  std::atomic<int> left = 3;
  (*listener)->Start({taker.Get(&all, &left)}, [&] {
    if (--left == 0) all.set_value();
  });
  all.get_future().wait();
  (*listener)->Stop();
  return taker.taken;
}

TEST(SharedListenerTest, ReservedDescriptorsAreNotGivenToConnections) {
  SharedListener::Options options;
  options.reserved_descriptors = 100'000;
  EXPECT_EQ(TakenOfThree(options, [](rlim_t next) { return 2 * next; }), 0);
}

TEST(SharedListenerTest, OfFewDescriptorsHalfAreForConnections) {
  SharedListener::Options options;
  options.reserved_descriptors = 100'000;
  EXPECT_EQ(TakenOfThree(options, [](rlim_t next) { return 2 * (next + 8); }), 3);
}

TEST(SharedListenerTest, SomeAreLeftToOtherListeners) {
  SharedListener::Options options;
  options.reserved_descriptors = 100'000;
  options.descriptors_of_others = 100'000;
  EXPECT_EQ(TakenOfThree(options, [](rlim_t next) { return 2 * (next + 8); }), 0);
}

}  // namespace
}  // namespace runtime::asio
