#include "net/http/client.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/http/client_request.h"
#include "net/http/h1_text.h"
#include "net/http/tls_stream.h"

namespace http {
namespace {

using Then = Exchange::Then;

// How a unix socket is called where a host must be named.
constexpr base::ByteView kLocalHost = "localhost";

Client::Options WithNames(Client::Options options) {
  const bool is_unix = !options.address.unix_path.empty();
  if (options.authority.empty()) {
    options.authority = is_unix ? std::string(kLocalHost) : options.address.ToString();
  }
  if (options.server_name.empty()) {
    options.server_name = is_unix ? std::string(kLocalHost) : options.address.host;
  }
  return options;
}

// A client's requests say how long the socket may take nothing.
Limits WithoutStall(Limits limits) {
  limits.stall_timeout = limits.stall_timeout_when_short = runtime::Duration::max();
  return limits;
}

// Keeps an answer until it is whole.
class FetchHandler final : public ExchangeHandler {
 public:
  FetchHandler(size_t max_bytes, Client::FetchDone done)
      : max_bytes_(max_bytes), done_(std::move(done)) {}

  void Begin(Exchange* exchange) { exchange_ = exchange; }

  void OnHead() override {
    answer_.head = exchange_->received_head();
    answer_.status = StatusCode(answer_.head);
  }
  void OnData(base::ByteView bytes) override {
    if (bytes.size() > max_bytes_ - answer_.body.size()) {
      is_too_long_ = true;
      return exchange_->Reset(ErrorCode::kCancel);
    }
    answer_.body.append(bytes);
    exchange_->Consume(bytes.size());
  }
  void OnEnd(const Headers&) override { is_whole_ = true; }
  void OnClosed(const Closing& closing) override {
    if (is_whole_) return done_(std::move(answer_));
    if (!closing.status.ok()) return done_(closing.status);
    CHECK(is_too_long_);  // nobody else gives it up
    done_(base::Status(base::Code::kResourceExhausted, "the server's answer is longer than " +
                                                           std::to_string(max_bytes_) + " bytes"));
  }

 private:
  const size_t max_bytes_;
  Client::FetchDone done_;
  Exchange* exchange_ = nullptr;
  Client::Answer answer_;
  bool is_too_long_ = false;
  bool is_whole_ = false;
};

}  // namespace

// A connection, or the attempt to make one, and the request that has it or waits for it.
class Client::Link {
 public:
  Link(Client* client, ClientRequest* request)
      : client_(client),
        request_(request),
        idle_timer_(client->loop_->NewTimer([this] { Close(Idle()); })) {}

  void Dial() {
    attempt_ = client_->network_->Connect(client_->options_.address, [this](auto result) {
      if (!result.ok()) return OnClosed(result.status());
      OnConnected(std::move(result).value());
    });
  }

  bool is_idle() const { return state_ == State::kIdle; }
  // Null if it is idle, or ends.
  const ClientRequest* request() const { return request_; }
  bool IsConnecting() const { return state_ == State::kConnecting; }

  void Give(ClientRequest* request) {
    CHECK(is_idle());
    idle_timer_->Disarm();
    request_ = request;
    Begin(/*kept=*/true);
  }
  // The request has ended, or waits no longer.
  void Leave() { request_ = nullptr; }
  // Destroys the link.
  void Close(const base::Status& why) {
    if (connection_ != nullptr) return connection_->Close(why);
    client_->Remove(this);
  }

 private:
  enum class State : uint8_t { kConnecting, kBusy, kIdle, kEnding };

  static base::Status Idle() { return {base::Code::kUnavailable, "idle for too long"}; }

  void OnConnected(std::unique_ptr<runtime::Stream> stream) {
    TlsStream* tls = nullptr;
    if (client_->options_.tls) {
      auto wrapped = std::make_unique<TlsStream>(client_->options_.tls(), std::move(stream),
                                                 client_->options_.server_name,
                                                 client_->loop_->clock().WallNow());
      wrapped->OfferNoHttp2();
      tls = wrapped.get();
      stream = std::move(wrapped);
    }
    Connection::ClientEvents events;
    events.on_ready = [this] { OnReady(); };
    events.on_closed = [this](const base::Status& status) { OnClosed(status); };
    auto connection = std::make_unique<Connection>(&client_->connections_, std::move(stream),
                                                   std::move(events), Version::kHttp1);
    connection_ = connection.get();
    if (tls == nullptr) {
      Begin(/*kept=*/false);
    } else {
      connection_->OnTls();
      tls->OnHandshake([this](const ConnectionInfo& peer) {
        connection_->OnHandshake(peer);
        Begin(/*kept=*/false);
      });
    }
    // The last: it may fail at once, which destroys the link.
    client_->connections_.Add(std::move(connection));
  }

  void Begin(bool kept) {
    if (request_->is_ending()) return;  // which closes the link
    state_ = State::kBusy;
    request_->Begin(&connection_->http1_client_session(), kept);
  }

  // An exchange has ended, and another may follow.
  void OnReady() {
    const size_t others = client_->idle_count();
    state_ = State::kIdle;
    client_->ServeWaiting();
    if (!is_idle()) return;
    if (others < client_->options_.max_idle_connections) {
      return idle_timer_->Arm(client_->options_.idle_timeout);
    }
    state_ = State::kEnding;
    connection_->http1_client_session().Drain();
  }

