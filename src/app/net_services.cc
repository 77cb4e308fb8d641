#include "app/net_services.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/web/method.h"
#include "api/web/version.h"
#include "app/debug_vars.h"
#include "app/worker_answer.h"
#include "net/http/accept_encoding.h"
#include "net/reflection/reflection.h"
#include "net/rpc/gzip.h"

namespace app {
namespace {

constexpr size_t kPlainBodyBytesMax = 1 << 20;
// gRPC messages may be larger than requests by this much.
constexpr size_t kGrpcOverheadBytes = 512 * 1024;

http::Server::Options HttpOptions(const NetServices::Parts& parts, runtime::Loop* loop) {
  const config::ClientApiConfig& config = parts.config->client_api;
  http::Server::Options options;
  options.budget = NetServices::BudgetOf(config, parts.server->options());
  options.member_budget = parts.budget;
  options.on_freed = [workers = parts.workers, trim_heap = parts.trim_heap, loop] {
    // With all workers busy the memory is kept until the next time.
    static_cast<void>(workers->Run([trim_heap] { trim_heap(); }, loop, [] {}));
  };
  options.limits = parts.limits;
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

// Of a message in JSON, where bytes are text of four thirds their size, and the rest is longer too.
constexpr size_t kJsonFactor = 2;

gateway::Gateway::Options GatewayOptions(const config::ClientApiConfig& config,
                                         const server::Options& server) {
  gateway::Gateway::Options options;
  options.max_message_bytes = kJsonFactor * MessageBytesMax(server);
  options.keepalive_interval = config.keepalive_interval;
  options.keepalive_timeout = config.keepalive_timeout;
  return options;
}

gateway::AccessControl::Options AccessOptions(const NetServices::Parts& parts) {
  gateway::AccessControl::Options options{.origins = parts.config->cors.values,
                                          .hosts = parts.config->client_api.host_whitelist};
  const bool has_gateway = parts.config->client_api.enable_grpc_gateway;
  if (!has_gateway || !parts.identification.by_certificate) return options;
  options.refuses_names = [frontend = &parts.server->frontend(parts.origin)] {
    return frontend->judge().view().enabled;
  };
  return options;
}

void LogRejection(const observe::Logger& logger, const http::TlsStream::Rejection& rejection) {
  // Compat: probes that close at once are told to those alone who want to know everything.
  logger.Log(rejection.peer_ended ? observe::Level::kDebug : observe::Level::kWarn,
             "rejected connection on client endpoint",
             {{"remote-addr", rejection.peer.ToString()},
              {"server-name", rejection.server_name},
              {"error", rejection.why.message()}});
}

// gRPC is spoken over HTTP/2 alone.
http::Connection::Protocols ProtocolsOf(Surface surface) {
  return {.http1 = surface != Surface::kGrpc, .http2 = true};
}

// The servers that are not drained, and one while they are counted.
struct Left {
  size_t servers;
  base::Callback<void()> on_drained;

  void Subtract() {
    if (--servers == 0) on_drained();
  }
};

}  // namespace

NetServices::NetServices(const Parts& parts, runtime::Loop* loop)
    : parts_(parts),
      loop_(loop),
      health_(parts.server, &parts.server->frontend(parts.origin), parts.health),
      v3_(parts.server, &parts.server->frontend(parts.origin), parts.identification, parts.meters),
      calls_({.histograms = parts.config->monitoring.metrics == "extensive",
              .slow = parts.config->monitoring.warning_unary_request_duration},
             parts.server->environment().logger, parts.server->environment().registry),
      tracer_(parts.tracing == nullptr ? nullptr : parts.tracing->NewTracer(loop)),
      monitoring_(kPlainBodyBytesMax),
      plain_(kPlainBodyBytesMax),
      gateway_(&table_, OtherPaths(),
               GatewayOptions(parts.config->client_api, parts.server->options())),
      web_(parts.config->client_api.enable_grpc_gateway ? static_cast<http::Service*>(&gateway_)
                                                        : OtherPaths(),
           AccessOptions(parts)),
      table_(loop, &web_,
             rpc::MessageLimits{.max_receive_bytes = MessageBytesMax(parts.server->options())}) {
  AddEndpoints();
  v3_.AddTo(table_);
  grpc_health_.AddTo(table_);
  reflection::AddTo(table_);
  calls_.Watch(table_);
  if (tracer_ != nullptr) table_.SetTracer(tracer_.get());
  parts_.counts->Add(&table_);
}

http::Service* NetServices::OtherPaths() {
  if (!parts_.config->client_api.enable_v2) return &plain_;
  if (!v2_.has_value()) {
    v2_.emplace(v2::Service::Parts{parts_.server, &parts_.server->frontend(parts_.origin),
                                   parts_.v2_totals, parts_.identification.passwords,
                                   parts_.identification.by_certificate, &plain_});
  }
  return &*v2_;
}

std::unique_ptr<admission::Meters> NetServices::NewMeters(const config::ClientApiConfig& config,
                                                          server::Server* server) {
  return std::make_unique<admission::Meters>(
      BudgetOf(config, server->options()).member_max(),
      [server] { return server->state()->admission_rules().Get(); },
      server->environment().registry);
}

void NetServices::AddEndpoints() {
  for (http::PlainService* service : {&plain_, &monitoring_}) {
    health_.AddTo(*service);
    service->Handle("/metrics", [this](const auto& request, http::Responder responder) {
      ServeMetrics(request, std::move(responder));
    });
  }
  plain_.Handle("/debug/vars", [this](const auto& request, http::Responder responder) {
    ServeVars(request, std::move(responder));
  });
  if (parts_.config->monitoring.enable_pprof) {
    profiles_.emplace(parts_.server->environment().disk, loop_, parts_.workers);
    profiles_->AddTo(plain_);
  }
  web::AddVersion(plain_, parts_.server, web::VersionFor::kClients);
}

http::LoopBudget::Options NetServices::BudgetOf(const config::ClientApiConfig& config,
                                                const server::Options& options) {
  http::LoopBudget::Options budget;
  budget.connection_bytes = config.connection_memory_bytes;
  budget.member_bytes = config.client_memory_bytes;
  budget.largest_request_bytes = MessageBytesMax(options);
  return budget;
}

// A scrape reads files of /proc, and walks over all descriptors.
void NetServices::ServeMetrics(const http::PlainRequest& request, http::Responder responder) {
  const bool gzip = http::PrefersGzip(request.head);
  AnswerFromWorker(
      *parts_.workers, loop_, std::move(responder), [registry = parts_.registry, gzip] {
        http::PlainResponse response;
        response.fields.Add("content-type",
                            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
        response.body = registry->Scrape();
        if (!gzip) return response;
        response.fields.Add("content-encoding", "gzip");
        response.body = rpc::GzipCompress(response.body);
        return response;
      });
}

void NetServices::ServeVars(const http::PlainRequest& request, http::Responder responder) {
  if (web::RefuseMethod(request, responder)) return;
  AnswerFromWorker(*parts_.workers, loop_, std::move(responder),
                   [server = parts_.server, measure = parts_.measure_heap] {
                     http::PlainResponse response;
                     response.fields.Add("content-type", "application/json; charset=utf-8");
                     response.body = DebugVars(*server, measure());
                     return response;
                   });
}

void NetServices::AddServer(Surface surface, runtime::Network* network) {
  const auto [found, is_new] =
      servers_.try_emplace(surface, loop_, network, ServiceOf(surface), HttpOptions(parts_, loop_));
  if (is_new) parts_.counts->Add(&found->second);
}

http::Server::Listening NetServices::ListeningOf(const ListenerPlan& plan) const {
  http::Server::Listening listening;
  listening.protocols = ProtocolsOf(plan.surface);
  listening.plaintext_too = plan.plaintext;
  if (plan.tls) {
    listening.tls = [tls = parts_.tls] { return tls->context(); };
    listening.handshake_workers = parts_.handshake_workers;
    listening.on_rejected = [logger = parts_.server->environment().logger](const auto& rejection) {
      LogRejection(*logger, rejection);
    };
  }
  return listening;
}

void NetServices::Drain(base::Callback<void()> on_drained) {
  health_.Stop();
  grpc_health_.Stop();
  auto left = std::make_shared<Left>(Left{1, std::move(on_drained)});
  for (auto& [surface, server] : servers_) {
    if (surface == Surface::kMetrics) continue;
    ++left->servers;
    server.Drain([left] { left->Subtract(); });
  }
  left->Subtract();
}

void NetServices::Close() {
  for (const auto& [surface, server] : servers_) parts_.counts->Remove(&server);
  v3_.Close();
  servers_.clear();
  if (tracer_ != nullptr) tracer_->Flush();
  parts_.counts->Remove(&table_);
}

http::Service* NetServices::ServiceOf(Surface surface) {
  switch (surface) {
    case Surface::kAll:
    case Surface::kGrpc:
      return &table_;
    case Surface::kHttp:
      return &web_;
    case Surface::kMetrics:
      return &monitoring_;
    case Surface::kPeers:  // on a loop of their own: see Peers
      break;
  }
  return nullptr;
}

}  // namespace app
