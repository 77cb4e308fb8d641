#include "cli/run.h"

#include <algorithm>

#include "base/go_text.h"
#include "cli/help.h"

namespace cli {
namespace {

// The words of a command line: which command they name, and what is left for its flags.
struct Line {
  CommandPath path;
  std::vector<std::string> rest;
  std::string unknown;  // the first word that was to be a command; empty if there is none
};

void AddFlags(const CommandPath& path, Flags* flags) {
  for (const Command* command : path) {
    for (const FlagSpec& spec : command->persistent_flags) flags->Add(spec);
  }
  const Command& last = *path.back();
  for (const FlagSpec& spec : last.flags) flags->Add(spec);
  flags->Add({"help", 'h', FlagSpec::Type::kBool, "false", "help for " + last.name});
}

// Words that name commands may stand between flags and their values.
Line ReadPath(const Command& root, const std::vector<std::string>& words) {
  Line line{{&root}, words, ""};
  for (size_t i = 0; i < line.rest.size();) {
    const std::string& word = line.rest[i];
    if (word == "--") break;
    if (word.empty()) {
      ++i;
      continue;
    }
    if (word.size() > 1 && word[0] == '-') {
      Flags known;
      AddFlags(line.path, &known);
      i += known.TakesNextWord(word) ? 2 : 1;
      continue;
    }
    const Command* const next = FindSubcommand(*line.path.back(), word);
    if (next == nullptr) {
      if (line.path.size() == 1) line.unknown = word;
      break;
    }
    line.path.push_back(next);
    line.rest.erase(line.rest.begin() + static_cast<ptrdiff_t>(i));
  }
  return line;
}

int RefuseUnknown(const Command& root, const std::string& word) {
  Print(stderr, "Error: " + UnknownCommandText(root, word) + "\nRun '" + root.name +
                    " --help' for usage.\n");
  return kExitError;
}

int RefuseUsage(const CommandPath& path, const std::string& why) {
  Print(stderr, "Error: " + why + "\n" + UsageText(path) + "\n");
  return kExitError;
}

// What cobra says of what is missing, or too much; empty if all is well.
std::string WrongUsage(const CommandPath& path, const Flags& flags,
                       const std::vector<std::string>& arguments) {
  const Command& command = *path.back();
  if (command.argument_count.has_value() && arguments.size() != *command.argument_count) {
    return "accepts " + std::to_string(*command.argument_count) + " arg(s), received " +
           std::to_string(arguments.size());
  }
  for (const std::string& argument : arguments) {
    const std::vector<std::string>& valid = command.valid_arguments;
    if (valid.empty() || std::find(valid.begin(), valid.end(), argument) != valid.end()) continue;
    return "invalid argument " + base::Quote(argument) + " for " + base::Quote(PathText(path));
  }
  std::vector<std::string> missing;
  for (const FlagSpec& spec : command.flags) {
    if (spec.required && !flags.changed(spec.name)) missing.push_back(base::Quote(spec.name));
  }
  if (missing.empty()) return "";
  std::sort(missing.begin(), missing.end());
  return "required flag(s) " + base::Join(missing, ", ") + " not set";
}

int Report(const Outcome& outcome) {
  PrintCause(stderr, outcome.cause);
  if (!outcome.error.empty()) Print(stderr, "Error: " + outcome.error + "\n");
  return outcome.exit_code;
}

}  // namespace

int Run(const Command& root, const std::vector<std::string>& words) {
  const Line line = ReadPath(root, words);
  if (!line.unknown.empty()) return RefuseUnknown(root, line.unknown);
  const Command& command = *line.path.back();
  Flags flags;
  AddFlags(line.path, &flags);
  const base::Result<std::vector<std::string>> arguments = flags.Parse(line.rest);
  if (!arguments.ok()) return RefuseUsage(line.path, std::string(arguments.status().message()));
  if (flags.GetBool("help") || command.run == nullptr) {
    Print(stdout, HelpText(line.path));
    return kExitSuccess;
  }
  if (const std::string wrong = WrongUsage(line.path, flags, *arguments); !wrong.empty()) {
    return RefuseUsage(line.path, wrong);
  }
  return Report(command.run({flags, *arguments, stdin, stdout, stderr, words}));
}

}  // namespace cli
