// etcd-bench: load for a cluster, and how long its answers take. Commands and flags are those of
// etcd's benchmark, and some more; see help.

#include <string>
#include <vector>

#include "bench/command_tree.h"
#include "cli/run.h"
#include "runtime/posix/signals.h"
#include "runtime/posix/standard_streams.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::HeedEndingSignals();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cli::Run(bench::RootCommand(), words);
}
