#include "api/v3/client_requests.h"

#include <algorithm>

namespace v3 {
namespace {

constexpr size_t kVersionsMax = 32;
constexpr observe::Family kRequests = {"etcd_server_client_requests_total",
                                       "The total number of client requests per client version."};

}  // namespace

void ClientRequests::Count(Type type, std::string_view version) {
  CounterOf(type, version).Add();
}

observe::Counter& ClientRequests::CounterOf(Type type, std::string_view version) {
  Counters& counters = counters_[static_cast<size_t>(type)];
  auto found = std::find_if(counters.begin(), counters.end(),
                            [&](const auto& each) { return each.first == version; });
  if (found != counters.end()) return found->second;
  if (counters.size() >= kVersionsMax && version != "other") return CounterOf(type, "other");
  const std::string name(version);
  const observe::Labels labels = {{"type", type == Type::kUnary ? "unary" : "stream"},
                                  {"client_api_version", name}};
  return counters.emplace_back(name, registry_->AddCounter(kRequests, labels)).second;
}

}  // namespace v3
