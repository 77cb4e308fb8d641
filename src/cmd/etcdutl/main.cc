// etcdutl: what is done to the files of a member, or to a snapshot, while no member runs on them.
// Commands and flags are etcd's; see help.

#include <csignal>
#include <string>
#include <vector>

#include "cli/run.h"
#include "runtime/posix/standard_streams.h"
#include "runtime/posix/unfinished.h"
#include "utl/command_tree.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  // A file that may not grow is told as a disk that is full.
  std::signal(SIGXFSZ, SIG_IGN);
  runtime::posix::RemoveUnfinishedAtSignals();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cli::Run(utl::RootCommand(), words);
}
