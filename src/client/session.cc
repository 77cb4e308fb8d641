#include "client/session.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/come_back.h"
#include "base/coverage_mark.h"
#include "base/errors.h"
#include "client/endings.h"
#include "client/endpoint.h"
#include "client/known_errors.h"
#include "client/log_in.h"

namespace client {

using base::Code;
using base::Status;

namespace {

constexpr char kApiVersion[] = "3.7";

}  // namespace

// One call with its attempts. Held by the session until it is done.
class Session::Call final : public std::enable_shared_from_this<Session::Call> {
 public:
  Call(Session* session, uint64_t number, Request request, Sink sink, Done done)
      : session_(*session),
        number_(number),
        request_(std::move(request)),
        sink_(std::move(sink)),
        done_(std::move(done)) {}

  void Begin() {
    if (request_.canceled) return Finish(Canceled());
    if (request_.timeout <= runtime::Duration(0)) return Finish(DeadlineExceeded());
    const runtime::TimePoint now = session_.loop_->clock().Now();
    // Further than a clock counts is for ever.
    if (request_.timeout < runtime::TimePoint::max() - now) deadline_ = now + request_.timeout;
    if (!request_.endpoint.empty()) {
      base::Result<std::unique_ptr<rpc::Channel>> channel =
          session_.NewChannelTo(request_.endpoint);
      if (!channel.ok()) return Finish(channel.status());
      own_channel_ = std::move(channel).value();
    }
    Attempt();
  }

  void Finish(const Status& status, const RetryAfter& retry_after = {}) {
    if (finished_) return;
    finished_ = true;
    const std::shared_ptr<Call> alive = shared_from_this();
    timer_.reset();
    session_.GiveUpToken(ticket_);
    Ending ending{.status = status, .retry_after = retry_after};
    if (status.code() == Code::kDeadlineExceeded && !answered_) ending.cause = WhyNobodyAnswers();
    if (own_channel_ != nullptr) session_.Retire(std::move(own_channel_));
    session_.Remove(number_);
    done_(ending);
  }

  void Cancel() {
    if (finished_) return;
    const std::shared_ptr<Call> alive = shared_from_this();
    const std::shared_ptr<rpc::ClientCall> attempt = attempt_;
    Finish(Canceled());
    if (attempt != nullptr) attempt->Cancel();
  }

 private:
  class Handler final : public rpc::ClientHandler {
   public:
    explicit Handler(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    void OnUnprocessed() override { call_->unprocessed_ = true; }
    void OnMessage(base::ByteView message) override { call_->OnMessage(message); }
    void OnFinished(const Status& status, const http::Headers& trailers) override {
      call_->OnAttemptEnded(status, ReadRetryAfter(status, trailers.Get(base::kComeBackTrailer)));
    }

   private:
    const std::shared_ptr<Call> call_;
  };

  void Attempt() {
    rpc::ClientCall::Options options;
    options.deadline = deadline_;
    options.metadata = session_.Metadata(request_);
    options.wait_for_ready = true;
    options.max_receive_bytes = session_.settings_.max_receive_bytes;
    if (attempt_ != nullptr) options.avoided_endpoint = attempt_->endpoint();
    unprocessed_ = false;
    token_number_ = session_.token_number();
    attempt_ = channel().Start(request_.method.path, std::move(options),
                               std::make_unique<Handler>(shared_from_this()));
    attempt_->Send(rpc::Message(request_.message));
    attempt_->HalfClose();
  }

  void OnMessage(base::ByteView message) {
    if (finished_) return;
    answered_ = true;
    if (stopped_ || sink_(message)) return;
    stopped_ = true;
    attempt_->Cancel();
  }

  void OnAttemptEnded(const Status& status, const RetryAfter& retry_after) {
    if (finished_) return;
    if (status.ok() || answered_ || session_.closing_) return Finish(status);
    if (Remaining() == runtime::Duration(0)) {
      // Compat: a member that ends the call for its deadline says so in words of its own.
      const bool is_of_time = status.code() == Code::kDeadlineExceeded ||
                              (status.code() == Code::kCanceled && !IsKnownError(status.message()));
      return Finish(is_of_time ? DeadlineExceeded() : status);
    }
    if (++attempts_ >= session_.settings_.max_attempts) return Finish(status, retry_after);
    if (retry_after.has_value()) {
      const bool waits = MayWait(retry_after, request_.method.repeatable, Remaining());
      return waits ? RepeatAfter(*retry_after) : Finish(status, retry_after);
    }
    // What no member has seen, nor will, can be sent again whatever it is.
    const Repeatable repeatable = unprocessed_ ? Repeatable::kYes : request_.method.repeatable;
    switch (ChooseRemedy(status, repeatable, Endpoints(), session_.credentials())) {
      case Remedy::kNone:
        return Finish(status);
      case Remedy::kRepeat:
        if (request_.method.repeatable == Repeatable::kNo) {
          base::Mark<"client: a write is sent again that nobody has looked at">();
        }
        return Repeat();
      case Remedy::kAuthenticate:
        return RenewToken(status);
    }
  }

