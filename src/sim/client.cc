#include "sim/client.h"

#include <utility>

namespace sim {

// Hands on how its call ended.
class Client::Handler final : public rpc::ClientHandler {
 public:
  explicit Handler(Done done) : done_(std::move(done)) {}

  void OnMessage(base::ByteView message) override { reply_ = message; }
  void OnUnprocessed() override { unprocessed_ = true; }
  void OnFinished(const base::Status& status, const http::Headers& trailers) override {
    done_({OutcomeOf(status, trailers), status, reply_});
  }

 private:
  // Only a server sends trailers.
  Outcome OutcomeOf(const base::Status& status, const http::Headers& trailers) const {
    if (unprocessed_) return Outcome::kUnprocessed;
    if (trailers.Find("grpc-status").has_value()) return Outcome::kAnswered;
    const bool given_up =
        status.code() == base::Code::kCanceled || status.code() == base::Code::kDeadlineExceeded;
    return given_up ? Outcome::kGivenUp : Outcome::kLost;
  }

  Done done_;
  base::Bytes reply_;
  bool unprocessed_ = false;
};

// Hands on what comes on a stream.
class Client::StreamHandler final : public rpc::ClientHandler {
 public:
  explicit StreamHandler(Stream stream) : stream_(std::move(stream)) {}

  void SetCall(const std::shared_ptr<rpc::ClientCall>& call) { call_ = call; }
  void OnMessage(base::ByteView message) override {
    if (const auto call = call_.lock()) stream_.on_message(*call, message);
  }
  void OnFinished(const base::Status&, const http::Headers&) override { stream_.on_end(); }

 private:
  const Stream stream_;
  std::weak_ptr<rpc::ClientCall> call_;
};

Client::Client(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
               Options options)
    : scheduler_(scheduler),
      options_(std::move(options)),
      loop_(scheduler->NewLoop("client")),
      alarm_(scheduler->NewLoop("client's alarm")),
      network_(wires->NewNetwork(options_.host, loop_.get())) {}

Client::~Client() = default;

void Client::Dial(std::vector<runtime::Address> members) {
  loop_->Post([this, members = std::move(members)]() mutable {
    rpc::Channel::Options options;
    options.endpoints = std::move(members);
    options.keepalive = options_.keepalive;
    options.limits = options_.limits;
    options.backoff.initial = std::chrono::milliseconds(20);
    options.backoff.longest = std::chrono::milliseconds(200);
    options.connect_timeout = std::chrono::seconds(1);
    options.seed = options_.seed;
    channel_.reset();
    channel_ = std::make_unique<rpc::Channel>(loop_.get(), network_.get(), std::move(options));
  });
}

void Client::Close() {
  Wake();
  loop_->Post([this] { channel_.reset(); });
}

void Client::Start(Call call, Done done) {
  loop_->Post([this, call = std::move(call), done = std::move(done)]() mutable {
    if (channel_ != nullptr) Begin(std::move(call), std::move(done));
  });
}

void Client::OpenStream(const char* path, std::string token, std::vector<std::string> requests,
                        Stream stream) {
  loop_->Post([this, path, token = std::move(token), requests = std::move(requests),
               stream = std::move(stream)]() mutable {
    if (channel_ == nullptr) return stream.on_end();
    auto handler = std::make_unique<StreamHandler>(std::move(stream));
    StreamHandler* const started = handler.get();
    rpc::ClientCall::Options options;
    options.wait_for_ready = true;
    options.metadata.Add("hasleader", "true");
    if (!token.empty()) options.metadata.Add("token", token);
    const auto call = channel_->Start(path, std::move(options), std::move(handler));
    if (call->is_finished()) return;
    started->SetCall(call);
    for (const std::string& request : requests) call->Send(rpc::Message(request));
  });
}

// The last of several counts.
void Client::StandStill(runtime::Duration duration) {
  scheduler_->SetPaused(loop_.get(), true);
  scheduler_->RunAt(scheduler_->clock().Now() + duration, alarm_.get(),
                    [this, number = ++standstills_] {
                      if (number == standstills_) scheduler_->SetPaused(loop_.get(), false);
                    });
}

void Client::Wake() {
  ++standstills_;
  scheduler_->SetPaused(loop_.get(), false);
}

void Client::After(runtime::Duration delay, base::Callback<void()> task) {
  scheduler_->RunAt(scheduler_->clock().Now() + delay, loop_.get(), std::move(task));
}

void Client::Begin(Call call, Done done) {
  const runtime::TimePoint now = loop_->clock().Now();
  rpc::ClientCall::Options options;
  options.deadline = now + call.timeout;
  options.wait_for_ready = call.wait_for_ready;
  if (!call.token.empty()) options.metadata.Add("token", call.token);
  const auto started =
      channel_->Start(call.path, std::move(options), std::make_unique<Handler>(std::move(done)));
  started->Send(rpc::Message(call.request));
  started->HalfClose();
  if (!call.cancel_after.has_value()) return;
  scheduler_->RunAt(now + *call.cancel_after, loop_.get(),
                    [weak = std::weak_ptr<rpc::ClientCall>(started)] {
                      if (const auto still = weak.lock()) still->Cancel();
                    });
}

}  // namespace sim
