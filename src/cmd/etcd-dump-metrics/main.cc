// etcd-dump-metrics: which metrics a member has. Flags are etcd's; see -help.

#include <string>
#include <vector>

#include "dump/metrics_command.h"
#include "runtime/posix/signals.h"
#include "runtime/posix/standard_streams.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::HeedEndingSignals();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return dump::RunDumpMetrics(argv[0], words);
}
