#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "api/v2/hub.h"
#include "base/bytes.h"
#include "net/http/exchange.h"
#include "net/http/headers.h"

namespace v2 {

// One request below /v2 and its answer. Belongs to the loop.
class Call final : public http::ExchangeHandler,
                   public Receiver,
                   public std::enable_shared_from_this<Call> {
 public:
  // `on_request` is called once, when the request is whole.
  using OnRequest = std::function<void(const std::shared_ptr<Call>& call)>;
  Call(http::Exchange* exchange, OnRequest on_request);

  // The request, until the client has gone.
  const http::Headers& head() const { return exchange_->received_head(); }
  base::ByteView method() const { return http::Method(head()); }
  const http::ConnectionInfo& connection() const { return exchange_->connection(); }
  // Whether the body may be a form, by the method.
  bool may_have_form() const { return keeps_body_; }
  // Kept only if it may be a form: of POST, PUT and PATCH. Compat: one that is longer than
  // kBodyBytesMax is cut off behind that.
  const base::Bytes& body() const { return body_; }
  bool is_open() const { return exchange_ != nullptr; }

  static constexpr size_t kBodyBytesMax = size_t{10} << 20;

  // Each answers, and is without effect if the client has gone. `fields` has no ":status".
  void Send(int status, const http::Headers& fields, base::Bytes body);
  // Appends about as many bytes of the body; false once nothing is left.
  using Producer = std::function<bool(size_t bytes, base::Bytes* body)>;
  void SendPieces(int status, const http::Headers& fields, Producer produce);
  // The head of what goes on until the client goes; events follow.
  void Start(int status, const http::Headers& fields);
  // One event; the answer stays open behind it if it is a stream. After Start.
  void SendEvent(const base::SharedBytes& json, bool is_stream);
  // Watches from now on. After Start.
  void Watch(Hub* hub, Hub::Wish wish);

  // Receiver
  void OnEvent(const base::SharedBytes& json) override;
  void OnLost() override;

  // http::ExchangeHandler
  void OnData(base::ByteView bytes) override;
  void OnEnd(const http::Headers& trailers) override;
  void OnWritable() override { Produce(); }
  void OnDrain() override;
  void OnClosed(const http::Closing& closing) override;

 private:
  void SendHead(int status, const http::Headers& fields, bool is_whole, size_t size);
  void Produce();
  void EndWatch();

  http::Exchange* exchange_;
  OnRequest on_request_;
  bool keeps_body_;
  base::Bytes body_;
  Producer produce_;
  bool is_parked_ = false;  // it goes on until the client goes
  bool is_stream_ = false;
  Hub* hub_ = nullptr;
  std::shared_ptr<Hub::Watcher> watcher_;
};

}  // namespace v2
