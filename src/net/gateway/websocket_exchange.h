#pragma once

#include <functional>
#include <memory>

#include "net/http/exchange.h"
#include "net/http/websocket_frames.h"
#include "runtime/loop.h"

namespace gateway {

// A WebSocket as the exchange of a POST request: each message of the client is a part of the
// request's body, each line of the answer's body is a text message, in several frames if it is
// long. So whatever answers a request of the JSON interface answers over WebSockets, too. Compat:
// as with grpc-websocket-proxy in etcd, the authorization is what follows "Bearer," in
// Sec-WebSocket-Protocol, or the cookie "token", since browsers can send no header of their own;
// the answer's head is not told; binary messages are taken like text.
//
// The client ends its requests by closing. Between the session and the handler of the request, as
// both; on the loop.
class WebSocketExchange final : public http::Exchange,
                                public http::ExchangeHandler,
                                public std::enable_shared_from_this<WebSocketExchange> {
 public:
  struct Options {
    size_t max_message_bytes;
    // A client that is silent for `interval` is sent a ping, and is taken to have left if nothing
    // comes for another `patience`.
    runtime::Duration interval;
    runtime::Duration patience;
  };
  // How many messages the request consists of.
  enum class Requests : uint8_t { kNone, kOne, kMany };
  using Answerer = std::function<std::shared_ptr<http::ExchangeHandler>(http::Exchange& exchange)>;

  // Answers a request that asks for a WebSocket; `answer` is given the POST request, at once.
  static std::shared_ptr<http::ExchangeHandler> Answer(http::Exchange* socket,
                                                       const Options& options, Requests requests,
                                                       const Answerer& answer);

  WebSocketExchange(http::Exchange* socket, const Options& options, Requests requests);

 private:
  // http::Exchange
  const http::Headers& received_head() const override { return head_; }
  http::Version version() const override { return socket_.version(); }
  const http::ConnectionInfo& connection() const override { return socket_.connection(); }
  runtime::Loop& loop() override { return socket_.loop(); }
  void SendHead(const http::Headers& head, Then then) override;
  void SendData(http::Chunk chunk, Then then) override;
  void SendTrailers(const http::Headers& trailers) override;
  void Reset(http::ErrorCode code) override;
  void Consume(size_t bytes) override;
  size_t unsent_bytes() const override { return socket_.unsent_bytes(); }
  void SetHeld(size_t bytes) override;
  void SetCost(Cost cost) override { socket_.SetCost(cost); }
  void CountTo(std::shared_ptr<http::SharedBudget> share) override {
    socket_.CountTo(std::move(share));
  }
  bool writable() override { return socket_.writable(); }
  bool Fits(size_t bytes) const override { return socket_.Fits(bytes); }

  // http::ExchangeHandler
  void OnData(base::ByteView bytes) override;
  void OnEnd(const http::Headers&) override {}
  void OnWritable() override;
  void OnDrain() override;
  void OnClosed(const http::Closing& closing) override;

  void Start(const Answerer& answer);
  void OnEvent(http::WebSocketReader::Event event);
  // Lets the client send more, if the handler has taken what came.
  void TakeInput();
  // Tells the socket what is kept.
  void CountHeld();
  void SendLines(base::ByteView bytes);
  // What has come of a line; `ends`: it is the last of its message.
  void SendFragment(bool ends);
  // Sends the server's last frame.
  void Close(http::WebSocketClose reason);
  // Closes, and waits for the client to do the same, so that it hears why.
  void CloseAndWait(http::WebSocketClose reason = http::WebSocketClose::kNormal);
  // What the client had sent when the server began to drain has come.
  void OnDrained();
  // Ends the connection.
  void End();
  void OnSilence();

  http::Exchange& socket_;
  const Options options_;
  const Requests requests_;
  const http::Headers head_;
  std::shared_ptr<http::ExchangeHandler> handler_;
  http::WebSocketReader reader_;
  size_t unread_ = 0;        // bytes of messages that the handler has not taken
  size_t held_ = 0;          // bytes of the socket that keep the client waiting
  size_t kept_ = 0;          // by the handler, of messages that it has taken
  base::Bytes line_;         // of one, what was not sent yet
  bool in_message_ = false;  // a part of it was sent
  bool asked_ = false;       // a request has begun
  bool requests_ended_ = false;
  bool closed_ = false;    // by a close frame of ours
  bool ended_ = false;     // or lost
  bool draining_ = false;  // a ping's answer will say that all has come that was on its way
  bool pinged_ = false;    // since the client was heard
  bool heard_ = true;      // since the timer was armed
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace gateway
