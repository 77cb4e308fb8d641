#include "app/network_metrics.h"

#include <map>
#include <string>
#include <utility>

namespace app {
namespace {

using observe::MetricType;

const char* TypeName(rpc::Kind kind) {
  switch (kind) {
    case rpc::Kind::kUnary:
      return "unary";
    case rpc::Kind::kClientStreaming:
      return "client_stream";
    case rpc::Kind::kServerStreaming:
      return "server_stream";
    case rpc::Kind::kBidiStreaming:
      return "bidi_stream";
  }
  return "unary";
}

// Compat: of the other services a line is there once it counts something.
bool CountsFromZero(const std::string& service) {
  return service.starts_with("etcdserverpb.") || service == "grpc.health.v1.Health";
}

// Of one method, over all threads.
struct Totals {
  rpc::Kind kind = rpc::Kind::kUnary;
  uint64_t started = 0;
  uint64_t received = 0;
  uint64_t sent = 0;
  std::array<uint64_t, 17> handled = {};
};

}  // namespace

observe::Labels LabelsOf(const std::string& service, const std::string& method, rpc::Kind kind) {
  return {{"grpc_method", method}, {"grpc_service", service}, {"grpc_type", TypeName(kind)}};
}

void NetworkMetrics::Add(const rpc::Server* table) {
  const std::lock_guard lock(mutex_);
  tables_.push_back(table);
}

void NetworkMetrics::Add(const http::Server* server) {
  const std::lock_guard lock(mutex_);
  servers_.push_back(server);
}

void NetworkMetrics::Add(std::shared_ptr<const http::SharedBudget> budget) {
  const std::lock_guard lock(mutex_);
  budget_ = std::move(budget);
}

void NetworkMetrics::Remove(const rpc::Server* table) {
  const std::lock_guard lock(mutex_);
  std::erase(tables_, table);
}

void NetworkMetrics::Remove(const http::Server* server) {
  const std::lock_guard lock(mutex_);
  std::erase(servers_, server);
}

void NetworkMetrics::Collect(observe::Samples& samples) const {
  const std::lock_guard lock(mutex_);
  CollectCalls(samples);
  CollectBytes(samples);
  CollectConnections(samples);
  CollectAbuse(samples);
  CollectMemory(samples);
}

void NetworkMetrics::CollectCalls(observe::Samples& samples) const {
  std::map<std::pair<std::string, std::string>, Totals> methods;
  for (const rpc::Server* table : tables_) {
    for (const auto& method : table->methods()) {
      Totals& totals = methods[{method->service, method->name}];
      const rpc::MethodCounters& counters = method->counters;
      totals.kind = method->kind;
      totals.started += counters.started.value();
      totals.received += counters.messages_received.value();
      totals.sent += counters.messages_sent.value();
      for (size_t code = 0; code < totals.handled.size(); ++code) {
        totals.handled[code] += counters.handled[code].value();
      }
    }
  }
  for (const auto& [name, totals] : methods) {
    const observe::Labels labels = LabelsOf(name.first, name.second, totals.kind);
    const bool counts_from_zero = CountsFromZero(name.first);
    const auto add = [&](const char* family, const char* help, uint64_t value,
                         const observe::Labels& with) {
      if (value == 0 && !counts_from_zero) return;
      samples.Add({family, help}, MetricType::kCounter, static_cast<double>(value), with);
    };
    add("grpc_server_started_total", "Total number of RPCs started on the server.", totals.started,
        labels);
    add("grpc_server_msg_received_total",
        "Total number of RPC stream messages received on the server.", totals.received, labels);
    add("grpc_server_msg_sent_total", "Total number of gRPC stream messages sent by the server.",
        totals.sent, labels);
    for (size_t code = 0; code < totals.handled.size(); ++code) {
      observe::Labels with_code = labels;
      with_code.insert(with_code.begin(),
                       {"grpc_code", std::string(base::CodeName(static_cast<base::Code>(code)))});
      add("grpc_server_handled_total",
          "Total number of RPCs completed on the server, regardless of success or failure.",
          totals.handled[code], with_code);
    }
  }
}

void NetworkMetrics::CollectBytes(observe::Samples& samples) const {
  uint64_t received = 0;
  uint64_t sent = 0;
  for (const rpc::Server* table : tables_) {
    for (const auto& method : table->methods()) {
      received += method->counters.bytes_received.value();
      sent += method->counters.bytes_sent.value();
    }
  }
  samples.Add({"etcd_network_client_grpc_received_bytes_total",
               "The total number of bytes received from grpc clients."},
              MetricType::kCounter, static_cast<double>(received));
  samples.Add({"etcd_network_client_grpc_sent_bytes_total",
               "The total number of bytes sent to grpc clients."},
              MetricType::kCounter, static_cast<double>(sent));
}

void NetworkMetrics::CollectConnections(observe::Samples& samples) const {
  uint64_t connections = 0;
  uint64_t streams = 0;
  uint64_t protocol_errors = 0;
  uint64_t keepalive_timeouts = 0;
  for (const http::Server* server : servers_) {
    const http::Counters& counters = server->counters();
    connections += counters.connections_open.value();
    streams += counters.streams_open.value();
    protocol_errors += counters.protocol_errors.value();
    keepalive_timeouts += counters.keepalive_timeouts.value();
  }
  samples.Add({"cornerstore_http_connections", "Connections of clients that are open."},
              MetricType::kGauge, static_cast<double>(connections));
  samples.Add({"cornerstore_http_streams", "HTTP/2 requests of clients that are open."},
              MetricType::kGauge, static_cast<double>(streams));
  samples.Add({"cornerstore_http_protocol_errors_total",
               "Connections that ended because the client broke HTTP/2's rules."},
              MetricType::kCounter, static_cast<double>(protocol_errors));
  samples.Add({"cornerstore_http_keepalive_timeouts_total",
               "Connections that ended because the client did not answer a ping."},
              MetricType::kCounter, static_cast<double>(keepalive_timeouts));
}

void NetworkMetrics::CollectAbuse(observe::Samples& samples) const {
  for (size_t kind = 0; kind < static_cast<size_t>(http::Abuse::kCount); ++kind) {
    uint64_t count = 0;
    for (const http::Server* server : servers_) count += server->counters().abuse[kind].value();
    samples.Add({"cornerstore_http_abuse_total",
                 "How often a client was cut off or refused because it asked too much."},
                MetricType::kCounter, static_cast<double>(count),
                {{"reason", std::string(http::AbuseText(static_cast<http::Abuse>(kind)))}});
  }
}

void NetworkMetrics::CollectMemory(observe::Samples& samples) const {
  if (budget_ == nullptr) return;
  samples.Add({"cornerstore_client_memory_bytes",
               "Memory that is held for clients: requests under way, answers that wait."},
              MetricType::kGauge, static_cast<double>(budget_->used()));
  samples.Add({"cornerstore_client_memory_max_bytes", "The most of it that is meant to be used."},
              MetricType::kGauge, static_cast<double>(budget_->max()));
}

}  // namespace app
