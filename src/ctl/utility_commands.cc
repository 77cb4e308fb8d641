#include "ctl/utility_commands.h"

#include "cli/help.h"

namespace ctl {

Outcome RunVersion(const Invocation& invocation) {
  Print(invocation.out, "etcdctl version: 3.7.1\nAPI version: 3.7\n");
  return {};
}

Outcome RunOptions(const Invocation& invocation) {
  return cli::ShowOptions(RootCommand(), invocation);
}

Outcome RunHelp(const Invocation& invocation) {
  return cli::ShowHelp(RootCommand(), invocation);
}

}  // namespace ctl
