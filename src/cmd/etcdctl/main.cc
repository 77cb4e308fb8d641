// etcdctl: the command line of a cluster. Commands and flags are etcd's; see help.

#include <string>
#include <vector>

#include "cli/run.h"
#include "ctl/command.h"
#include "runtime/posix/standard_streams.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cli::Run(ctl::RootCommand(), words);
}
