#include "app/self_replacement.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"
#include "server/damaged_files.h"
#include "server/data_directory.h"
#include "server/log_metadata.h"
#include "server/replacement.h"
#include "storage/wal/log.h"

namespace app {
namespace {

constexpr const char* kPath = "/cornerstore/members/replace";
constexpr const char* kLeader = "http://127.0.0.1:1";
constexpr const char* kOther = "http://127.0.0.1:3";

members::Member MemberAt(uint64_t id, const char* url, const char* name) {
  members::Member member{
      .id = base::MemberId(id), .peer_urls = {url}, .name = name, .client_urls = {}};
  if (!member.name.empty()) member.client_urls = {"http://127.0.0.1:9"};
  return member;
}

// b of a, b and c; what the others answer is told by URL and path.
class SelfReplacementTest : public ::testing::Test {
 protected:
  SelfReplacementTest() {
    config_.member.name = "b";
    config_.cluster.initial_cluster =
        "a=http://127.0.0.1:1,b=http://127.0.0.1:2,c=http://127.0.0.1:3";
    config_.cluster.initial_advertise_peer_urls = {{"http", "127.0.0.1", 2, ""}};
    options_.name = "b";
    options_.data_dir = "/data";
    options_.replace = true;
    environment_.disk = &disk_;
    environment_.logger = &logger_;
    environment_.open_backend = [](const std::string& path, const backend::OnDamage&) {
      return base::Result<std::unique_ptr<backend::Backend>>(
          base::Status(base::Code::kDataLoss, path + ": damaged"));
    };
    EXPECT_TRUE(disk_.CreateDirectories("/data/member").ok());
    SetMembers({A(), B(), C()});
  }
  static members::Member A() { return MemberAt(0xa, kLeader, "a"); }
  static members::Member B() { return MemberAt(0xb, "http://127.0.0.1:2", "b"); }
  static members::Member C() { return MemberAt(0xc, kOther, "c"); }

  void SetMembers(const std::vector<members::Member>& members) {
    for (const std::string url : {kLeader, kOther}) {
      answers_[url + "/members"] = {200, "cafe", members::ToJson(members)};
    }
  }
  // The log of a member, which lacks nothing.
  void MakeLog(base::MemberId id) {
    ASSERT_TRUE(wal::Log::Create(disk_, server::Paths(options_).wal,
                                 server::EncodeMetadata({id, base::ClusterId(0xcafe)}),
                                 {.segment_bytes = 64 * 1024})
                    .ok());
  }
  // The leader does what it is asked.
  void Agree() {
    on_post_ = [](const std::string& url, const server::Replacement& asked) -> PeerAnswer {
      if (url != kLeader) return {503, "", "not the leader, which is a\n"};
      members::Member successor = MemberAt(asked.successor.value(), "http://127.0.0.1:2", "");
      successor.is_learner = true;
      return {200, "", members::ToJson(std::vector{A(), successor, C()})};
    };
  }
  base::Result<PeerAnswer> Answer(const std::string& what) {
    const auto found = answers_.find(what);
    if (found != answers_.end()) return found->second;
    return base::Status(base::Code::kUnavailable, "connection refused");
  }
  template <typename Ask>
  auto With(Ask ask) {
    const Bootstrapping bootstrapping{
        .config = config_,
        .ask = [this](const config::Url& url, const std::string& path, const std::string&,
                      runtime::Duration) { return Answer(url.ToString() + path); },
        .resolve = [](const std::string&) { return std::nullopt; },
        .lookup_srv = [](const std::string&) { return std::vector<runtime::dns::SrvRecord>(); },
        .open_registry = []() -> base::Result<std::unique_ptr<Registry>> {
          return base::Status(base::Code::kUnavailable, "no registry");
        },
        .pause = [this](runtime::Duration pause) { scheduler_.RunFor(pause); },
        .logger = logger_};
    const SelfReplacement with{
        bootstrapping,
        [this](const config::Url& url, const std::string& path, const std::string& body,
               runtime::Duration) -> base::Result<PeerAnswer> {
          EXPECT_EQ(path, kPath);
          const auto asked = server::ReplacementFromJson(body);
          EXPECT_TRUE(asked.ok()) << body;
          asked_.push_back(*asked);
          if (!on_post_) return base::Status(base::Code::kUnavailable, "connection refused");
          return on_post_(url.ToString(), *asked);
        },
        environment_, scheduler_.clock()};
    return ask(with);
  }
  base::Status Replace() {
    return With([this](const SelfReplacement& with) {
      return ReplaceSelf(with, {base::Code::kDataLoss, "wal: damaged"}, &options_);
    });
  }
  bool HasLost() {
    return *With([this](const SelfReplacement& with) { return HasLostLog(with, options_); });
  }
  std::optional<server::Replacement> Note() { return *server::ReadReplacement(disk_, options_); }

