#include "net/rpc/channel.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "net/http/tls_stream.h"
#include "net/rpc/peer_name.h"

namespace rpc {
namespace {

// How many endpoints are connected to at a time at first, and after what time one more is tried
// although none of them has answered.
constexpr size_t kConnectingMax = 4;
constexpr runtime::Duration kConnectInterval = std::chrono::milliseconds(25);
// An endpoint that does not serve gets a call once in this time.
constexpr runtime::Duration kTrialInterval = std::chrono::seconds(5);

}  // namespace

// One endpoint: at most one connection that takes calls, or an attempt to make one, or the wait
// before the next attempt. It may be destroyed while its connections live.
class Channel::Subchannel {
 public:
  Subchannel(Channel* channel, uint32_t number, runtime::Address address,
             std::shared_ptr<const http::TlsContext> tls)
      : channel_(channel),
        number_(number),
        address_(std::move(address)),
        tls_(std::move(tls)),
        authority_(channel->options_.authority.empty() ? AuthorityOf(address_)
                                                       : channel->options_.authority),
        backoff_(channel->options_.backoff, channel->random_.Next()),
        timer_(channel->loop_->NewTimer([this] { OnTimer(); })) {}

  void Connect() {
    CHECK(connection_ == nullptr);
    state_ = State::kConnecting;
    timer_->Arm(channel_->options_.connect_timeout);
    attempt_ = channel_->network_->Connect(address_, [this](auto result) {
      if (!result.ok()) return Fail(result.status());
      OnConnected(std::move(result).value());
    });
  }

  // Takes no calls any more; those that are open go on. Outside the connection's events.
  void Leave() {
    if (connection_ != nullptr) connection_->Drain();
  }

  uint32_t number() const { return number_; }
  bool IsOf(const runtime::Address& address, const http::TlsContext* tls) const {
    return address_ == address && tls_.get() == tls;
  }
  bool IsConnecting() const { return state_ == State::kConnecting; }
  bool IsReady() const { return state_ == State::kReady; }
  bool HasRoom() const { return IsReady() && connection_->client_session().CanRequest(); }
  // How little it is to have the call, if another one can.
  int ReluctanceFor(const ClientCall& call) const {
    if (connection_->client_session().doubted()) return 3;
    if (!serves_ && channel_->loop_->clock().Now() < next_trial_) return 2;
    return number_ == call.Avoided() ? 1 : 0;
  }
  // It is to have a call.
  void OnPicked() {
    if (!serves_) next_trial_ = channel_->loop_->clock().Now() + kTrialInterval;
  }
  void OnVerdict(bool serves) {
    if (serves_ && !serves) next_trial_ = channel_->loop_->clock().Now() + kTrialInterval;
    serves_ = serves;
  }
  // Its last attempt has failed, and the next one has not begun.
  bool HasFailed() const { return state_ == State::kWaiting; }
  const base::Status& failure() const { return failure_; }
  // "host:port: why" of the last attempt that failed; empty if none has since it was connected.
  const std::string& cause() const { return cause_; }
  ClientCall::Route route() {
    return {&connection_->client_session(), authority_, tls_ == nullptr ? "http" : "https",
            number_};
  }

 private:
  enum class State : uint8_t { kInTurn, kConnecting, kReady, kWaiting };

  void OnConnected(std::unique_ptr<runtime::Stream> stream) {
    // Events of an earlier connection, or of one that has outlived this, are nobody's.
    current_ = std::make_shared<bool>(true);
    const std::weak_ptr<bool> weak = current_;
    http::Connection::ClientEvents events;
    events.on_ready = [this, weak] {
      if (!weak.expired()) OnReady();
    };
    events.on_goaway = [this, weak] {
      if (!weak.expired()) OnLost(base::Status(base::Code::kUnavailable, "GOAWAY"));
    };
    events.on_closed = [this, weak](const base::Status& status) {
      if (!weak.expired()) OnLost(status);
    };
    if (tls_ != nullptr) {
      const std::string& name = channel_->options_.server_name;
      stream = std::make_unique<http::TlsStream>(tls_, std::move(stream),
                                                 name.empty() ? ServerNameOf(address_) : name,
                                                 channel_->loop_->clock().WallNow());
    }
    connection_ = &channel_->connections_.Add(std::make_unique<http::Connection>(
        &channel_->connections_, std::move(stream), std::move(events)));
  }

