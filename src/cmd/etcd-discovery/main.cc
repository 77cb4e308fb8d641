// etcd-discovery: the service by which members of a new cluster find each other; see --help.

#include <string>
#include <vector>

#include "cli/run.h"
#include "discovery/server_command.h"
#include "runtime/posix/signals.h"
#include "runtime/posix/standard_streams.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::HoldSignals();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cli::Run(discovery::RootCommand(), words);
}
