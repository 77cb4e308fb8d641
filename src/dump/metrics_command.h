#pragma once

#include <string>
#include <vector>

namespace dump {

// The program etcd-dump-metrics: `name` is how it was called. Returns the exit status.
int RunDumpMetrics(const std::string& name, const std::vector<std::string>& words);

}  // namespace dump
