#include "app/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"
#include "runtime/simulated/disk.h"

namespace app {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keys in memory, at revisions; fails as often as it is told to.
class MemoryRegistry final : public Registry {
 public:
  base::Result<std::vector<RegistryEntry>> Get(const std::string& key) override {
    if (Fails()) return Unreachable();
    std::vector<RegistryEntry> found;
    if (const auto entry = entries_.find(key); entry != entries_.end()) {
      found.push_back(entry->second);
    }
    return found;
  }
  base::Result<std::vector<RegistryEntry>> GetPrefix(const std::string& prefix) override {
    if (Fails()) return Unreachable();
    std::vector<RegistryEntry> found;
    for (const auto& [key, entry] : entries_) {
      // As in API v2, which hides it.
      if (key.starts_with(prefix) && key != "/_config/size") found.push_back(entry);
    }
    return found;
  }
  base::Status Put(const std::string& key, const std::string& value) override {
    if (Fails()) return Unreachable();
    if (!put_refusal.ok()) return put_refusal;
    Set(key, value);
    return {};
  }
  void Set(const std::string& key, const std::string& value) {
    ++revision_;
    RegistryEntry& entry = entries_[key];
    if (entry.create_revision == 0) entry.create_revision = revision_;
    entry.key = key;
    entry.value = value;
  }
  std::string At(const std::string& key) { return entries_[key].value; }

  int failures = 0;  // still to come
  base::Status put_refusal;

 private:
  bool Fails() { return failures > 0 && failures-- > 0; }
  static base::Status Unreachable() { return {base::Code::kUnavailable, "connection refused"}; }

  std::map<std::string, RegistryEntry> entries_;
  int64_t revision_ = 0;
};

constexpr const char* kSize = "/_etcd/registry/t/_config/size";
constexpr const char* kSelf = "/_etcd/registry/t/members/cafe";
constexpr const char* kOther = "/_etcd/registry/t/members/1";
constexpr const char* kThird = "/_etcd/registry/t/members/2";

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() {
    config_.token = "t";
    config_.endpoints = {"e"};
  }
  base::Result<std::string> Join() {
    return JoinByDiscovery({.config = config_,
                            .registry = &registry_,
                            .self = base::MemberId(0xcafe),
                            .initial_cluster = "m=http://m:1",
                            .pause =
                                [this](runtime::Duration pause) {
                                  pauses_.push_back(pause);
                                  if (on_pause_) on_pause_();
                                },
                            .logger = logger_});
  }
  std::string Refused() { return std::string(Join().status().message()); }

  config::DiscoveryConfig config_;
  MemoryRegistry registry_;
  std::function<void()> on_pause_;
  std::vector<runtime::Duration> pauses_;
  runtime::posix::Clock clock_;
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&clock_, &sink_, {}};
};

TEST_F(DiscoveryTest, AMemberRegistersItselfAndIsTheClusterIfItIsToBeOfOne) {
  registry_.Set(kSize, "1");
  EXPECT_EQ(*Join(), "m=http://m:1");
  EXPECT_EQ(registry_.At(kSelf), "m=http://m:1");
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(DiscoveryTest, ATokenMayBeSpelledAsAPathMay) {
  registry_.Set(kSize, "1");
  for (const char* token : {"t/", "./t", "//t//", "other/../t"}) {
    config_.token = token;
    EXPECT_EQ(Join().status().message(), "") << token;
    EXPECT_EQ(registry_.At(kSelf), "m=http://m:1") << token;
  }
  config_.token = "../t";
  EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: size key not found)");
}

TEST_F(DiscoveryTest, ItWaitsUntilAllAreThere) {
  registry_.Set(kSize, "2");
  on_pause_ = [this] {
    if (pauses_.size() == 9) registry_.Set(kOther, "n=http://n:1,n=http://n:2");
  };
  EXPECT_EQ(*Join(), "m=http://m:1,n=http://n:1,n=http://n:2");
  EXPECT_EQ(pauses_.size(), 9u);
  EXPECT_LE(pauses_.back(), seconds(2));
}

TEST_F(DiscoveryTest, TheFirstThatCameAreTheCluster) {
  registry_.Set(kSize, "2");
  registry_.Set(kThird, "o=http://o:1");
  registry_.Set(kOther, "nonsense");
  registry_.Set(kSelf, "m=http://m:1");
  registry_.Set("/_etcd/registry/t/members/3", "p=http://p:1");
  EXPECT_EQ(*Join(), "o=http://o:1,m=http://m:1");
}

TEST_F(DiscoveryTest, WhatCannotBeJoinedIsRefusedInTheWordsOfEtcd) {
  EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: size key not found)");
  for (const char* const bad : {"", "x", "0", "-1", "3 ", "99999999999999999999"}) {
    registry_.Set(kSize, bad);
    EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: size key is bad)") << bad;
  }
  registry_.Set(kSize, "2");
  registry_.Set(kOther, "n=http://n:1");
  registry_.Set(kThird, "o=http://o:1");
  EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: cluster is full)");
  EXPECT_EQ(registry_.At(kSelf), "");
}

TEST_F(DiscoveryTest, WhatOthersRegisteredMustBeACluster) {
  registry_.Set(kSize, "2");
  registry_.Set(kOther, "n=nonsense");
  EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: invalid peer URL)");
  registry_.Set(kOther, "m=http://n:1");
  EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: found duplicate name)");
}

TEST_F(DiscoveryTest, ARegistryThatDoesNotAnswerIsAskedAgainMoreAndMoreSeldom) {
  registry_.Set(kSize, "1");
  registry_.failures = 10;
  EXPECT_TRUE(Join().ok());
  EXPECT_THAT(pauses_,
              ElementsAre(seconds(2), seconds(4), seconds(8), seconds(16), seconds(32), seconds(64),
                          seconds(128), seconds(256), seconds(256), seconds(256)));
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("retry connecting to discovery service")));
}

TEST_F(DiscoveryTest, WhatDoesNotBecomeRightIsNotAskedForAgain) {
  registry_.Set(kSize, "2");
  registry_.put_refusal = {base::Code::kFailedPrecondition, "discovery: found duplicate id"};
  EXPECT_EQ(Refused(), "failed to join discovery cluster (discovery: found duplicate id)");
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(DiscoveryTest, AtAServiceOfApiV2MembersAreBelowTheToken) {
  config_ = {};
  config_.url = "http://service/token";
  registry_.Set("/_config/size", "1");
  EXPECT_EQ(*Join(), "m=http://m:1");
  EXPECT_EQ(registry_.At("/cafe"), "m=http://m:1");
}

TEST(V2RegistryTest, WhatIsNoUrlOfAServiceIsRefused) {
  runtime::simulated::Disk disk(1);
  for (const char* const url : {"nonsense", "http://host:x/token", "http://host:99999/token",
                                "ftp://host/token", "unix:///socket/token", "unixs://socket"}) {
    config::DiscoveryConfig config;
    config.url = url;
    EXPECT_EQ(OpenV2Registry(config, disk).status().message(), "discovery: invalid URL") << url;
  }
}

}  // namespace
}  // namespace app
