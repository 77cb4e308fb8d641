#include "app/local_address.h"

#include <gtest/gtest.h>

#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"

namespace app {
namespace {

struct Found {
  std::string address;
  std::vector<std::string> lines;
};

Found Search(std::string_view urls, std::string_view gates = "SetMemberLocalAddr=true") {
  runtime::posix::Clock clock;
  observe::testing::MemorySink sink;
  const observe::Logger logger(&clock, &sink, {});
  config::ServerConfig config;
  EXPECT_TRUE(config.features.Set(gates).ok());
  config.cluster.initial_advertise_peer_urls = config::ParseUrls(urls).value();
  std::string address = LocalAddressForPeers(config, logger);
  return {std::move(address), sink.lines()};
}

TEST(LocalAddressTest, IsTheFirstAddressThatOthersCanAnswerTo) {
  EXPECT_EQ(Search("http://10.0.0.5:2380").address, "10.0.0.5");
  EXPECT_EQ(Search("http://127.0.0.2:1,http://192.0.2.1:1,http://192.0.2.2:1").address,
            "192.0.2.1");
  EXPECT_EQ(Search("http://0.0.0.0:1,https://[2001:db8::1]:1").address, "2001:db8::1");
}

TEST(LocalAddressTest, NamesLoopbackAndUnspecifiedAddressesAreNone) {
  for (const char* urls : {"http://localhost:1", "http://a.example:1", "http://127.0.0.1:1",
                           "http://127.255.0.1:1", "http://[::1]:1", "http://[::]:1",
                           "http://0.0.0.0:1", "http://[::ffff:127.0.0.1]:1", "unix://socket"}) {
    EXPECT_EQ(Search(urls).address, "") << urls;
  }
}

TEST(LocalAddressTest, IsToldToTheLog) {
  const Found found = Search("http://10.0.0.5:2380");
  ASSERT_EQ(found.lines.size(), 2u);
  EXPECT_NE(found.lines[1].find(R"("setting member local address","LocalAddr":"10.0.0.5")"),
            std::string::npos)
      << found.lines[1];
  const Found none = Search("http://localhost:2380");
  ASSERT_EQ(none.lines.size(), 2u);
  EXPECT_NE(none.lines[1].find("due to lack of suitable local addresses"), std::string::npos);
}

TEST(LocalAddressTest, WithoutTheGateTheSystemChooses) {
  const Found found = Search("http://10.0.0.5:2380", "SetMemberLocalAddr=false");
  EXPECT_EQ(found.address, "");
  EXPECT_TRUE(found.lines.empty());
}

}  // namespace
}  // namespace app
