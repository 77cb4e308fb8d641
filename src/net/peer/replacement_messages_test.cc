#include "net/peer/replacement_messages.h"

#include <gtest/gtest.h>

namespace peer {
namespace {

server::Replacement Example() {
  return {.cluster = base::ClusterId(0xcafe),
          .member = base::MemberId(0xa),
          .successor = base::MemberId(0xffffffffffffffff),
          .is_voter = true,
          .name = "m0",
          .peer_urls = {"http://127.0.0.1:2380", "https://[::1]:1"}};
}

TEST(ReplacementMessagesTest, AQuestionIsWhatWasAsked) {
  EXPECT_EQ(server::ToJson(Example()),
            R"({"cluster":"cafe","member":"a","successor":"ffffffffffffffff","voter":true,)"
            R"("name":"m0","peerURLs":["http://127.0.0.1:2380","https://[::1]:1"]})");
  EXPECT_EQ(*ParseReplacement(server::ToJson(Example())), Example());
}

TEST(ReplacementMessagesTest, WhatCannotBeAskedIsRefused) {
  const std::string good = server::ToJson(Example());
  const auto with = [&good](std::string_view part, std::string_view other) {
    std::string text = good;
    return text.replace(text.find(part), part.size(), other);
  };
  for (const std::string& body : {
           std::string(),
           std::string("null"),
           std::string("[]"),
           std::string("{}"),
           good.substr(0, good.size() - 1),
           with("\"cafe\"", "\"0\""),
           with("\"cafe\"", "\"CAFE\""),
           with("\"cafe\"", "51966"),
           with("\"a\"", "\"00a\""),
           with("\"a\"", "\"10000000000000000\""),
           with("ffffffffffffffff", "a"),
           with("\"successor\"", "\"other\""),
           with("true", "1"),
           with("\"m0\"", "null"),
           with("m0", std::string(server::kReplacementNameBytesMax + 1, 'x')),
           with("127.0.0.1:2380", "127.0.0.1"),
           with("http:", "ftp:"),
           with("127.0.0.1", std::string(2000, '1')),
           with(R"(["http://127.0.0.1:2380","https://[::1]:1"])", "[]"),
           with(R"("http://127.0.0.1:2380")", "7"),
       }) {
    EXPECT_FALSE(ParseReplacement(body).ok()) << body;
  }
  server::Replacement many = Example();
  many.peer_urls.assign(server::kReplacementUrlsMax + 1, "http://127.0.0.1:1");
  EXPECT_FALSE(ParseReplacement(server::ToJson(many)).ok());
}

TEST(ReplacementMessagesTest, AnAnswerSaysWhetherToAskAgain) {
  const auto answer_of = [](const http::PlainResponse& response) {
    return ReplacementAnswer(response.status, response.body);
  };
  EXPECT_TRUE(answer_of(ReplacementResponse(std::vector<members::Member>())).ok());
  const base::Status no(base::Code::kFailedPrecondition, "no");
  EXPECT_EQ(answer_of(ReplacementResponse(no)), no);
  const base::Status later(base::Code::kUnavailable, "later");
  EXPECT_EQ(answer_of(ReplacementResponse(later)), later);
  EXPECT_EQ(ReplacementAnswer(404, "404 page not found\n").code(), base::Code::kNotFound);
  EXPECT_EQ(ReplacementAnswer(503, "").message(), "status 503");
  EXPECT_LT(ReplacementAnswer(500, std::string(10'000, 'x')).message().size(), 400u);
}

}  // namespace
}  // namespace peer
