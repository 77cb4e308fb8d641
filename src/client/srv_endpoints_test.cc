#include "client/srv_endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace client {
namespace {

using ::testing::ElementsAre;

class SrvEndpointsTest : public ::testing::Test {
 protected:
  base::Result<std::vector<std::string>> Find(const std::string& service_name = "") {
    return SrvEndpoints(
        "example.com", service_name,
        [this](const std::string& name) -> base::Result<std::vector<runtime::dns::SrvRecord>> {
          const auto found = records_.find(name);
          if (found != records_.end()) return found->second;
          return base::Status(base::Code::kNotFound, "lookup " + name + ": no such host");
        });
  }
  std::map<std::string, std::vector<runtime::dns::SrvRecord>> records_;
};

TEST_F(SrvEndpointsTest, ThoseWithTlsComeFirst) {
  records_["_etcd-client._tcp.example.com"] = {{.target = "a", .port = 2379}};
  records_["_etcd-client-ssl._tcp.example.com"] = {{.target = "b", .port = 2}, {.target = "c"}};
  EXPECT_THAT(*Find(), ElementsAre("https://b:2", "https://c:0", "http://a:2379"));
}

TEST_F(SrvEndpointsTest, AServiceHasItsNameBehindIt) {
  records_["_etcd-client-mine._tcp.example.com"] = {{.target = "a", .port = 1}};
  EXPECT_THAT(*Find("mine"), ElementsAre("http://a:1"));
}

TEST_F(SrvEndpointsTest, WithoutAnyItIsSaidOfBothWhy) {
  EXPECT_EQ(Find().status().message(),
            "dns lookup errors: lookup _etcd-client-ssl._tcp.example.com: no such host and lookup "
            "_etcd-client._tcp.example.com: no such host");
}

}  // namespace
}  // namespace client