  config::ServerConfig config_;
  server::Options options_;
  server::Environment environment_{};
  runtime::simulated::Scheduler scheduler_{1};
  runtime::simulated::Disk disk_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  std::map<std::string, PeerAnswer> answers_;
  std::function<PeerAnswer(const std::string& url, const server::Replacement& asked)> on_post_;
  std::vector<server::Replacement> asked_;
};

TEST_F(SelfReplacementTest, AMemberJoinsAsItsSuccessorAndKeepsItsFiles) {
  MakeLog(base::MemberId(0xb));
  Agree();
  ASSERT_TRUE(Replace().ok());
  ASSERT_TRUE(options_.joining.has_value());
  EXPECT_TRUE(options_.join_existing_cluster);
  EXPECT_EQ(options_.joining->self, Note()->successor);
  EXPECT_EQ(options_.joining->cluster, base::ClusterId(0xcafe));
  EXPECT_EQ(Note()->member, base::MemberId(0xb));
  EXPECT_TRUE(Note()->is_voter);
  EXPECT_FALSE(*wal::HasLog(disk_, server::Paths(options_).wal));
  EXPECT_TRUE(
      *disk_.Exists("/data/replaced-by-" + members::HexText(Note()->successor.value()) + "/wal"));
}

TEST_F(SelfReplacementTest, WhatADamagedLogSaysOfItsOwnerIsNotBelieved) {
  MakeLog(base::MemberId(0xb));
  const std::string directory = server::Paths(options_).wal;
  const std::string path = directory + "/" + disk_.List(directory)->front();
  const base::Bytes log = *runtime::ReadFile(disk_, path);
  const base::Bytes metadata =
      server::EncodeMetadata({base::MemberId(0xb), base::ClusterId(0xcafe)});
  const size_t at = log.find(metadata);
  ASSERT_NE(at, log.npos);
  Agree();
  for (size_t i = 0; i < metadata.size(); ++i) {
    EXPECT_TRUE(server::OwnerOf(disk_, options_)->has_value());
    disk_.Corrupt(path, at + i);
    EXPECT_FALSE(server::OwnerOf(disk_, options_)->has_value()) << i;
    disk_.Corrupt(path, at + i);
  }
  disk_.Corrupt(path, at + metadata.size() - 1);  // of the cluster
  ASSERT_TRUE(Replace().ok());
  EXPECT_EQ(Note()->member, base::MemberId(0xb));
}

TEST_F(SelfReplacementTest, ItAsksForTheSameSuccessorUntilItIsAnswered) {
  MakeLog(base::MemberId(0xb));
  ASSERT_EQ(Replace().code(), base::Code::kDataLoss);
  const server::Replacement first = asked_.front();
  EXPECT_TRUE(*wal::HasLog(disk_, server::Paths(options_).wal)) << "its files are as they were";
  EXPECT_FALSE(options_.joining.has_value());
  // It was agreed, and nobody heard so.
  SetMembers({A(), MemberAt(first.successor.value(), "http://127.0.0.1:2", ""), C()});
  Agree();
  ASSERT_TRUE(Replace().ok());
  for (const server::Replacement& asked : asked_) EXPECT_EQ(asked, first);
}

TEST_F(SelfReplacementTest, TheErrorSaysWhatTheOthersSay) {
  MakeLog(base::MemberId(0xb));
  on_post_ = [](const std::string& url, const server::Replacement&) -> PeerAnswer {
    if (url == kLeader) return {404, "", "404 page not found\n"};
    return {503, "", "not the leader, which is a\n"};
  };
  const runtime::TimePoint start = scheduler_.clock().Now();
  const base::Status refused = Replace();
  EXPECT_GE(scheduler_.clock().Now() - start, std::chrono::seconds(30));
  EXPECT_EQ(refused.message(),
            "wal: damaged; nor is it replaced: a: it cannot replace members, as those of etcd and "
            "of earlier versions cannot; c: not the leader, which is a; a majority of the members "
            "must run and reach each other; if it is lost for good, etcdutl recover makes a new "
            "cluster of what is left");
}

TEST_F(SelfReplacementTest, WhatIsRefusedForGoodIsNotAskedAgain) {
  MakeLog(base::MemberId(0xb));
  on_post_ = [](const std::string&, const server::Replacement&) -> PeerAnswer {
    return {412, "", "no\n"};
  };
  EXPECT_EQ(Replace().message(), "wal: damaged; nor is it replaced: no");
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(SelfReplacementTest, AnotherClusterIsNotAsked) {
  answers_[kLeader + std::string("/members")].cluster_id = "beef";
  MakeLog(base::MemberId(0xb));
  EXPECT_EQ(Replace().message(),
            "wal: damaged; nor is it replaced: the others belong to another cluster, beef");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(SelfReplacementTest, AMemberThatWasRemovedIsNotReplaced) {
  MakeLog(base::MemberId(0xb));
  SetMembers({A(), C()});
  EXPECT_EQ(Replace().message(),
            "wal: damaged; nor is it replaced: member b was removed from the cluster");
}

// The leader had it removed, and ended.
TEST_F(SelfReplacementTest, UnlessItIsBeingReplaced) {
  MakeLog(base::MemberId(0xb));
  ASSERT_FALSE(Replace().ok());
  SetMembers({A(), C()});
  Agree();
  EXPECT_TRUE(Replace().ok());
}

TEST_F(SelfReplacementTest, ASuccessorThatIsDamagedTooGetsOneOfItsOwn) {
  Agree();
  MakeLog(base::MemberId(0xb));
  ASSERT_TRUE(Replace().ok());
  const base::MemberId first = options_.joining->self;
  MakeLog(first);
  members::Member learner = MemberAt(first.value(), "http://127.0.0.1:2", "b");
  learner.is_learner = true;
  SetMembers({A(), learner, C()});
  ASSERT_TRUE(Replace().ok());
  EXPECT_EQ(Note()->member, first);
  EXPECT_NE(options_.joining->self, first);
  EXPECT_TRUE(Note()->is_voter) << "the one before was to become one";
}

TEST_F(SelfReplacementTest, WithoutALogItIsKnownByItsUrls) {
  EXPECT_TRUE(HasLost());
  Agree();
  ASSERT_TRUE(Replace().ok());
  EXPECT_EQ(Note()->member, base::MemberId(0xb));
}

TEST_F(SelfReplacementTest, WhoHasNeverRunHasLostNothing) {
  SetMembers({A(), MemberAt(0xb, "http://127.0.0.1:2", ""), C()});
  EXPECT_FALSE(HasLost());
  SetMembers({A(), C()});
  EXPECT_FALSE(HasLost());
  // A founder has its name before it runs.
  members::Member founder = B();
  founder.client_urls.clear();
  founder.id = members::InitialMemberId(founder.peer_urls, config_.cluster.initial_cluster_token);
  SetMembers({A(), founder, C()});
  EXPECT_FALSE(HasLost());
  answers_.clear();
  EXPECT_FALSE(HasLost()) << "nobody is there yet";
}

TEST_F(SelfReplacementTest, WhoWasBeingReplacedHasLostItsLog) {
  ASSERT_FALSE(Replace().ok());
  const base::MemberId successor = Note()->successor;
  SetMembers({A(), MemberAt(successor.value(), "http://127.0.0.1:2", ""), C()});
  EXPECT_TRUE(HasLost());
  SetMembers({A(), C()});
  EXPECT_TRUE(HasLost());
  answers_.clear();
  EXPECT_TRUE(HasLost());
}

}  // namespace
}  // namespace app
