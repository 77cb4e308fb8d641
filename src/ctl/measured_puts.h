#pragma once

#include <etcd/client.h>

#include <memory>
#include <string>
#include <vector>

#include "ctl/load_report.h"
#include "ctl/measured_calls.h"

namespace ctl {

using Clients = std::vector<std::unique_ptr<etcd::Client>>;

// Keys that are put for their size alone. In bytes; the key's without the prefix.
struct PutSizes {
  size_t key;  // at least 8
  size_t value;
};

// Puts by clients, which outlive them, each of another key with a prefix.
MeasuredCalls::Begin PutsBy(const Clients* clients, const std::string& prefix,
                            const PutSizes& sizes);

// What came of puts, when they have ended.
LoadReport ReportOf(const MeasuredCalls& puts);

}  // namespace ctl
