#include "app/net_thread.h"

#include <algorithm>
#include <map>

#include "api/v3/services.h"
#include "api/web/health.h"
#include "api/web/version.h"
#include "app/call_report.h"
#include "net/gateway/access_control.h"
#include "net/gateway/gateway.h"
#include "net/http/server.h"
#include "net/reflection/reflection.h"
#include "net/rpc/health.h"
#include "net/rpc/server.h"
#include "runtime/posix/heap.h"

namespace app {
namespace {

constexpr size_t kPlainBodyBytesMax = 1 << 20;
// gRPC messages may be larger than requests by this much.
constexpr size_t kGrpcOverheadBytes = 512 * 1024;

http::Server::Options HttpOptions(const NetThread::Parts& parts, runtime::Loop* loop) {
  const config::ClientApiConfig& config = parts.config->client_api;
  http::Server::Options options;
  options.budget = NetThread::BudgetOf(config, parts.server->options());
  options.member_budget = parts.budget;
  options.on_freed = [workers = parts.workers, loop] {
    // With all workers busy the memory is kept until the next time.
    static_cast<void>(workers->Run([] { runtime::posix::TrimHeap(); }, loop, [] {}));
  };
  options.limits.max_concurrent_streams =
      std::min(options.limits.max_concurrent_streams, config.max_concurrent_streams);
  options.keepalive.interval = config.keepalive_interval;
  options.keepalive.timeout = config.keepalive_timeout;
  options.keepalive.min_interval = config.keepalive_min_time;
  return options;
}

size_t MessageBytesMax(const server::Options& options) {
  return options.max_request_bytes + kGrpcOverheadBytes;
}

gateway::Gateway::Options GatewayOptions(const config::ClientApiConfig& config) {
  gateway::Gateway::Options options;
  options.keepalive_interval = config.keepalive_interval;
  options.keepalive_timeout = config.keepalive_timeout;
  return options;
}

// gRPC is spoken over HTTP/2 alone.
http::Connection::Protocols ProtocolsOf(Surface surface) {
  return {.http1 = surface != Surface::kGrpc, .http2 = true};
}

}  // namespace

struct NetThread::Services {
  Services(const Parts& the_parts, runtime::Loop* the_loop)
      : parts(the_parts),
        loop(the_loop),
        counts(*parts.counts),
        health(parts.server, &parts.server->frontend(parts.origin), parts.health),
        v3(parts.server, &parts.server->frontend(parts.origin)),
        calls({.histograms = parts.config->monitoring.metrics == "extensive",
               .slow = parts.config->monitoring.warning_unary_request_duration},
              parts.server->environment().logger, parts.server->environment().registry),
        gateway(&table, &plain, GatewayOptions(parts.config->client_api)),
        web(parts.config->client_api.enable_grpc_gateway ? static_cast<http::Service*>(&gateway)
                                                         : &plain,
            {parts.config->cors.values, parts.config->client_api.host_whitelist}),
        table(loop, &web,
              rpc::MessageLimits{.max_receive_bytes = MessageBytesMax(parts.server->options())}) {
    for (http::PlainService* service : {&plain, &monitoring}) {
      health.AddTo(*service);
      service->Handle("/metrics", [this](const http::PlainRequest&, http::Responder responder) {
        ServeMetrics(std::move(responder));
      });
    }
    web::AddVersion(plain, parts.server);
    v3.AddTo(table);
    grpc_health.AddTo(table);
    reflection::AddTo(table);
    calls.Watch(table);
    counts.Add(&table);
  }

  // A scrape reads files of /proc, and walks over all descriptors.
  void ServeMetrics(http::Responder responder) {
    auto text = std::make_shared<std::string>();
    const bool accepted = parts.workers->Run(
        [registry = parts.registry, text] { *text = registry->Scrape(); }, loop,
        [text, responder]() mutable {
          http::PlainResponse response;
          response.fields.Add("content-type", "text/plain; version=0.0.4; charset=utf-8");
          response.body = std::move(*text);
          responder.Send(std::move(response));
        });
    if (!accepted) responder.Send(http::TextResponse(503, "too many scrapes at once"));
  }

