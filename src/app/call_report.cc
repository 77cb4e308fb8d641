#include "app/call_report.h"

#include <string>

#include "app/network_metrics.h"

namespace app {
namespace {

constexpr observe::Family kHandling = {
    "grpc_server_handling_seconds",
    "Histogram of response latency (seconds) of gRPC that had been application-level handled by "
    "the server."};

// Prometheus' usual ones.
observe::Buckets HandlingBuckets() {
  return {{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}};
}

}  // namespace

void CallReport::Watch(rpc::Server& table) {
  if (options_.histograms) {
    for (const auto& method : table.methods()) {
      histograms_.emplace(method.get(), registry_->AddHistogram(
                                            kHandling, HandlingBuckets(),
                                            LabelsOf(method->service, method->name, method->kind)));
    }
  }
  table.SetOnEnded(
      [this](const rpc::Method& method, const rpc::Method::Ended& ended) { Ended(method, ended); });
}

void CallReport::Ended(const rpc::Method& method, const rpc::Method::Ended& ended) {
  if (options_.histograms) histograms_.at(&method).Observe(ended.took);
  if (ended.took <= options_.slow || method.kind != rpc::Kind::kUnary) return;
  logger_.Warn("request stats", {{"time spent", ended.took},
                                 {"remote", ended.call.connection().peer.ToString()},
                                 {"response type", "/" + method.service + "/" + method.name},
                                 {"code", base::CodeName(ended.code)}});
}

}  // namespace app
