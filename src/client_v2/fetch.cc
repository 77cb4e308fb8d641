#include "client_v2/fetch.h"

#include <memory>
#include <utility>

#include "net/http/exchange.h"
#include "net/http/headers.h"

namespace client_v2 {
namespace {

// Of one answer, all of which is kept.
constexpr size_t kAnswerBytesMax = size_t{1} << 30;

// Keeps an answer until it is whole.
class Answering final : public http::ExchangeHandler {
 public:
  Answering(runtime::Loop* loop, http::Client::FetchDone done)
      : head_timer_(loop->NewTimer([this] { GiveUp(base::Code::kDeadlineExceeded, "no head"); })),
        done_(std::move(done)) {}

  void Begin(http::Exchange* exchange, runtime::Duration head_timeout) {
    exchange_ = exchange;
    if (head_timeout != runtime::Duration::max()) head_timer_->Arm(head_timeout);
  }

  void OnHead() override {
    head_timer_->Disarm();
    answer_.head = exchange_->received_head();
    answer_.status = http::StatusCode(answer_.head);
  }
  void OnData(base::ByteView bytes) override {
    if (bytes.size() > kAnswerBytesMax - answer_.body.size()) {
      return GiveUp(base::Code::kResourceExhausted, "the answer is too long");
    }
    answer_.body.append(bytes);
    exchange_->Consume(bytes.size());
  }
  void OnEnd(const http::Headers&) override { is_whole_ = true; }
  void OnClosed(const http::Closing& closing) override {
    head_timer_->Disarm();
    if (is_whole_) return done_(std::move(answer_));
    done_(given_up_.ok() ? closing.status : given_up_);
  }

 private:
  void GiveUp(base::Code code, const char* why) {
    given_up_ = base::Status(code, why);
    exchange_->Reset(http::ErrorCode::kCancel);
  }

  const std::unique_ptr<runtime::Timer> head_timer_;
  http::Client::FetchDone done_;
  http::Exchange* exchange_ = nullptr;
  http::Client::Answer answer_;
  base::Status given_up_;
  bool is_whole_ = false;
};

}  // namespace

void Fetch(http::Client& client, runtime::Loop* loop, http::Headers head,
           const std::optional<std::string>& body, const AnswerTimes& times,
           http::Client::FetchDone done) {
  auto handler = std::make_shared<Answering>(loop, std::move(done));
  const bool has_body = body.has_value() && !body->empty();
  if (has_body) head.Add("content-length", std::to_string(body->size()));
  http::Exchange& exchange = client.Start(
      head, has_body ? http::Exchange::Then::kContinue : http::Exchange::Then::kEnd, handler,
      {.connect = times.head, .write = runtime::Duration::max(), .total = times.all});
  handler->Begin(&exchange, times.head);
  if (has_body) exchange.SendData(base::Bytes(*body), http::Exchange::Then::kEnd);
}

}  // namespace client_v2
