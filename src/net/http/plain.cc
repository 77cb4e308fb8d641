#include "net/http/plain.h"

#include <utility>

namespace http {

// Collects a request's body, then asks the endpoint; the exchange's handler.
class Responder::Target final : public ExchangeHandler,
                                public std::enable_shared_from_this<Target> {
 public:
  Target(Exchange* exchange, const PlainService::Endpoint* endpoint, size_t max_body_bytes)
      : exchange_(exchange), endpoint_(endpoint), max_body_bytes_(max_body_bytes) {}

  void Send(PlainResponse response) {
    if (exchange_ == nullptr || answered_) return;
    answered_ = true;
    Headers head = {{":status", std::to_string(response.status)}};
    head.Add(response.fields);
    head.Add("content-length", std::to_string(response.body.size()));
    const bool has_body = !response.body.empty() && Method(exchange_->received_head()) != "HEAD";
    exchange_->SendHead(head, has_body ? Exchange::Then::kContinue : Exchange::Then::kEnd);
    if (has_body) exchange_->SendData(std::move(response.body), Exchange::Then::kEnd);
  }

  void OnData(base::ByteView bytes) override {
    exchange_->Consume(bytes.size());
    if (answered_) return;
    if (body_.size() + bytes.size() > max_body_bytes_) {
      return Send(TextResponse(413, "request body too large"));
    }
    body_.append(bytes);
    exchange_->SetHeld(body_.capacity());
  }
  void OnEnd(const Headers&) override {
    if (answered_) return;
    if (endpoint_ == nullptr) return Send(TextResponse(404, "404 page not found"));
    const PlainRequest request{exchange_->received_head(), body_, exchange_->connection()};
    (*endpoint_)(request, Responder(weak_from_this()));
  }
  void OnClosed(const Closing&) override { exchange_ = nullptr; }

 private:
  Exchange* exchange_;
  const PlainService::Endpoint* const endpoint_;
  const size_t max_body_bytes_;
  base::Bytes body_;
  bool answered_ = false;
};

void Responder::Send(PlainResponse response) {
  if (const auto target = target_.lock()) target->Send(std::move(response));
}

PlainResponse TextResponse(int status, base::ByteView text) {
  PlainResponse response;
  response.status = status;
  response.fields.Add("content-type", "text/plain; charset=utf-8");
  response.fields.Add("x-content-type-options", "nosniff");
  response.body = base::Bytes(text) + "\n";
  return response;
}

std::shared_ptr<ExchangeHandler> PlainService::OnRequest(Exchange& exchange) {
  const Endpoint* const endpoint = Find(PathOnly(exchange.received_head()));
  return std::make_shared<Responder::Target>(&exchange, endpoint, max_body_bytes_);
}

const PlainService::Endpoint* PlainService::Find(base::ByteView path) const {
  if (const auto exact = endpoints_.find(path); exact != endpoints_.end()) return &exact->second;
  // The longest prefix that ends in '/'.
  for (size_t end = path.rfind('/'); end != base::ByteView::npos;) {
    const auto prefix = endpoints_.find(path.substr(0, end + 1));
    if (prefix != endpoints_.end()) return &prefix->second;
    if (end == 0) break;
    end = path.rfind('/', end - 1);
  }
  return nullptr;
}

}  // namespace http
