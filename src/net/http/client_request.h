#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "net/http/client.h"
#include "net/http/exchange.h"
#include "net/http/h1_client_session.h"

namespace http {

// One request of a Client, from Start to OnClosed: waits for a connection, keeps meanwhile what is
// to be sent, and then passes everything on between its handler and the exchange of the session.
class ClientRequest final : public Exchange,
                            public ExchangeHandler,
                            public std::enable_shared_from_this<ClientRequest> {
 public:
  ClientRequest(Client* client, Headers head, Then then, std::shared_ptr<ExchangeHandler> handler,
                const Client::Timeouts& timeouts);
  ~ClientRequest() override;

  // Begins to wait for a connection, as long as the timeouts allow.
  void Wait();
  // A connection is there. `kept`: it has been used before.
  void Begin(H1ClientSession* session, bool kept);
  // Ends what has not begun. Not inside one of the request's own events.
  void Fail(const base::Status& why);
  // The same at the next turn.
  void FailSoon(base::Status why);
  // It ends at the next turn: no connection is of use to it.
  bool is_ending() const { return ends_with_.has_value(); }

  // Exchange
  const Headers& received_head() const override;
  Version version() const override { return Version::kHttp1; }
  const ConnectionInfo& connection() const override;
  runtime::Loop& loop() override;
  void SendHead(const Headers& head, Then then) override;
  void SendData(Chunk chunk, Then then) override;
  void SendTrailers(const Headers& trailers) override;
  void Reset(ErrorCode code) override;
  void Consume(size_t bytes) override;
  void SetHeld(size_t) override {}
  void SetCost(Cost) override {}
  void CountTo(std::shared_ptr<SharedBudget>) override {}
  size_t unsent_bytes() const override;
  bool writable() override;
  bool Fits(size_t) const override { return true; }

 private:
  // ExchangeHandler, of the session's exchange.
  void OnHead() override { handler_->OnHead(); }
  void OnData(base::ByteView bytes) override { handler_->OnData(bytes); }
  void OnEnd(const Headers& trailers) override { handler_->OnEnd(trailers); }
  void OnWritable() override { handler_->OnWritable(); }
  void OnClosed(const Closing& closing) override;

  void OnTimer();
  void ArmTimer();
  bool MayRepeat(const Closing& closing) const;
  void Finish(const Closing& closing);

  Client* const client_;
  const Headers head_;
  const Then then_;
  std::shared_ptr<ExchangeHandler> handler_;
  const Client::Timeouts timeouts_;
  const runtime::TimePoint started_at_;
  ConnectionInfo unconnected_;  // until there is one

  // What was sent before there was a connection: of queued_bytes_, bounded by its producer.
  std::deque<Chunk> queue_;
  size_t queued_bytes_ = 0;
  bool blocked_ = false;
  bool send_ended_ = false;
  std::optional<Headers> trailers_;

  H1ClientSession* session_ = nullptr;  // while the exchange is there
  Exchange* exchange_ = nullptr;
  bool kept_ = false;
  bool repeated_ = false;
  bool is_connected_ = false;
  runtime::TimePoint waits_since_;    // for a connection
  std::optional<Closing> ends_with_;  // at the next turn
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace http
