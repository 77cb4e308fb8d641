#include "bench/usage.h"

#include "bench/command_tree.h"
#include "cli/help.h"

namespace bench {

cli::Outcome RefuseUsage(const cli::Invocation& invocation, const std::string& command) {
  const cli::Command& root = RootCommand();
  cli::Print(invocation.err, cli::UsageText({&root, cli::FindSubcommand(root, command)}) + "\n");
  return {cli::kExitError};
}

cli::Outcome ReadConsistency(const Measuring& measuring, const std::string& command,
                             bool* serializable) {
  const std::string& consistency = measuring.flags().GetString("consistency");
  if (consistency != "l" && consistency != "s") return RefuseUsage(measuring.invocation, command);
  *serializable = consistency == "s";
  measuring.result->preface =
      *serializable ? "bench with serializable range\n" : "bench with linearizable range\n";
  return {};
}

}  // namespace bench