  void RenewToken(const Status& status) {
    // Else it would ask for a token in order to ask for a token.
    if (request_.method.path == kAuthenticate.path) return Finish(status);
    // Another call has got one since.
    if (session_.token_number() != token_number_) return Repeat();
    base::Mark<"client: a call waits for a new token">();
    // Whoever refuses a token as soon as he has given it would refuse the next one, too; but the
    // store's revision may be another each time.
    if (std::exchange(renewed_, true) && status != base::errors::kAuthOldRevision) {
      return Finish(status);
    }
    ticket_ = session_.RenewToken(Remaining(), [call = shared_from_this()](const Ending& renewed) {
      call->ticket_ = 0;
      if (!renewed.status.ok()) return call->Finish(renewed.status);
      call->Repeat();
    });
  }

  void Repeat() {
    if (finished_) return;
    base::Mark<"client: a call is tried again">();
    const runtime::Duration wait = session_.WaitBefore(attempts_, Endpoints());
    RepeatAfter(deadline_.has_value() ? std::min(wait, Remaining()) : wait);
  }
  // By the timer even without a wait: not inside the events of the attempt before.
  void RepeatAfter(runtime::Duration wait) {
    if (timer_ == nullptr) {
      timer_ = session_.loop_->NewTimer([this] {
        if (deadline_.has_value() && Remaining() == runtime::Duration(0)) {
          return Finish(DeadlineExceeded());
        }
        Attempt();
      });
    }
    timer_->Arm(wait);
  }

  size_t Endpoints() const { return own_channel_ != nullptr ? 1 : session_.EndpointCount(); }
  rpc::Channel& channel() const {
    return own_channel_ != nullptr ? *own_channel_ : *session_.channel_;
  }
  // Empty while an endpoint is connected.
  std::string WhyNobodyAnswers() const {
    const bool was_sent_nowhere = attempt_ != nullptr && attempt_->endpoint() == 0;
    return was_sent_nowhere && channel().connected() == 0 ? channel().Failures() : std::string();
  }
  runtime::Duration Remaining() const {
    if (!deadline_.has_value()) return kNoTimeout;
    return std::max(runtime::Duration(0), *deadline_ - session_.loop_->clock().Now());
  }

