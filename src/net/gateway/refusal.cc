#include "net/gateway/refusal.h"

#include <utility>

namespace gateway {
namespace {

class Refusal final : public http::ExchangeHandler {
 public:
  Refusal(http::Exchange* exchange, http::Headers head, std::string body)
      : exchange_(*exchange), head_(std::move(head)), body_(std::move(body)) {}

  void OnData(base::ByteView bytes) override {
    received_ += bytes.size();
    exchange_.Consume(bytes.size());
    if (received_ > kBodyMax) Answer();
  }
  void OnEnd(const http::Headers&) override { Answer(); }
  void OnClosed(const http::Closing&) override {}

 private:
  static constexpr size_t kBodyMax = 64 << 10;

  void Answer() {
    if (std::exchange(answered_, true)) return;
    head_.Add("content-length", std::to_string(body_.size()));
    exchange_.SendHead(head_, http::Exchange::Then::kContinue);
    exchange_.SendData(body_, http::Exchange::Then::kEnd);
  }

  http::Exchange& exchange_;
  http::Headers head_;
  const std::string body_;
  size_t received_ = 0;
  bool answered_ = false;
};

}  // namespace

std::shared_ptr<http::ExchangeHandler> Refuse(http::Exchange& exchange, http::Headers head,
                                              std::string body) {
  return std::make_shared<Refusal>(&exchange, std::move(head), std::move(body));
}

}  // namespace gateway
