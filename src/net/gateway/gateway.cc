#include "net/gateway/gateway.h"

#include <google/protobuf/descriptor.h>

#include <utility>

#include "net/gateway/error_json.h"
#include "net/gateway/gateway_call.h"

namespace gateway {
namespace {

constexpr base::ByteView kPrefix = "/v3/";
// The interface's name before it was stable.
constexpr base::ByteView kBetaPrefix = "/v3beta/";

std::shared_ptr<http::ExchangeHandler> Refuse(http::Exchange& exchange, int http_status,
                                              const base::Status& status) {
  const std::string json = ErrorJson(status);
  exchange.SendHead({{":status", std::to_string(http_status)},
                     {"content-type", "application/json"},
                     {"content-length", std::to_string(json.size())}},
                    http::Exchange::Then::kContinue);
  exchange.SendData(json, http::Exchange::Then::kEnd);
  return std::make_shared<http::IgnoringHandler>(&exchange);
}

}  // namespace

std::shared_ptr<http::ExchangeHandler> Gateway::OnRequest(http::Exchange& exchange) {
  base::ByteView path = http::PathOnly(exchange.received_head());
  base::Bytes renamed;
  if (path.starts_with(kBetaPrefix)) {
    renamed = base::Bytes(kPrefix) + base::Bytes(path.substr(kBetaPrefix.size()));
    path = renamed;
  }
  if (!path.starts_with(kPrefix)) return other_.OnRequest(exchange);
  const Route* const route = routes_.Find(path);
  if (route == nullptr) return Refuse(exchange, 404, {base::Code::kNotFound, "Not Found"});
  if (http::Method(exchange.received_head()) != "POST") {
    return Refuse(exchange, 501, {base::Code::kUnimplemented, "Method Not Allowed"});
  }
  auto call = std::make_shared<GatewayCall>(this, route, &exchange);
  if (route->method->client_streaming()) call->Start();
  return call;
}

}  // namespace gateway
