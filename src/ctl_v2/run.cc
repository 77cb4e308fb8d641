#include <algorithm>

#include "cli/output.h"
#include "ctl_v2/command.h"
#include "ctl_v2/command_line.h"

namespace ctl_v2 {
namespace {

const Command* FindCommand(const Command& command, const std::string& name) {
  const auto found = std::find_if(command.subcommands.begin(), command.subcommands.end(),
                                  [&name](const Command& sub) { return sub.name == name; });
  return found == command.subcommands.end() ? nullptr : &*found;
}

int RefuseUsage(const Command& command, const std::string& path, const std::string& mark,
                const base::Status& why) {
  const std::string text(why.message());
  cli::Print(stdout, "Incorrect Usage" + mark + " " + text + "\n\n" + HelpText(command, path));
  cli::Print(stderr, text + "\n");
  return kExitBadArguments;
}

int RefuseName(const std::string& name) {
  cli::Print(stderr, "No help topic for '" + name + "'\n");
  return kExitNoSuchCommand;
}

int ShowHelp(const Command& command, const std::string& path) {
  cli::Print(stdout, HelpText(command, path));
  return kExitSuccess;
}

int RunLeaf(const Command& command, const std::string& path, const cli::Flags& globals,
            const std::vector<std::string>& words) {
  cli::Flags flags;
  const auto arguments = ParseFlags(WithHelp(command.flags), FlagsFirst(command, words), &flags);
  if (!arguments.ok()) return RefuseUsage(command, path, ":", arguments.status());
  if (flags.GetBool("help")) return ShowHelp(command, path);
  return command.run({globals, {flags, *arguments, stdin, stdout, stderr}});
}

// `globals`: the flags before the command's name; null for the root, whose flags they are.
int RunIn(const Command& command, const std::string& path, const cli::Flags* globals,
          const std::vector<std::string>& words) {
  if (command.run != nullptr) return RunLeaf(command, path, *globals, words);
  cli::Flags flags;
  const auto rest = ParseFlags(WithHelp(command.flags), words, &flags);
  if (!rest.ok()) return RefuseUsage(command, path, ".", rest.status());
  if (flags.GetBool("help")) return ShowHelp(command, path);
  if (globals == nullptr && flags.GetBool("version")) {
    cli::Print(stdout, "etcdctl version: 3.7.1\nAPI version: 2\n");
    return kExitSuccess;
  }
  if (rest->empty()) return ShowHelp(command, path);
  std::string name = rest->front();
  const std::vector<std::string> behind(rest->begin() + 1, rest->end());
  if (name == "help" || name == "h") {
    if (behind.empty()) return ShowHelp(command, path);
    const Command* const topic = FindCommand(command, behind.front());
    return topic == nullptr ? RefuseName(behind.front())
                            : ShowHelp(*topic, path + " " + topic->name);
  }
  const Command* const next = FindCommand(command, name);
  if (next == nullptr) return RefuseName(name);
  return RunIn(*next, path + " " + name, globals == nullptr ? &flags : globals, behind);
}

}  // namespace

int Run(const std::vector<std::string>& words) {
  return cli::StatusWithOutput(RunIn(RootCommand(), "etcdctl", nullptr, words));
}

}  // namespace ctl_v2
