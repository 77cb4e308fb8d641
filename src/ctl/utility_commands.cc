#include "ctl/utility_commands.h"

#include "base/go_text.h"
#include "ctl/help.h"

namespace ctl {

Outcome RunVersion(const Invocation& invocation) {
  Print(invocation.out, "etcdctl version: 3.7.1\nAPI version: 3.7\n");
  return {};
}

Outcome RunOptions(const Invocation& invocation) {
  Print(invocation.out, "The following options can be passed to any command:\n\n" +
                            FlagUsages(RootCommand().persistent_flags));
  return {};
}

Outcome RunHelp(const Invocation& invocation) {
  CommandPath path = {&RootCommand()};
  for (const std::string& word : invocation.arguments) {
    const Command* const next = FindSubcommand(*path.back(), word);
    if (next == nullptr) {
      if (path.size() > 1) break;
      Print(invocation.err, "Unknown help topic [`" + base::Join(invocation.arguments, "` `") +
                                "`]\n" + UsageText(path));
      return {};
    }
    path.push_back(next);
  }
  Print(invocation.out, HelpText(path));
  return {};
}

}  // namespace ctl
