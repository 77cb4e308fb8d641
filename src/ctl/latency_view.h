#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "ctl/measured_calls.h"

namespace ctl {

// What is measured at an endpoint; calls in turn.
inline constexpr const char* kLatencyKinds[] = {"serializable read", "linearizable read", "put"};
inline constexpr size_t kLatencyReads = 2;  // the first ones, which write nothing

struct EndpointLatencies {
  std::string endpoint = {};
  std::vector<CallResults> kinds = {};  // in the order of kLatencyKinds, or only the reads
};

// A row for each kind at each endpoint: done and failed calls, the smallest latency, percentiles,
// the largest.
cli::Rows LatencyRows(const std::vector<EndpointLatencies>& endpoints);
// The same as a list of objects, in seconds, in a line.
std::string LatencyJson(const std::vector<EndpointLatencies>& endpoints);
// How often which latencies were measured, as bars, `columns` wide.
std::string LatencyBars(const EndpointLatencies& endpoint, size_t columns);
// Why calls have failed, a line each.
std::string LatencyErrors(const std::vector<EndpointLatencies>& endpoints);

}  // namespace ctl
