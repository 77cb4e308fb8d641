#include <optional>
#include <utility>

#include "net/rpc/channel.h"
#include "net/trace/collector.h"

namespace trace {
namespace {

using Kind = Collector::Outcome::Kind;

constexpr char kPath[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// What OTLP calls worth another try.
Kind KindOf(base::Code code) {
  switch (code) {
    case base::Code::kOk:
      return Kind::kTaken;
    case base::Code::kCanceled:
    case base::Code::kDeadlineExceeded:
    case base::Code::kAborted:
    case base::Code::kOutOfRange:
    case base::Code::kUnavailable:
    case base::Code::kDataLoss:
      return Kind::kAway;
    default:
      return Kind::kRefused;
  }
}

class GrpcCollector final : public Collector {
 public:
  explicit GrpcCollector(const CollectorParts& parts)
      : loop_(parts.loop), channel_(parts.loop, parts.network, OptionsOf(parts)) {}
  // A call that is under way ends with the channel, and nobody is there any more to hear of it.
  ~GrpcCollector() override {
    if (answer_ != nullptr) answer_->done = nullptr;
  }

  void Send(const base::Bytes& request, Done done) override {
    rpc::ClientCall::Options options;
    options.deadline = loop_->clock().Now() + kSendTimeout;
    options.max_receive_bytes = kAnswerBytesMax;
    const auto answer = std::make_shared<Answer>(Answer{std::move(done)});
    answer_ = answer;
    channel_.CallUnary(kPath, std::move(options), rpc::Message(request),
                       [answer](const base::Status& status, base::ByteView reply) {
                         answer->outcome = {KindOf(status.code()), base::Bytes(reply), status};
                         answer->Tell();
                       });
    // The call may have ended inside of that.
    loop_->Post([answer] {
      answer->is_due = true;
      answer->Tell();
    });
  }

 private:
  struct Answer {
    void Tell() {
      if (is_due && outcome.has_value() && done) std::exchange(done, nullptr)(*std::move(outcome));
    }
    Done done;
    std::optional<Outcome> outcome = {};
    bool is_due = false;
  };

  static rpc::Channel::Options OptionsOf(const CollectorParts& parts) {
    rpc::Channel::Options options;
    options.endpoints = {parts.address};
    // Whoever sends waits by himself.
    options.backoff.longest = std::chrono::seconds(5);
    options.seed = parts.seed;
    return options;
  }

  runtime::Loop* const loop_;
  std::shared_ptr<Answer> answer_;  // to what was sent last
  rpc::Channel channel_;
};

}  // namespace

std::unique_ptr<Collector> NewGrpcCollector(const CollectorParts& parts) {
  return std::make_unique<GrpcCollector>(parts);
}

}  // namespace trace
