#include "net/http/websocket_handshake.h"

#include <gtest/gtest.h>

#include <string>

namespace http {
namespace {

// The request of RFC 6455 section 1.3, with one field as given; empty: without it.
Headers Request(const std::string& name = "", const std::string& value = "") {
  const Headers good = {{":method", "GET"},
                        {":path", "/chat"},
                        {"connection", "keep-alive, Upgrade"},
                        {"upgrade", "WebSocket"},
                        {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                        {"sec-websocket-version", "13"}};
  Headers request;
  for (size_t i = 0; i < good.size(); ++i) {
    if (good[i].name != name) request.Add(good[i].name, good[i].value);
  }
  if (!value.empty()) request.Add(name, value);
  return request;
}

TEST(WebSocketHandshakeTest, TheKeyIsAccepted) {
  const Headers answer = AnswerToWebSocket(Request());
  EXPECT_EQ(StatusCode(answer), 101);
  EXPECT_EQ(answer.Get("upgrade"), "websocket");
  EXPECT_EQ(answer.Get("connection"), "Upgrade");
  EXPECT_EQ(answer.Get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketHandshakeTest, BothFieldsAskForIt) {
  EXPECT_TRUE(AsksForWebSocket(Request()));
  EXPECT_FALSE(AsksForWebSocket(Request("connection", "keep-alive")));
  EXPECT_FALSE(AsksForWebSocket(Request("connection", "not-upgrade")));
  EXPECT_FALSE(AsksForWebSocket(Request("upgrade", "h2c")));
  EXPECT_FALSE(AsksForWebSocket(Request("upgrade")));
}

TEST(WebSocketHandshakeTest, ABadRequestIsRefused) {
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("sec-websocket-version", "8"))), 400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("sec-websocket-version"))), 400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("sec-websocket-key"))), 400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("sec-websocket-key", "c2hvcnQ="))), 400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("sec-websocket-key", "!!!!!!!!!!!!!!!!!!!!!!=="))),
            400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request(":method", "POST"))), 405);
  EXPECT_EQ(AnswerToWebSocket(Request(":method", "POST")).Get("sec-websocket-version"), "13");
}

TEST(WebSocketHandshakeTest, ARequestWithABodyIsRefused) {
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("content-length", "5"))), 400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("transfer-encoding", "chunked"))), 400);
  EXPECT_EQ(StatusCode(AnswerToWebSocket(Request("content-length", "0"))), 101);
}

}  // namespace
}  // namespace http
