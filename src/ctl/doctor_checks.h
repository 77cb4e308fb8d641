#pragma once

#include <string>
#include <vector>

#include "ctl/doctor_facts.h"

namespace ctl {

// What is wrong, and what to do about it, in whole sentences.
struct Finding {
  // Of a note nothing has to be done; a warning may become an error; an error is one now.
  enum class Severity : uint8_t { kNote, kWarning, kError };
  Severity severity;
  std::string subject;  // an endpoint, a member's name, or "cluster"
  std::string what;
  std::string advice;
};

std::string SeverityName(Finding::Severity severity);

// The worst first. Thresholds are those that etcd's documentation and alerts name: 10 ms of a
// log's sync and 25 ms of a commit at the 99th percentile, 80% of a limit.
std::vector<Finding> Diagnose(const ClusterFacts& facts);

}  // namespace ctl
