#pragma once

#include <string>
#include <string_view>

namespace dump {

// A page of metrics in Prometheus' text format as etcd-dump-metrics shows it: each metric with its
// help and type, sorted by name, and the names and labels of its series without their values. Ids
// of members are left out of the series of the network, and gRPC's codes are listed once. What is
// no such page gives nothing, or less.
std::string MetricsText(std::string_view page);

}  // namespace dump
