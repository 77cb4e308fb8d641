#include "net/rpc/server.h"

#include <utility>

#include "base/check.h"
#include "net/rpc/encoding.h"
#include "net/rpc/timeout.h"

namespace rpc {
namespace {

constexpr base::ByteView kContentType = "application/grpc";

// "application/grpc", also with "+proto" or parameters behind it.
bool IsGrpc(const http::Headers& head) {
  const base::ByteView type = head.Get("content-type");
  if (!type.starts_with(kContentType)) return false;
  const base::ByteView rest = type.substr(kContentType.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';';
}

// Answers without a call: a trailers-only answer, with another HTTP status where the request is
// not even a proper gRPC request.
std::shared_ptr<http::ExchangeHandler> Refuse(http::Exchange& exchange, const base::Status& status,
                                              int http_status = 200) {
  http::Headers head = {{":status", std::to_string(http_status)},
                        {"content-type", kContentType},
                        {"grpc-status", std::to_string(static_cast<int>(status.code()))},
                        {"grpc-message", PercentEncode(status.message())}};
  if (status.code() == base::Code::kUnimplemented) head.Add("grpc-accept-encoding", "gzip");
  exchange.SendHead(head, http::Exchange::Then::kEnd);
  return std::make_shared<http::IgnoringHandler>(&exchange);
}

std::string Quoted(base::ByteView text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

Server::Server(runtime::Loop* loop, http::Service* other, const MessageLimits& limits)
    : loop_(loop), other_(other), limits_(limits), deadlines_(loop) {}

Server::~Server() {
  CHECK(deadlines_.size() == 0);
}

void Server::AddUnary(const std::string& service, const std::string& name, UnaryHandler handler) {
  auto method = std::make_unique<Method>();
  method->service = service;
  method->name = name;
  method->unary = std::move(handler);
  Add(std::move(method));
}

void Server::AddStreaming(const std::string& service, const std::string& name, Kind kind,
                          StreamingHandler handler) {
  auto method = std::make_unique<Method>();
  method->service = service;
  method->name = name;
  method->kind = kind;
  method->streaming = std::move(handler);
  Add(std::move(method));
}

void Server::Add(std::unique_ptr<Method> method) {
  paths_.push_back(std::make_unique<std::string>("/" + method->service + "/" + method->name));
  CHECK(by_path_.emplace(*paths_.back(), method.get()).second);
  methods_.push_back(std::move(method));
}

void Server::SetOnEnded(
    const std::function<void(const Method& method, const Method::Ended&)>& on_ended) {
  for (const auto& method : methods_) {
    method->on_ended = [on_ended, of = method.get()](const Method::Ended& ended) {
      on_ended(*of, ended);
    };
  }
}

void Server::SetTracer(CallTracer* tracer) {
  for (const auto& method : methods_) method->tracer = tracer;
}

std::shared_ptr<http::ExchangeHandler> Server::OnRequest(http::Exchange& exchange) {
  const http::Headers& head = exchange.received_head();
  if (exchange.version() != http::Version::kHttp2) return other_->OnRequest(exchange);
  if (!IsGrpc(head)) {
    if (!by_path_.contains(http::Path(head))) return other_->OnRequest(exchange);
    return Refuse(exchange,
                  base::Status(base::Code::kInvalidArgument, "invalid gRPC request content-type " +
                                                                 Quoted(head.Get("content-type"))),
                  415);
  }
  if (http::Method(head) != "POST") {
    return Refuse(exchange,
                  base::Status(base::Code::kInternal, "Received a HEADERS frame with :method " +
                                                          Quoted(http::Method(head)) +
                                                          " which should be POST"),
                  405);
  }
  return StartCall(exchange);
}

std::shared_ptr<http::ExchangeHandler> Server::StartCall(http::Exchange& exchange) {
  const http::Headers& head = exchange.received_head();
  std::optional<runtime::TimePoint> deadline;
  if (const auto text = head.Find("grpc-timeout"); text.has_value()) {
    const base::Result<runtime::Duration> timeout = ParseTimeout(*text);
    if (!timeout.ok()) {
      base::Bytes message = "malformed grpc-timeout: ";
      message.append(timeout.status().message());
      return Refuse(exchange, base::Status(base::Code::kInternal, message), 400);
    }
    const runtime::TimePoint now = loop_->clock().Now();
    deadline =
        *timeout < runtime::TimePoint::max() - now ? now + *timeout : runtime::TimePoint::max();
  }
  const auto found = by_path_.find(http::Path(head));
  if (found == by_path_.end()) return Refuse(exchange, Unimplemented(http::Path(head)));
  ServerCall::Encoding encoding;
  const base::ByteView request_encoding = head.Get("grpc-encoding");
  if (request_encoding == "gzip") {
    // As grpc-go answers: in the encoding of the request.
    encoding = {true, true};
  } else if (!request_encoding.empty() && request_encoding != "identity") {
    return Refuse(exchange, base::Status(base::Code::kUnimplemented,
                                         "grpc: Decompressor is not installed for grpc-encoding " +
                                             Quoted(request_encoding)));
  }
  auto call =
      std::make_shared<ServerCall>(&exchange, found->second, limits_, &deadlines_, encoding);
  call->Start(deadline);
  return call;
}

base::Status Server::Unimplemented(base::ByteView path) const {
  const size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) {
    return base::Status(base::Code::kUnimplemented, "malformed method name: " + Quoted(path));
  }
  const base::Bytes service(path.substr(1, slash - 1));
  for (const auto& method : methods_) {
    if (method->service != service) continue;
    return base::Status(
        base::Code::kUnimplemented,
        "unknown method " + base::Bytes(path.substr(slash + 1)) + " for service " + service);
  }
  return base::Status(base::Code::kUnimplemented, "unknown service " + service);
}

}  // namespace rpc
