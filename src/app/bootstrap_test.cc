#include "app/bootstrap.h"

#include <gtest/gtest.h>

#include <map>

#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"
#include "state/members/member.h"
#include "state/members/versions.h"

namespace app {
namespace {

constexpr const char* kVersion =
    R"({"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"})";

// A discovery service that knows of so many members, and of one that registers no other.
class FixedRegistry final : public Registry {
 public:
  explicit FixedRegistry(std::vector<std::string> members) : members_(std::move(members)) {}
  using Entries = std::vector<RegistryEntry>;
  base::Result<Entries> Get(const std::string& key) override {
    return Entries{{key, std::to_string(members_.size() + 1), 1}};
  }
  base::Result<Entries> GetPrefix(const std::string& prefix) override {
    Entries entries;
    for (const std::string& member : members_) {
      entries.push_back({prefix + "/" + std::to_string(entries.size()), member, 2});
    }
    if (!self_.key.empty()) entries.push_back(self_);
    return entries;
  }
  base::Status Put(const std::string& key, const std::string& value) override {
    self_ = {key, value, 3};
    return {};
  }

 private:
  const std::vector<std::string> members_;
  RegistryEntry self_;
};

// What others answer, by URL and path; who has no answer cannot be reached.
class BootstrapTest : public ::testing::Test {
 protected:
  BootstrapTest() {
    config_.member.name = "b";
    config_.cluster.initial_cluster = "a=http://127.0.0.1:1,b=http://127.0.0.1:2";
    config_.cluster.initial_advertise_peer_urls = {{"http", "127.0.0.1", 2, ""}};
    options_.name = "b";
    options_.initial_cluster = {{"a", {"http://127.0.0.1:1"}}, {"b", {"http://127.0.0.1:2"}}};
    answers_["http://127.0.0.1:1/version"] = {200, "", kVersion};
  }

  void Members(const std::vector<members::Member>& members) {
    answers_["http://127.0.0.1:1/members"] = {200, "cafe", members::ToJson(members)};
  }

  Bootstrapping With() {
    return {
        .config = config_,
        .ask = [this](const config::Url& url, const std::string& path, const std::string&,
                      runtime::Duration) -> base::Result<PeerAnswer> {
          asked_.push_back(url.ToString() + path);
          const auto found = answers_.find(asked_.back());
          if (found != answers_.end()) return found->second;
          return base::Status(base::Code::kUnavailable, "connection refused");
        },
        .resolve = [](const std::string& host) -> std::optional<std::string> {
          if (host == "name") return "127.0.0.1";
          return std::nullopt;
        },
        .lookup_srv =
            [this](const std::string& name) -> base::Result<std::vector<runtime::dns::SrvRecord>> {
          asked_.push_back(name);
          return records_;
        },
        .open_registry = [this]() -> base::Result<std::unique_ptr<Registry>> {
          if (!registry_refuses_.ok()) return registry_refuses_;
          return std::unique_ptr<Registry>(std::make_unique<FixedRegistry>(registered_));
        },
        .pause = [](runtime::Duration) {},
        .logger = logger_};
  }

  std::string Refused() { return std::string(FindCluster(With()).status().message()); }

  static members::Member A() {
    return {.id = base::MemberId(0xa),
            .peer_urls = {"http://127.0.0.1:1"},
            .name = "a",
            .client_urls = {"http://127.0.0.1:3"}};
  }
  static members::Member B() { return Unstarted(0xb, "http://127.0.0.1:2"); }
  static members::Member Unstarted(uint64_t id, const char* url) {
    return {.id = base::MemberId(id), .peer_urls = {url}, .name = "", .client_urls = {}};
  }

