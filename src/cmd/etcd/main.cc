// etcd: one member of a cluster. Flags are etcd's; see --help.

#include <string>
#include <vector>

#include "app/command.h"
#include "runtime/posix/signals.h"
#include "runtime/posix/standard_streams.h"

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::HoldSignals();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return app::Main(arguments);
}
