// etcdctl: the command line of a cluster. Commands and flags are etcd's; see help. With
// ETCDCTL_API=2 in the environment it speaks the v2 API.

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run.h"
#include "ctl/command.h"
#include "ctl_v2/command.h"
#include "runtime/posix/standard_streams.h"
#include "runtime/posix/unfinished.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::RemoveUnfinishedAtSignals();
  const std::vector<std::string> words(argv + 1, argv + argc);
  const char* const api = std::getenv("ETCDCTL_API");
  if (api != nullptr && std::string_view(api) == "2") return ctl_v2::Run(words);
  return cli::Run(ctl::RootCommand(), words);
}