  void OnReady() {
    state_ = State::kReady;
    serves_ = true;
    cause_.clear();
    timer_->Disarm();
    ready_at_ = channel_->loop_->clock().Now();
    channel_->OnSubchannelChanged();
  }

  // The connection takes no calls any more, though those on it may go on.
  void OnLost(const base::Status& status) {
    const bool was_ready = IsReady();
    const bool was_silent = std::exchange(is_silent_, false);
    current_.reset();
    connection_ = nullptr;
    if (channel_->closing_) return;
    const runtime::Duration lived = channel_->loop_->clock().Now() - ready_at_;
    if (!was_ready && tls_ == nullptr && !was_silent) {
      // A server that expects TLS ends what does not begin with it, without a word.
      return Fail({status.code(), std::string(status.message()) + "; it may speak only TLS here"});
    }
    if (!was_ready || lived < channel_->options_.backoff.initial) return Fail(status);
    // It had worked: the first new attempt need not wait.
    backoff_.Reset();
    state_ = State::kInTurn;
    channel_->ConnectInTurn(this);
    channel_->OnSubchannelChanged();
  }

  void Fail(const base::Status& status) {
    // What fails to connect names the address itself.
    const std::string address = address_.ToString();
    const bool named = status.message().starts_with(address);
    cause_ = (named ? std::string() : address + ": ") + std::string(status.message());
    failure_ = base::Status(base::Code::kUnavailable,
                            "connection error: desc = \"transport: Error while dialing: " +
                                base::Bytes(status.message()) + "\"");
    state_ = State::kWaiting;
    timer_->Arm(backoff_.Next());
    channel_->OnSubchannelChanged();
  }

  void OnTimer() {
    if (state_ == State::kWaiting) return Connect();
    // The server accepted but never spoke, or never accepted.
    attempt_.reset();
    if (connection_ == nullptr) {
      return Fail(base::Status(base::Code::kUnavailable, address_.ToString() + ": timed out"));
    }
    is_silent_ = true;
    const char* const other = tls_ == nullptr ? "speak only TLS here" : "not speak TLS here";
    connection_->Close(base::Status(
        base::Code::kUnavailable,
        base::Bytes("the server does not answer; it may be stopped or overloaded, or ") + other));
  }

  Channel* const channel_;
  const uint32_t number_;
  const runtime::Address address_;
  const std::shared_ptr<const http::TlsContext> tls_;  // null: plain text
  const std::string authority_;
  State state_ = State::kInTurn;
  Backoff backoff_;
  base::Status failure_;
  std::string cause_;
  std::unique_ptr<runtime::Connecting> attempt_;
  http::Connection* connection_ = nullptr;
  std::shared_ptr<bool> current_;  // expires when the connection takes no more calls
  runtime::TimePoint ready_at_;
  bool is_silent_ = false;  // the server has accepted it, and did not speak in time
  bool serves_ = true;      // by its last answer since it was connected
  runtime::TimePoint next_trial_;
  const std::unique_ptr<runtime::Timer> timer_;
};

namespace {

// Keeps the one answer of a unary call until its status is known.
class UnaryHandler final : public ClientHandler {
 public:
  explicit UnaryHandler(Channel::UnaryDone done) : done_(std::move(done)) {}

  void OnMessage(base::ByteView message) override {
    ++messages_;
    reply_ = message;
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    if (status.ok() && messages_ != 1) {
      return done_(base::Status(base::Code::kInternal,
                                "cardinality violation: a unary call was answered with " +
                                    std::to_string(messages_) + " messages"),
                   {});
    }
    done_(status, reply_);
  }