  Session& session_;
  const uint64_t number_;
  const Request request_;
  Sink sink_;
  Done done_;
  std::optional<runtime::TimePoint> deadline_;
  std::unique_ptr<rpc::Channel> own_channel_;  // to the request's endpoint, if it names one
  std::shared_ptr<rpc::ClientCall> attempt_;
  std::unique_ptr<runtime::Timer> timer_;
  size_t attempts_ = 0;        // that have ended
  uint64_t token_number_ = 0;  // of the last of them
  Ticket ticket_ = 0;          // while it waits for a token
  bool renewed_ = false;       // it has waited for one
  bool unprocessed_ = false;   // the last of them
  bool answered_ = false;
  bool stopped_ = false;  // by the sink
  bool finished_ = false;
};

Session::Session(runtime::Loop* loop, runtime::Network* network, Settings settings, uint64_t seed)
    : loop_(loop),
      network_(network),
      settings_(std::move(settings)),
      random_(seed),
      channel_(NewChannel(settings_)),
      log_in_(std::make_unique<LogIn>(this, std::exchange(settings_.user, {}),
                                      std::exchange(settings_.password, {}),
                                      std::exchange(settings_.token, {}))),
      sweep_(loop->NewTimer([this] { retired_.clear(); })) {}

Session::~Session() {
  closing_ = true;
  log_in_->EndAll({Closing()});
  while (!calls_.empty()) {
    const std::shared_ptr<Call> call = calls_.begin()->second;
    call->Finish(Closing());
  }
  retired_.clear();
}

std::unique_ptr<rpc::Channel> Session::NewChannel(const Settings& settings) {
  rpc::Channel::Options options;
  options.endpoints = settings.endpoints;
  options.plain_endpoints = settings.plain_endpoints;
  options.tls = settings.tls;
  options.server_name = settings.server_name;
  options.keepalive.interval = settings.keepalive_time;
  options.keepalive.timeout = settings.keepalive_timeout;
  options.keepalive.without_streams = settings.permit_without_stream;
  // Why: what a sink does with a part of a large answer takes its thread's time, in which the
  // member is to go on with the next part.
  options.limits.stream_window = 1 << 20;
  if (settings.dial_timeout > runtime::Duration(0)) options.connect_timeout = settings.dial_timeout;
  options.seed = random_.Next();
  return std::make_unique<rpc::Channel>(loop_, network_, std::move(options));
}

base::Result<Endpoint> Session::CheckEndpoint(const std::string& text) const {
  ASSIGN_OR_RETURN(Endpoint endpoint, ParseEndpoint(text));
  if (endpoint.security == Endpoint::Security::kTls && settings_.tls == nullptr) {
    return Status(Code::kInvalidArgument,
                  "endpoint \"" + text + "\": the client has no TLS options for it");
  }
  return endpoint;
}

base::Result<std::unique_ptr<rpc::Channel>> Session::NewChannelTo(const std::string& text) {
  ASSIGN_OR_RETURN(const Endpoint endpoint, CheckEndpoint(text));
  Settings settings = settings_;
  settings.ClearEndpoints();
  settings.Add(text, endpoint);
  return NewChannel(settings);
}

base::Status Session::MayReplace(const std::string& text) const {
  ASSIGN_OR_RETURN(const Endpoint endpoint, CheckEndpoint(text));
  if (!settings_.plain_endpoints.empty() || !settings_.IsPlain(endpoint)) return {};
  return Status(Code::kInvalidArgument,
                "endpoint \"" + text + "\": is in plain text, and the client's are with TLS");
}

base::Status Session::SetEndpoints(const std::vector<std::string>& endpoints) {
  if (endpoints.empty()) return Status(Code::kInvalidArgument, "no endpoints");
  Settings changed = settings_;
  changed.ClearEndpoints();
  for (const std::string& text : endpoints) {
    ASSIGN_OR_RETURN(const Endpoint endpoint, CheckEndpoint(text));
    changed.Add(text, endpoint);
  }
  settings_ = std::move(changed);
  channel_->SetEndpoints(settings_.endpoints, settings_.plain_endpoints);
  return {};
}

void Session::Retire(std::unique_ptr<rpc::Channel> channel) {
  retired_.push_back(std::move(channel));
  sweep_->Arm(runtime::Duration(0));
}

http::Headers Session::Metadata(const Request& request) const {
  http::Headers metadata = {{"client-api-version", kApiVersion}};
  if (request.require_leader || settings_.require_leader) metadata.Add("hasleader", "true");
  if (!log_in_->token().empty() && request.method.path != kAuthenticate.path) {
    metadata.Add("token", log_in_->token());
  }
  return metadata;
}

void Session::Remove(uint64_t number) {
  calls_.erase(number);
}

Session::Handle Session::Start(Request request, Sink sink, Done done) {
  if (const Status status = CheckRequestSize(request.message.size()); !status.ok()) {
    done({status});
    return {};
  }
  const uint64_t number = ++calls_made_;
  const auto call =
      std::make_shared<Call>(this, number, std::move(request), std::move(sink), std::move(done));
  calls_.emplace(number, call);
  call->Begin();
  return call;
}

void Session::Cancel(const Handle& handle) {
  if (const std::shared_ptr<Call> call = handle.lock()) call->Cancel();
}

Session::Handle Session::StartUnary(Request request, UnaryDone done) {
  struct Reply {
    base::Bytes bytes;
    size_t messages = 0;
  };
  const auto reply = std::make_shared<Reply>();
  return Start(
      std::move(request),
      [reply](base::ByteView message) {
        reply->bytes = message;
        ++reply->messages;
        return true;
      },
      [reply, done = std::move(done)](const Ending& ending) mutable {
        if (ending.status.ok() && reply->messages != 1) {
          return done(
              {Status(Code::kInternal, "cardinality violation: a unary call was answered with " +
                                           std::to_string(reply->messages) + " messages")},
              {});
        }
        done(ending, reply->bytes);
      });
}

}  // namespace client