  void AddServer(Surface surface, runtime::Network* network) {
    const auto [found, is_new] =
        servers.try_emplace(surface, loop, network, ServiceOf(surface), HttpOptions(parts, loop));
    if (is_new) counts.Add(&found->second);
  }

  void Drain(base::Callback<void()> on_drained) {
    health.Stop();
    grpc_health.Stop();
    auto left = std::make_shared<Left>(Left{1, std::move(on_drained)});
    for (auto& [surface, server] : servers) {
      if (surface == Surface::kMetrics) continue;
      ++left->servers;
      server.Drain([left] { left->Subtract(); });
    }
    left->Subtract();
  }

  // Ends all connections, and with them all calls.
  void Close() {
    for (const auto& [surface, server] : servers) counts.Remove(&server);
    servers.clear();
    counts.Remove(&table);
  }

  http::Service* ServiceOf(Surface surface) {
    switch (surface) {
      case Surface::kAll:
      case Surface::kGrpc:
        return &table;
      case Surface::kHttp:
        return &web;
      case Surface::kMetrics:
        return &monitoring;
    }
    return nullptr;
  }

  // The servers that are not drained, and one while they are counted.
  struct Left {
    size_t servers;
    base::Callback<void()> on_drained;

    void Subtract() {
      if (--servers == 0) on_drained();
    }
  };

  const Parts parts;
  runtime::Loop* const loop;
  NetworkMetrics& counts;
  web::Health health;
  v3::Services v3;
  rpc::Health grpc_health;
  CallReport calls;
  http::PlainService monitoring{kPlainBodyBytesMax};
  http::PlainService plain{kPlainBodyBytesMax};
  gateway::Gateway gateway;
  gateway::AccessControl web;  // what is no gRPC
  rpc::Server table;
  std::map<Surface, http::Server> servers;
};

NetThread::NetThread(const std::string& name) : thread_(name), network_(&thread_.loop()) {}

NetThread::~NetThread() = default;

http::LoopBudget::Options NetThread::BudgetOf(const config::ClientApiConfig& config,
                                              const server::Options& options) {
  http::LoopBudget::Options budget;
  budget.connection_bytes = config.connection_memory_bytes;
  budget.member_bytes = config.client_memory_bytes;
  budget.largest_request_bytes = MessageBytesMax(options);
  return budget;
}

void NetThread::Open(const Parts& parts, const std::vector<ListenerPlan>& plans) {
  thread_.RunAndWait([&] {
    services_ = std::make_unique<Services>(parts, &thread_.loop());
    for (const ListenerPlan& plan : plans) services_->AddServer(plan.surface, &network_);
  });
}

runtime::asio::SharedListener::Taker NetThread::TakerOf(const ListenerPlan& plan) {
  const Parts& parts = services_->parts;
  http::Server::Listening listening;
  listening.protocols = ProtocolsOf(plan.surface);
  listening.plaintext_too = plan.plaintext;
  if (plan.tls) {
    listening.tls = [tls = parts.tls] { return tls->context(); };
    listening.handshake_workers = parts.handshake_workers;
  }
  http::Server* const server = &services_->servers.find(plan.surface)->second;
  return {&thread_.loop(), [server, listening](std::unique_ptr<runtime::Stream> stream) {
            server->Take(std::move(stream), listening);
          }};
}

void NetThread::Drain(base::Callback<void()> on_drained) {
  thread_.loop().Post([this, on_drained = std::move(on_drained)]() mutable {
    if (services_ == nullptr) return on_drained();
    services_->Drain(std::move(on_drained));
  });
}

void NetThread::RunAfter(runtime::Duration delay, base::Callback<void()> task) {
  thread_.loop().Post([this, delay, task = std::move(task)]() mutable {
    timer_ = thread_.loop().NewTimer(std::move(task));
    timer_->Arm(delay);
  });
}

void NetThread::Close() {
  thread_.RunAndWait([this] {
    timer_.reset();
    if (services_ != nullptr) services_->Close();
  });
}

}  // namespace app