 private:
  Channel::UnaryDone done_;
  base::Bytes reply_;
  int messages_ = 0;
};

}  // namespace

Channel::Channel(runtime::Loop* loop, runtime::Network* network, Options options)
    : loop_(loop),
      network_(network),
      options_(std::move(options)),
      deadlines_(loop),
      connections_(loop, options_.limits, options_.keepalive),
      random_(options_.seed),
      turn_(random_.Below(1 << 16)),
      connect_timer_(loop->NewTimer([this] { ConnectNext(); })),
      sweep_timer_(loop->NewTimer([this] { Sweep(); })) {
  SetEndpoints(options_.endpoints, options_.plain_endpoints);
}

Channel::~Channel() {
  closing_ = true;
  const base::Status status(base::Code::kCanceled, "grpc: the client connection is closing");
  FailWaiting(status);
  connections_.CloseAll(status);
}

void Channel::SetEndpoints(const std::vector<runtime::Address>& endpoints,
                           const std::vector<runtime::Address>& plain_endpoints) {
  CHECK(!endpoints.empty() || !plain_endpoints.empty());
  Subchannels before = std::exchange(subchannels_, {});
  for (const runtime::Address& address : endpoints) {
    Adopt(address, options_.tls, &before, &subchannels_);
  }
  for (const runtime::Address& address : plain_endpoints) {
    Adopt(address, nullptr, &before, &subchannels_);
  }
  for (auto& subchannel : before) leaving_.push_back(std::move(subchannel));
  if (!leaving_.empty()) sweep_timer_->Arm(runtime::Duration(0));
}

void Channel::Adopt(const runtime::Address& address, std::shared_ptr<const http::TlsContext> tls,
                    Subchannels* from, Subchannels* to) {
  const auto is_same = [&](const std::unique_ptr<Subchannel>& subchannel) {
    return subchannel != nullptr && subchannel->IsOf(address, tls.get());
  };
  if (std::any_of(to->begin(), to->end(), is_same)) return;
  const auto found = std::find_if(from->begin(), from->end(), is_same);
  if (found != from->end()) {
    to->push_back(std::move(*found));
    from->erase(found);
    return;
  }
  to->push_back(std::make_unique<Subchannel>(this, ++last_number_, address, std::move(tls)));
  ConnectInTurn(to->back().get());
}

void Channel::ConnectInTurn(Subchannel* subchannel) {
  to_connect_.push_back(subchannel);
  connect_timer_->Arm(runtime::Duration(0));
}

void Channel::ConnectNext() {
  auto connecting = static_cast<size_t>(
      std::count_if(subchannels_.begin(), subchannels_.end(),
                    [](const auto& subchannel) { return subchannel->IsConnecting(); }));
  do {
    if (to_connect_.empty()) return;
    std::swap(to_connect_[random_.Below(to_connect_.size())], to_connect_.back());
    Subchannel* const next = to_connect_.back();
    to_connect_.pop_back();
    next->Connect();
  } while (++connecting < kConnectingMax);
  if (!to_connect_.empty()) connect_timer_->Arm(kConnectInterval);
}

void Channel::Sweep() {
  for (const auto& subchannel : leaving_) {
    std::erase(to_connect_, subchannel.get());
    subchannel->Leave();
  }
  leaving_.clear();
  OnSubchannelChanged();
}

size_t Channel::connected() const {
  return static_cast<size_t>(
      std::count_if(subchannels_.begin(), subchannels_.end(),
                    [](const auto& subchannel) { return subchannel->IsReady(); }));
}

std::string Channel::Failures() const {
  std::string causes;
  for (const auto& subchannel : subchannels_) {
    if (subchannel->cause().empty()) continue;
    causes += (causes.empty() ? "" : "; ") + subchannel->cause();
  }
  return causes;
}

std::shared_ptr<ClientCall> Channel::Start(std::string path, ClientCall::Options options,
                                           std::unique_ptr<ClientHandler> handler) {
  auto call = std::make_shared<ClientCall>(std::move(path), std::move(options), std::move(handler),
                                           &deadlines_);
  call->Register();
  // One more try: what one server refused unseen, another may take.
  call->OnRefused([this, tried = false](std::shared_ptr<ClientCall> refused) mutable {
    if (closing_ || std::exchange(tried, true)) return false;
    Place(std::move(refused));
    return true;
  });
  call->OnVerdict([this](uint32_t endpoint, bool serves) { OnVerdict(endpoint, serves); });
  call->OnGone([this] {
    if (!closing_ && !waiting_.empty()) ServeWaiting();
  });
  Place(call);
  return call;
}

std::shared_ptr<ClientCall> Channel::CallUnary(std::string path, ClientCall::Options options,
                                               Message request, UnaryDone done) {
  auto call =
      Start(std::move(path), std::move(options), std::make_unique<UnaryHandler>(std::move(done)));
  call->Send(std::move(request));
  call->HalfClose();
  return call;
}

void Channel::Place(std::shared_ptr<ClientCall> call) {
  if (waiting_.empty()) {
    if (Subchannel* const subchannel = Pick(*call)) {
      return call->Begin(subchannel->route(), loop_->clock());
    }
  }
  if (waiting_.size() >= options_.max_waiting_calls) {
    return call->Finish(
        base::Status(base::Code::kResourceExhausted, "too many calls wait for a connection"));
  }
  waiting_.push_back(std::move(call));
  OnSubchannelChanged();
}

Channel::Subchannel* Channel::Pick(const ClientCall& call) {
  const size_t first = turn_;
  Subchannel* best = nullptr;
  int least = 0;
  for (size_t i = first; i < first + subchannels_.size() && (best == nullptr || least > 0); ++i) {
    Subchannel& subchannel = *subchannels_[i % subchannels_.size()];
    if (!subchannel.HasRoom()) continue;
    const int reluctance = subchannel.ReluctanceFor(call);
    if (best != nullptr && reluctance >= least) continue;
    best = &subchannel;
    least = reluctance;
    turn_ = i + 1;
  }
  if (best != nullptr) best->OnPicked();
  return best;
}

void Channel::OnVerdict(uint32_t endpoint, bool serves) {
  const auto found =
      std::find_if(subchannels_.begin(), subchannels_.end(),
                   [endpoint](const auto& subchannel) { return subchannel->number() == endpoint; });
  if (found != subchannels_.end()) (*found)->OnVerdict(serves);
}

void Channel::OnSubchannelChanged() {
  if (closing_) return;
  if (!to_connect_.empty()) connect_timer_->Arm(runtime::Duration(0));
  const bool all_failed =
      std::all_of(subchannels_.begin(), subchannels_.end(),
                  [](const auto& subchannel) { return subchannel->HasFailed(); });
  if (all_failed) return FailWaiting(subchannels_.front()->failure());
  ServeWaiting();
}

void Channel::ServeWaiting() {
  while (!waiting_.empty()) {
    if (waiting_.front()->is_finished()) {
      waiting_.pop_front();
      continue;
    }
    Subchannel* const subchannel = Pick(*waiting_.front());
    if (subchannel == nullptr) return;
    const std::shared_ptr<ClientCall> call = std::move(waiting_.front());
    waiting_.pop_front();
    call->Begin(subchannel->route(), loop_->clock());
  }
}

void Channel::FailWaiting(const base::Status& status) {
  for (auto& call : std::exchange(waiting_, {})) {
    if (call->options_.wait_for_ready && !closing_ && !call->is_finished()) {
      waiting_.push_back(std::move(call));
    } else {
      call->Finish(status);
    }
  }
}

}  // namespace rpc