  config::ServerConfig config_;
  server::Options options_;
  std::map<std::string, PeerAnswer> answers_;
  std::vector<std::string> asked_;
  std::vector<runtime::dns::SrvRecord> records_;
  std::vector<std::string> registered_;  // the other members at the discovery service
  base::Status registry_refuses_;
  runtime::posix::Clock clock_;
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&clock_, &sink_, {}};
};

TEST_F(BootstrapTest, WhoJoinsLearnsItsIdAndTheCluster) {
  Members({A(), B()});
  const auto joining = FindCluster(With());
  ASSERT_TRUE(joining.ok()) << joining.status().message();
  EXPECT_EQ(joining->self, base::MemberId(0xb));
  EXPECT_EQ(joining->cluster, base::ClusterId(0xcafe));
}

TEST_F(BootstrapTest, ANameOfTheSameAddressIsTheSameMember) {
  config_.cluster.initial_cluster = "a=http://127.0.0.1:1,b=http://name:2";
  Members({A(), B()});
  EXPECT_EQ(FindCluster(With())->self, base::MemberId(0xb));
}

TEST_F(BootstrapTest, TheNextIsAskedIfOneCannotAnswer) {
  config_.cluster.initial_cluster =
      "a=http://127.0.0.1:1,b=http://127.0.0.1:2,c=http://127.0.0.1:5,d=http://127.0.0.1:6";
  const members::Member c = Unstarted(0xc, "http://127.0.0.1:5");
  const members::Member d = Unstarted(0xd, "http://127.0.0.1:6");
  answers_["http://127.0.0.1:1/members"] = {404, "", "404 page not found\n"};
  answers_["http://127.0.0.1:5/members"] = {200, "", "[]"};
  answers_["http://127.0.0.1:6/members"] = {200, "cafe",
                                            members::ToJson(std::vector{A(), B(), c, d})};
  EXPECT_EQ(FindCluster(With())->self, base::MemberId(0xb));
}

TEST_F(BootstrapTest, WhatCannotBeJoinedIsRefusedInTheWordsOfEtcd) {
  EXPECT_EQ(Refused(),
            "cannot fetch cluster info from peer urls: could not retrieve cluster information "
            "from the given URLs");
  answers_["http://127.0.0.1:1/members"] = {200, "cafe", "[]"};
  EXPECT_EQ(Refused(),
            "cannot fetch cluster info from peer urls: failed to get raft cluster member(s) from "
            "the given URLs");
  Members({A()});
  EXPECT_EQ(Refused(),
            "error validating peerURLs {ClusterID:cafe Members:[&{ID:a "
            "RaftAttributes:{PeerURLs:[http://127.0.0.1:1] IsLearner:false} Attributes:{Name:a "
            "ClientURLs:[http://127.0.0.1:3]}}] RemovedMemberIDs:[]}: member count is unequal");
  members::Member elsewhere = B();
  elsewhere.peer_urls = {"http://127.0.0.1:9"};
  Members({A(), elsewhere});
  EXPECT_NE(Refused().find("PeerURLs: no match found for existing member (b, "
                           "[http://127.0.0.1:9]), last resolver error ("),
            std::string::npos);
  EXPECT_EQ(asked_.front(), "http://127.0.0.1:1/members") << "nobody asks oneself";
}

TEST_F(BootstrapTest, TheClusterMustNotBeNewerAndSomebodyMustSayWhatItIs) {
  Members({A(), B()});
  for (const char* version : {"3.8.0", "4.0.0", "2.3.0"}) {
    answers_["http://127.0.0.1:1/version"].body =
        members::ToJson(members::MemberVersions{"3.7.1", version, ""});
    EXPECT_EQ(Refused(), "incompatible with current running cluster") << version;
  }
  for (const char* version : {"3.0.0", "3.4.0", "3.7.0"}) {
    answers_["http://127.0.0.1:1/version"].body =
        members::ToJson(members::MemberVersions{"3.7.1", version, ""});
    EXPECT_EQ(Refused(), "") << version;
  }
  answers_["http://127.0.0.1:1/version"].body =
      members::ToJson(members::MemberVersions{"3.7.1", "not_decided", ""});
  EXPECT_EQ(Refused(), "incompatible with current running cluster");
  answers_.erase("http://127.0.0.1:1/version");
  EXPECT_EQ(Refused(), "incompatible with current running cluster");
}

// A cluster that is being downgraded takes members of its target, and so none above that.
TEST_F(BootstrapTest, ADowngradedClusterMustBeOneVersionAbove) {
  Members({A(), B()});
  answers_["http://127.0.0.1:1/downgrade/enabled"] = {200, "", "true"};
  const auto refused = [this](const char* version) {
    answers_["http://127.0.0.1:1/version"].body =
        members::ToJson(members::MemberVersions{"3.7.1", version, ""});
    return Refused();
  };
  EXPECT_EQ(refused("3.8.0"), "");
  for (const char* version : {"3.6.0", "3.7.0", "3.9.0"}) {
    EXPECT_EQ(refused(version), "incompatible with current running cluster") << version;
  }
  answers_["http://127.0.0.1:1/downgrade/enabled"] = {200, "", "false"};
  EXPECT_EQ(refused("3.7.0"), "");
}

// It may have voted, and would not know.
TEST_F(BootstrapTest, AMemberThatHasRunBeforeDoesNotJoinWithoutItsLog) {
  members::Member published = B();
  published.name = "b";
  Members({A(), published});
  EXPECT_EQ(Refused(),
            "member b has already been bootstrapped, and its log is not here: remove the member "
            "and add it again");
}

TEST_F(BootstrapTest, WhoFoundsAClusterAsksWhetherItHasRunBefore) {
  EXPECT_TRUE(CheckNotBootstrapped(With(), options_).ok()) << "nobody is there yet";
  members::Member self = B();
  self.id = members::InitialMemberId(self.peer_urls, options_.initial_cluster_token);
  Members({A(), self});
  EXPECT_TRUE(CheckNotBootstrapped(With(), options_).ok()) << "it has not told its URLs";
  self.client_urls = {"http://127.0.0.1:4"};
  Members({A(), self});
  const base::Status refused = CheckNotBootstrapped(With(), options_);
  EXPECT_EQ(refused.code(), base::Code::kFailedPrecondition);
  EXPECT_EQ(refused.message(),
            "member " + members::HexText(self.id.value()) + " has already been bootstrapped");
}

// Of a first start with these flags.
class FirstStartTest : public BootstrapTest {
 protected:
  std::string Refused(const std::string& initial_cluster) {
    config_.cluster.initial_cluster = initial_cluster;
    return std::string(Bootstrap(With(), &options_).message());
  }
  std::vector<std::string> Members() const {
    std::vector<std::string> members;
    for (const server::InitialMember& member : options_.initial_cluster) {
      members.push_back(member.name + "=" + member.peer_urls.front());
    }
    return members;
  }
};

TEST_F(FirstStartTest, MistakesInTheInitialClusterAreToldInTheWordsOfEtcd) {
  EXPECT_EQ(Refused("a=http://127.0.0.1:1,b=http://127.0.0.1:2"), "");
  EXPECT_EQ(Refused("a=http://127.0.0.1:1"),
            "couldn't find local name \"b\" in the initial cluster configuration");
  EXPECT_EQ(Refused("a=http://127.0.0.1:2,b=http://127.0.0.1:2"),
            "initial cluster a=http://127.0.0.1:2,b=http://127.0.0.1:2 has duplicate url");
  EXPECT_EQ(Refused("a=http://127.0.0.1:1,b=http://127.0.0.1:3"),
            "--initial-cluster has b=http://127.0.0.1:3 but missing from "
            "--initial-advertise-peer-urls=http://127.0.0.1:2 (resolved urls: "
            "\"http://127.0.0.1:2\" != \"http://127.0.0.1:3\")");
  EXPECT_EQ(Refused("b"),
            "error setting up initial cluster: URL scheme must be http, https, unix, or unixs: ");
}

TEST_F(FirstStartTest, TheMembersAreThoseThatDnsNames) {
  config_.cluster.initial_cluster = "";
  config_.discovery.srv = "example.com";
  records_ = {{.target = "127.0.0.1", .port = 2}, {.target = "name", .port = 1}};
  ASSERT_TRUE(Bootstrap(With(), &options_).ok());
  EXPECT_EQ(Members(), (std::vector<std::string>{"0=http://name:1", "b=http://127.0.0.1:2"}));
}

TEST_F(FirstStartTest, TheMembersAreThoseThatTheDiscoveryServiceNames) {
  config_.cluster.initial_cluster = "";
  config_.discovery.endpoints = {"e"};
  config_.discovery.token = "token";
  registered_ = {"a=http://127.0.0.1:1"};
  ASSERT_TRUE(Bootstrap(With(), &options_).ok());
  EXPECT_EQ(Members(), (std::vector<std::string>{"a=http://127.0.0.1:1", "b=http://127.0.0.1:2"}));
  EXPECT_EQ(options_.initial_cluster_token, "token");
  registry_refuses_ = {base::Code::kUnauthenticated, "who are you"};
  EXPECT_EQ(Bootstrap(With(), &options_).message(),
            "failed to join discovery cluster (who are you)");
  registry_refuses_ = {};
  registered_ = {"a=http://127.0.0.1:2"};
  EXPECT_EQ(Bootstrap(With(), &options_).message(),
            "discovery cluster a=http://127.0.0.1:2,b=http://127.0.0.1:2 has duplicate url");
  options_.join_existing_cluster = true;
  EXPECT_EQ(Bootstrap(With(), &options_).message(),
            "discovery URL should not be set when joining existing initial cluster");
}

TEST_F(FirstStartTest, AServiceOfApiV2IsTheClustersToken) {
  config_.cluster.initial_cluster = "";
  config_.discovery.url = "http://service/v2/keys/token";
  registered_ = {"a=http://127.0.0.1:1"};
  ASSERT_TRUE(Bootstrap(With(), &options_).ok());
  EXPECT_EQ(Members(), (std::vector<std::string>{"a=http://127.0.0.1:1", "b=http://127.0.0.1:2"}));
  EXPECT_EQ(options_.initial_cluster_token, "http://service/v2/keys/token");
  options_.join_existing_cluster = true;
  EXPECT_EQ(Bootstrap(With(), &options_).message(),
            "discovery URL should not be set when joining existing initial cluster");
}

}  // namespace
}  // namespace app