  void OnClosed(const base::Status& status) {
    connection_ = nullptr;
    // An exchange that had begun has been told already.
    ClientRequest* const request = IsConnecting() ? std::exchange(request_, nullptr) : nullptr;
    if (request != nullptr) request->Fail(status);
    client_->Remove(this);
  }

  Client* const client_;
  State state_ = State::kConnecting;
  ClientRequest* request_;
  std::unique_ptr<runtime::Connecting> attempt_;
  Connection* connection_ = nullptr;
  const std::unique_ptr<runtime::Timer> idle_timer_;
};

Client::Client(runtime::Loop* loop, runtime::Network* network, Options options)
    : loop_(loop),
      network_(network),
      options_(WithNames(std::move(options))),
      connections_(loop, WithoutStall(options_.limits), Keepalive{}) {}

Client::~Client() {
  closing_ = true;
  const base::Status status(base::Code::kCanceled, "the client is closing");
  connections_.CloseAll(status);
  while (!requests_.empty()) requests_.back()->Fail(status);
}

size_t Client::idle_count() const {
  return static_cast<size_t>(std::count_if(links_.begin(), links_.end(),
                                           [](const auto& link) { return link->is_idle(); }));
}

Exchange& Client::Start(const Headers& head, Then then, std::shared_ptr<ExchangeHandler> handler,
                        const Timeouts& timeouts) {
  Headers whole = head;
  if (whole.Get(":authority").empty()) whole.Add(":authority", options_.authority);
  const bool can_be_sent = IsRequestHead(whole);
  auto request =
      std::make_shared<ClientRequest>(this, std::move(whole), then, std::move(handler), timeouts);
  requests_.push_back(request);
  request->Wait();
  if (can_be_sent) {
    Place(request.get(), /*anew=*/false);
  } else {
    request->FailSoon({base::Code::kInvalidArgument, "the request's head cannot be sent"});
  }
  return *request;
}

void Client::Fetch(Headers head, base::Bytes body, size_t max_answer_bytes,
                   runtime::Duration timeout, FetchDone done) {
  const Timeouts timeouts{.connect = timeout, .write = runtime::Duration::max(), .total = timeout};
  auto handler = std::make_shared<FetchHandler>(max_answer_bytes, std::move(done));
  if (!body.empty()) head.Add("content-length", std::to_string(body.size()));
  Exchange& exchange = Start(head, body.empty() ? Then::kEnd : Then::kContinue, handler, timeouts);
  handler->Begin(&exchange);
  if (!body.empty()) exchange.SendData(std::move(body), Then::kEnd);
}

void Client::Place(ClientRequest* request, bool anew) {
  const bool may_wait = waiting_.size() < options_.max_waiting_requests;
  if (completing_ && !anew && may_wait) return waiting_.push_back(request);
  Link* const idle = anew ? nullptr : FindIdle();
  if (idle != nullptr) return idle->Give(request);
  if (links_.size() < options_.max_connections) return Dial(request);
  if (may_wait) return waiting_.push_back(request);
  request->FailSoon({base::Code::kResourceExhausted, "too many requests wait for a connection"});
}

void Client::ServeWaiting() {
  while (!closing_ && !waiting_.empty()) {
    Link* const idle = FindIdle();
    if (idle == nullptr && links_.size() >= options_.max_connections) return;
    ClientRequest* const request = waiting_.front();
    waiting_.pop_front();
    if (request->is_ending()) continue;
    Place(request, /*anew=*/false);
  }
}

// The one that was made last: so that others are idle for long enough to be closed.
Client::Link* Client::FindIdle() {
  const auto found = std::find_if(links_.rbegin(), links_.rend(),
                                  [](const auto& link) { return link->is_idle(); });
  return found == links_.rend() ? nullptr : found->get();
}

Client::Link* Client::LinkOf(const ClientRequest* request) {
  const auto found = std::find_if(links_.begin(), links_.end(), [request](const auto& link) {
    return link->request() == request;
  });
  return found == links_.end() ? nullptr : found->get();
}

void Client::Dial(ClientRequest* request) {
  links_.push_back(std::make_unique<Link>(this, request));
  links_.back()->Dial();
}

void Client::Remove(Link* link) {
  const auto found = std::find_if(links_.begin(), links_.end(),
                                  [link](const auto& each) { return each.get() == link; });
  CHECK(found != links_.end());
  const std::unique_ptr<Link> removed = std::move(*found);
  links_.erase(found);
  ServeWaiting();
}

void Client::Repeat(ClientRequest* request) {
  LinkOf(request)->Leave();
  Place(request, /*anew=*/true);
}

void Client::Withdraw(ClientRequest* request) {
  std::erase(waiting_, request);
  Link* const link = LinkOf(request);
  if (link == nullptr) return;
  CHECK(link->IsConnecting());
  link->Leave();
  link->Close({base::Code::kCanceled, "nobody waits for the connection"});
}

void Client::Abort(ClientRequest* request, const base::Status& why) {
  LinkOf(request)->Close(why);
}

void Client::TellCompletion(ExchangeHandler& handler, const Closing& closing) {
  completing_ = true;
  handler.OnClosed(closing);
  completing_ = false;
}

std::shared_ptr<ClientRequest> Client::Forget(ClientRequest* request) {
  if (Link* const link = LinkOf(request)) link->Leave();
  std::erase(waiting_, request);
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [request](const auto& each) { return each.get() == request; });
  CHECK(found != requests_.end());
  std::shared_ptr<ClientRequest> share = std::move(*found);
  requests_.erase(found);
  return share;
}

}  // namespace http
