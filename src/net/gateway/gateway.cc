#include "net/gateway/gateway.h"

#include <google/protobuf/descriptor.h>

#include <utility>

#include "net/gateway/error_json.h"
#include "net/gateway/gateway_call.h"
#include "net/gateway/refusal.h"
#include "net/gateway/request_metadata.h"
#include "net/gateway/websocket_exchange.h"
#include "net/http/websocket_handshake.h"
#include "net/rpc/encoding.h"

namespace gateway {
namespace {

constexpr base::ByteView kPrefix = "/v3/";
// The interface's name before it was stable.
constexpr base::ByteView kBetaPrefix = "/v3beta/";

// Compat: grpc-gateway lets the POST of a form stand for another method.
bool AsksForAnotherMethod(const http::Headers& head) {
  if (http::Method(head) != "POST") return true;
  const base::ByteView other = head.Get("x-http-method-override");
  const bool is_form = head.Get("content-type") == "application/x-www-form-urlencoded";
  return is_form && !other.empty() && other != "POST" && other != "post";
}

std::shared_ptr<http::ExchangeHandler> RefuseWith(http::Exchange& exchange, int http_status,
                                                  const base::Status& status) {
  return Refuse(exchange,
                {{":status", std::to_string(http_status)}, {"content-type", "application/json"}},
                ErrorJson(status));
}

}  // namespace

std::shared_ptr<http::ExchangeHandler> Gateway::OnRequest(http::Exchange& exchange) {
  base::ByteView path = http::PathOnly(exchange.received_head());
  base::Bytes unescaped;
  if (path.find('%') != base::ByteView::npos) {
    unescaped = rpc::PercentDecode(path);
    path = unescaped;
  }
  base::Bytes renamed;
  if (path.starts_with(kBetaPrefix)) {
    renamed = base::Bytes(kPrefix) + base::Bytes(path.substr(kBetaPrefix.size()));
    path = renamed;
  }
  if (!path.starts_with(kPrefix)) return other_.OnRequest(exchange);
  const Route* const route = routes_.Find(path);
  const bool is_http1 = exchange.version() == http::Version::kHttp1;
  if (is_http1 && http::AsksForWebSocket(exchange.received_head())) {
    return AnswerWebSocket(exchange, route);
  }
  if (route == nullptr) {
    const base::Status status(base::Code::kNotFound, "Not Found");
    return RefuseWith(exchange, 404, status);
  }
  if (AsksForAnotherMethod(exchange.received_head())) {
    const base::Status status(base::Code::kUnimplemented, "Method Not Allowed");
    return RefuseWith(exchange, 501, status);
  }
  base::Result<http::Headers> grpc_head = GrpcHead(*route, exchange.received_head());
  if (!grpc_head.ok()) return RefuseWith(exchange, 400, grpc_head.status());
  auto call = std::make_shared<GatewayCall>(this, route, *std::move(grpc_head), &exchange);
  if (route->method->client_streaming()) call->Start();
  return call;
}

std::shared_ptr<http::ExchangeHandler> Gateway::AnswerWebSocket(http::Exchange& exchange,
                                                                const Route* route) {
  using Requests = WebSocketExchange::Requests;
  Requests requests = Requests::kNone;
  if (route != nullptr) {
    requests = route->method->client_streaming() ? Requests::kMany : Requests::kOne;
  }
  const WebSocketExchange::Options options{.max_message_bytes = options_.max_message_bytes,
                                           .interval = options_.keepalive_interval,
                                           .patience = options_.keepalive_timeout};
  return WebSocketExchange::Answer(&exchange, options, requests,
                                   [this](http::Exchange& request) { return OnRequest(request); });
}

}  // namespace gateway
