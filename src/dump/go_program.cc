#include "dump/go_program.h"

#include "cli/command.h"
#include "cli/go_flags.h"
#include "cli/output.h"

namespace dump {
namespace {

constexpr int kMisused = 2;

bool AsksForHelp(const std::string& refusal) {
  constexpr std::string_view kUnknown = "flag provided but not defined: -";
  if (!refusal.starts_with(kUnknown)) return false;
  const std::string name = refusal.substr(kUnknown.size());
  return name == "h" || name == "help";
}

}  // namespace

int RunGoProgram(const GoProgram& program, const std::vector<std::string>& words) {
  cli::Flags flags;
  for (const cli::FlagSpec& spec : program.flags) flags.Add(spec);
  const auto arguments = flags.ParseAsGo(words);
  if (arguments.ok()) return cli::StatusWithOutput(program.run(flags, *arguments));
  const std::string refusal(arguments.status().message());
  const bool is_help = AsksForHelp(refusal);
  const std::string usage =
      "Usage of " + program.name + ":\n" + cli::GoFlagUsages(program.flags) + program.about;
  // Compat: the usage goes to standard error, also where it was asked for.
  cli::Print(stderr, is_help ? usage : refusal + "\n" + usage + flags.MeantFlags("--"));
  return is_help ? 0 : kMisused;
}

}  // namespace dump
