#include "app/dns_bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"

namespace app {
namespace {

using runtime::dns::SrvRecord;
using ::testing::Contains;
using ::testing::HasSubstr;

class DnsBootstrapTest : public ::testing::Test {
 protected:
  DnsBootstrapTest() {
    config_.member.name = "m1";
    config_.discovery.srv = "example.com";
    Advertise("http", "one");
  }
  void Advertise(const char* scheme, const char* host) {
    config_.cluster.initial_advertise_peer_urls = {{scheme, host, 2380, ""}};
  }
  base::Result<std::string> Find() {
    return InitialClusterFromDns(
        {.config = config_,
         .lookup = [this](const std::string& name) -> base::Result<std::vector<SrvRecord>> {
           const auto found = records_.find(name);
           if (found != records_.end()) return found->second;
           return base::Status(base::Code::kNotFound, "lookup " + name + ": no such host");
         },
         .resolve = [this](const std::string& host) -> std::optional<std::string> {
           const auto found = hosts_.find(host);
           if (found == hosts_.end()) return std::nullopt;
           return found->second;
         },
         .logger = logger_});
  }
  std::string Refused() { return std::string(Find().status().message()); }

  config::ServerConfig config_;
  std::map<std::string, std::vector<SrvRecord>> records_;
  std::map<std::string, std::string> hosts_ = {
      {"one", "10.0.0.1"}, {"1.example.com", "10.0.0.1"}, {"2.example.com", "10.0.0.2"}};
  runtime::posix::Clock clock_;
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&clock_, &sink_, {}};
};

TEST_F(DnsBootstrapTest, ThisMemberIsFoundByItsAddressAndOthersGetNumbers) {
  records_["_etcd-server._tcp.example.com"] = {{.target = "2.example.com", .port = 2380},
                                               {.target = "1.example.com", .port = 2380},
                                               {.target = "1.example.com", .port = 2381}};
  EXPECT_EQ(*Find(),
            "0=http://2.example.com:2380,m1=http://1.example.com:2380,"
            "1=http://1.example.com:2381");
}

TEST_F(DnsBootstrapTest, BothServicesCount) {
  records_["_etcd-server._tcp.example.com"] = {{.target = "1.example.com", .port = 2380}};
  records_["_etcd-server-ssl._tcp.example.com"] = {{.target = "2.example.com", .port = 2380}};
  EXPECT_EQ(*Find(), "0=https://2.example.com:2380,m1=http://1.example.com:2380");
}

TEST_F(DnsBootstrapTest, AServiceHasItsNameBehindIt) {
  config_.discovery.srv_name = "mine";
  records_["_etcd-server-mine._tcp.example.com"] = {{.target = "1.example.com", .port = 2380}};
  EXPECT_EQ(*Find(), "m1=http://1.example.com:2380");
}

TEST_F(DnsBootstrapTest, WhatCannotBeIsRefusedInTheWordsOfEtcd) {
  EXPECT_EQ(Refused(),
            "error setting up initial cluster: error querying DNS SRV records for "
            "_etcd-server-ssl lookup _etcd-server-ssl._tcp.example.com: no such host\n"
            "error querying DNS SRV records for _etcd-server lookup "
            "_etcd-server._tcp.example.com: no such host");
  records_["_etcd-server._tcp.example.com"] = {{.target = "2.example.com", .port = 2380}};
  EXPECT_EQ(Refused(),
            "error setting up initial cluster: cannot find local etcd member \"m1\" in SRV "
            "records");
  records_["_etcd-server._tcp.example.com"] = {{.target = "gone.example.com", .port = 2380}};
  EXPECT_THAT(Refused(), HasSubstr("for _etcd-server lookup gone.example.com: no such host"));
  Advertise("https", "one");
  records_["_etcd-server._tcp.example.com"] = {{.target = "1.example.com", .port = 2380}};
  EXPECT_THAT(Refused(),
              HasSubstr("bootstrap at http://1.example.com:2380 from DNS for etcd-server has "
                        "scheme mismatch with expected peer https://one:2380"));
  Advertise("http", "unknown");
  EXPECT_THAT(Refused(), HasSubstr("lookup unknown: no such host"));
}

TEST_F(DnsBootstrapTest, WhatWasFoundIsLogged) {
  records_["_etcd-server._tcp.example.com"] = {{.target = "1.example.com", .port = 2380}};
  ASSERT_TRUE(Find().ok());
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("got bootstrap from DNS for etcd-server")));
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("failed to resolve during SRV discovery")));
}

}  // namespace
}  // namespace app
