#include "app/initial_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "net/peer/hash_answer.h"
#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"

namespace app {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// A member of three that is at revision 8, compacted at 3; the others answer by URL, or not at all.
class InitialCheckTest : public ::testing::Test {
 protected:
  base::Status Check() {
    const auto member = [](uint64_t id, std::vector<std::string> urls) {
      return members::Member{
          .id = base::MemberId(id), .peer_urls = std::move(urls), .name = "", .client_urls = {}};
    };
    return CheckInitialCorruption(
        {.self = base::MemberId(0xa),
         .members = {member(0xa, {"http://a:1"}), member(0xb, {"http://b:1", "http://b:2"}),
                     member(0xc, {"http://c:1"})},
         .own = {77, 3, 8},
         .ask = [this](const config::Url& url, const std::string& path, const std::string& body,
                       runtime::Duration) -> base::Result<PeerAnswer> {
           EXPECT_EQ(path, "/members/hashkv");
           EXPECT_EQ(body, R"({"revision":8})");
           EXPECT_NE(url.ToString(), "http://a:1");
           const auto found = answers_.find(url.ToString());
           if (found != answers_.end()) return found->second;
           return base::Status(base::Code::kUnavailable, "connection refused");
         },
         .timeout = std::chrono::seconds(7),
         .logger = logger_});
  }
  void Tell(const std::string& url, uint32_t hash, int64_t compact_revision) {
    const server::MemberHash told{{hash, compact_revision, 8}, base::Revision(9)};
    answers_[url] = {200, "", peer::HashAnswer(told)};
  }

  std::map<std::string, PeerAnswer> answers_;
  runtime::posix::Clock clock_;
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&clock_, &sink_, {}};
};

TEST_F(InitialCheckTest, EqualKeysPass) {
  Tell("http://b:1", 77, 3);
  Tell("http://c:1", 77, 3);
  EXPECT_TRUE(Check().ok());
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("initial corruption checking passed")));
}

TEST_F(InitialCheckTest, OtherKeysEndTheStart) {
  Tell("http://b:1", 77, 3);
  Tell("http://c:1", 78, 3);
  EXPECT_EQ(Check().message(), "a found data inconsistency with peers");
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("found different hash values from remote peer")));
}

TEST_F(InitialCheckTest, AMemberIsAskedAtEachOfItsUrls) {
  Tell("http://b:2", 78, 3);
  EXPECT_FALSE(Check().ok());
}

TEST_F(InitialCheckTest, WhoHasCompactedOtherwiseSaysNothing) {
  Tell("http://b:1", 78, 5);
  EXPECT_TRUE(Check().ok());
  EXPECT_THAT(sink_.lines(),
              Contains(HasSubstr("found different compact revision values from remote peer")));
}

TEST_F(InitialCheckTest, WhoCannotTellDoesNotHoldUpTheStart) {
  answers_["http://b:1"] = {400, "", "mvcc: required revision is a future revision\n"};
  answers_["http://c:1"] = {200, "", "garbage"};
  EXPECT_TRUE(Check().ok());
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("cannot fetch hash from slow remote peer")));
  answers_.clear();
  EXPECT_TRUE(Check().ok());
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("connection refused")));
}

}  // namespace
}  // namespace app
