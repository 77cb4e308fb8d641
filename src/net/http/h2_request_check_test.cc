#include "net/http/h2_request_check.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const Fields kHead = {{":method", "POST"}, {":scheme", "http"}, {":path", "/p"}};

bool IsWellFormed(Fields head, const Fields& more = {}) {
  head.insert(head.end(), more.begin(), more.end());
  H2RequestCheck check;
  for (const auto& [name, value] : head) {
    if (!check.OnField(name, value)) return false;
  }
  return check.OnHeadComplete();
}

TEST(H2RequestCheckTest, AnAuthorityMayBeAnything) {
  EXPECT_TRUE(IsWellFormed(kHead));
  EXPECT_TRUE(IsWellFormed(kHead, {{":authority", "127.0.0.1:2379"}}));
  EXPECT_TRUE(IsWellFormed(kHead, {{":authority", "http://127.0.0.1:2379"}}));
  EXPECT_FALSE(IsWellFormed(kHead, {{":authority", "a\nb"}}));
}

TEST(H2RequestCheckTest, AHeadNeedsMethodSchemeAndPath) {
  for (size_t missing = 0; missing < kHead.size(); ++missing) {
    Fields head = kHead;
    head.erase(head.begin() + static_cast<ptrdiff_t>(missing));
    EXPECT_FALSE(IsWellFormed(head)) << kHead[missing].first;
    Fields empty = kHead;
    empty[missing].second.clear();
    EXPECT_FALSE(IsWellFormed(empty)) << kHead[missing].first;
  }
  EXPECT_FALSE(IsWellFormed({{":method", "GET"}, {":scheme", "http"}, {":path", "p"}}));
}

TEST(H2RequestCheckTest, PseudoFieldsAreKnownComeFirstAndOnce) {
  EXPECT_FALSE(IsWellFormed(kHead, {{":status", "200"}}));
  EXPECT_FALSE(IsWellFormed(kHead, {{":path", "/q"}}));
  EXPECT_FALSE(IsWellFormed(kHead, {{"x", "y"}, {":authority", "a"}}));
}

TEST(H2RequestCheckTest, FieldsOfAConnectionAreRefused) {
  for (const char* const name :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    EXPECT_FALSE(IsWellFormed(kHead, {{name, "x"}})) << name;
  }
  EXPECT_TRUE(IsWellFormed(kHead, {{"te", "trailers"}}));
  EXPECT_TRUE(IsWellFormed(kHead, {{"te", "Trailers"}}));
  EXPECT_FALSE(IsWellFormed(kHead, {{"te", "gzip"}}));
}

TEST(H2RequestCheckTest, NamesAndValuesHaveOnlyTheirCharacters) {
  EXPECT_TRUE(IsWellFormed(kHead, {{"x", "a\tb \xc3\xa4"}}));
  for (const char* const name : {"", "X", "x y", "x:", "\xc3\xa4"}) {
    EXPECT_FALSE(IsWellFormed(kHead, {{name, "z"}})) << name;
  }
  for (const std::string& value :
       {std::string("a\0b", 3), std::string("a\nb"), std::string("\x7f")}) {
    EXPECT_FALSE(IsWellFormed(kHead, {{"x", value}}));
  }
}

TEST(H2RequestCheckTest, ContentLengthIsOneNumber) {
  EXPECT_TRUE(IsWellFormed(kHead, {{"content-length", "0"}}));
  for (const char* const value : {"", "-1", "+1", "1x", " 1", "99999999999999999999"}) {
    EXPECT_FALSE(IsWellFormed(kHead, {{"content-length", value}})) << value;
  }
  EXPECT_FALSE(IsWellFormed(kHead, {{"content-length", "1"}, {"content-length", "1"}}));
}

TEST(H2RequestCheckTest, TheDataAreAsLongAsWasSaid) {
  H2RequestCheck check;
  ASSERT_TRUE(check.OnField("content-length", "3"));
  EXPECT_TRUE(check.OnData(2));
  EXPECT_FALSE(check.OnEnd());
  EXPECT_TRUE(check.OnData(1));
  EXPECT_TRUE(check.OnEnd());
  EXPECT_FALSE(check.OnData(1));
}

TEST(H2RequestCheckTest, TrailersHaveNoPseudoFields) {
  H2RequestCheck check;
  for (const auto& [name, value] : kHead) ASSERT_TRUE(check.OnField(name, value));
  ASSERT_TRUE(check.OnHeadComplete());
  EXPECT_TRUE(check.OnField("x", "y"));
  EXPECT_FALSE(check.OnField(":authority", "a"));
}

// What a server does with the frames of stream 1, and that another stream goes on.
class MalformedRequestTest : public ::testing::Test {
 protected:
  void Send(const std::vector<Frame>& frames) {
    client_.SendPreface();
    for (const Frame& frame : frames) client_.Send(frame);
    world_.Settle();
  }
  void ExpectReset() {
    const auto resets = client_.ReceivedFrames(kReset);
    ASSERT_FALSE(resets.empty());
    EXPECT_EQ(resets[0].stream, 1u);
    EXPECT_EQ(ReadUint(resets[0].payload), static_cast<uint32_t>(ErrorCode::kProtocolError));
    const int before = service_.requests;
    client_.Send(RequestFrame(3, true));
    world_.Settle();
    EXPECT_EQ(service_.requests, before + 1);
    EXPECT_TRUE(client_.ReceivedFrames(kGoAway).empty());
  }
  static Frame Head(uint8_t flags, const Fields& more) {
    Fields head = kHead;
    head.insert(head.end(), more.begin(), more.end());
    return Frame{kHeaders, static_cast<uint8_t>(kEndHeaders | flags), 1, EncodeFields(head)};
  }

  EchoService service_;
  World world_{&service_};
  RawClient& client_ = world_.ConnectRaw();
};

TEST_F(MalformedRequestTest, AUrlAsAuthorityIsServed) {
  Send({Head(kEndStream, {{":authority", "http://127.0.0.1:2379"}})});
  EXPECT_EQ(service_.requests, 1);
  EXPECT_TRUE(client_.ReceivedFrames(kReset).empty());
}

TEST_F(MalformedRequestTest, AMalformedFieldResetsTheStream) {
  Send({Head(kEndStream, {{"connection", "close"}})});
  EXPECT_EQ(service_.requests, 0);
  ExpectReset();
}

TEST_F(MalformedRequestTest, AnIncompleteHeadResetsTheStream) {
  Send({Frame{kHeaders, kEndHeaders | kEndStream, 1, EncodeFields({{":method", "GET"}})}});
  EXPECT_EQ(service_.requests, 0);
  ExpectReset();
}

TEST_F(MalformedRequestTest, MoreDataThanWasSaidResetTheStream) {
  Send({Head(0, {{"content-length", "1"}}), Frame{kData, kEndStream, 1, "two"}});
  ExpectReset();
}

TEST_F(MalformedRequestTest, LessDataThanWasSaidResetTheStream) {
  Send({Head(0, {{"content-length", "9"}}), Frame{kData, kEndStream, 1, "two"}});
  ExpectReset();
}

TEST_F(MalformedRequestTest, TrailersThatAreNotTheEndResetTheStream) {
  Send({Head(0, {}), Frame{kHeaders, kEndHeaders, 1, EncodeFields({{"x", "y"}})}});
  ExpectReset();
}

}  // namespace
}  // namespace http::testing
