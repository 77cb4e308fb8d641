#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http/exchange.h"
#include "net/rpc/deadline_queue.h"
#include "net/rpc/method.h"
#include "net/rpc/server_call.h"

namespace rpc {

// The service table of one loop: tells gRPC calls from other requests, finds the method of a call
// and starts it. Errors before a method is reached have grpc-go's codes and texts.
class Server final : public http::Service {
 public:
  // Requests that are no gRPC calls go to `other`, which must outlive the server.
  Server(runtime::Loop* loop, http::Service* other, const MessageLimits& limits);
  ~Server() override;

  // `service` with its package, "etcdserverpb.KV"; before the first request.
  void AddUnary(const std::string& service, const std::string& name, UnaryHandler handler);
  // Also a unary method whose calls wait for long: it hears of its client's leaving.
  void AddStreaming(const std::string& service, const std::string& name, Kind kind,
                    StreamingHandler handler);

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

  // In the order in which they were added.
  const std::vector<std::unique_ptr<Method>>& methods() const { return methods_; }

  // Has every call of the methods added so far reported when it ends; before the first request.
  void SetOnEnded(const std::function<void(const Method& method, const Method::Ended&)>& on_ended);
  // Has `tracer` asked for every call of the methods added so far; before the first request.
  void SetTracer(CallTracer* tracer);

 private:
  void Add(std::unique_ptr<Method> method);
  base::Status Unimplemented(base::ByteView path) const;
  std::shared_ptr<http::ExchangeHandler> StartCall(http::Exchange& exchange);

  runtime::Loop* const loop_;
  http::Service* const other_;
  const MessageLimits limits_;
  DeadlineQueue deadlines_;
  std::vector<std::unique_ptr<Method>> methods_;
  std::vector<std::unique_ptr<std::string>> paths_;
  std::unordered_map<std::string_view, Method*> by_path_;
};

}  // namespace rpc
