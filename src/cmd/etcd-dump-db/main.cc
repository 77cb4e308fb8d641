// etcd-dump-db: what a member's database holds. Commands and flags are etcd's; see help.

#include <string>
#include <vector>

#include "cli/run.h"
#include "dump/db_command_tree.h"
#include "runtime/posix/signals.h"
#include "runtime/posix/standard_streams.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::HeedEndingSignals();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cli::Run(dump::DbCommand(), words);
}
