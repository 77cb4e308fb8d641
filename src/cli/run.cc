#include "cli/run.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/go_text.h"
#include "cli/colors.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/suggestion.h"

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

// `meant`: lines of DidYouMean.
int RefuseUsage(const CommandPath& path, const Painter& paint, const std::string& why,
                const std::string& meant = "") {
  Print(stderr, paint(Color::kRed, "Error:") + " " + why + "\n" + UsageText(path) + "\n" + meant);
  return kExitError;
}

// Compat: help, where a word names no command below one that only has such; but not without a
// word of why.
int ShowHelpOf(const CommandPath& path, const std::vector<std::string>& arguments) {
  Print(stdout, HelpText(path));
  if (arguments.empty() || path.size() == 1) return StatusWithOutput(kExitSuccess);
  std::vector<std::string> names;
  for (const Command& sub : path.back()->subcommands) names.push_back(sub.name);
  const std::string meant = DidYouMean(arguments.front(), names);
  if (!meant.empty()) {
    Print(stderr, "unknown command " + base::Quote(arguments.front()) + " for " +
                      base::Quote(PathText(path)) + "\n" + meant);
  }
  return StatusWithOutput(kExitSuccess);
}

// As --color says, where there is such a flag.
ColorMode ColorModeOf(const Flags& flags) {
  const auto mode = flags.Has("color") ? ParseColorMode(flags.GetString("color")) : std::nullopt;
  return mode.value_or(ColorMode::kAuto);
}

// Before the flags are parsed, whose mistakes are told in color, too.
void TakeColor(const std::string& variable, Flags* flags) {
  const char* const value = std::getenv(variable.c_str());
  if (value != nullptr) flags->SetFromEnvironment("color", value).IgnoreError();
}

// What cobra says of what is missing, or too much; empty if all is well.
std::string WrongUsage(const CommandPath& path, const Flags& flags,
                       const std::vector<std::string>& arguments, std::string* meant) {
  const Command& command = *path.back();
  if (command.argument_count.has_value() && arguments.size() != *command.argument_count) {
    return "accepts " + std::to_string(*command.argument_count) + " arg(s), received " +
           std::to_string(arguments.size());
  }
  for (const std::string& argument : arguments) {
    const std::vector<std::string>& valid = command.valid_arguments;
    if (valid.empty() || std::find(valid.begin(), valid.end(), argument) != valid.end()) continue;
    *meant = DidYouMean(argument, valid);
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

// As the command says; unless it says nothing, and its output could not be written.
Outcome WithOutput(Outcome outcome) {
  if (!outcome.error.empty()) return outcome;
  Outcome written = OutcomeOfOutput(stdout);
  if (written.ok()) return outcome;
  outcome.error = std::move(written.error);
  if (outcome.ok()) outcome.exit_code = written.exit_code;
  return outcome;
}

int Report(const Outcome& outcome, const Flags& flags) {
  PrintCause(stderr, outcome.cause);
  if (outcome.error.empty()) return outcome.exit_code;
  const Painter paint(stderr, ColorModeOf(flags));
  Print(stderr, paint(Color::kRed, "Error:") + " " + outcome.error + "\n" + flags.MeantWords());
  return outcome.exit_code;
}

}  // namespace

int Run(const Command& root, const std::vector<std::string>& words) {
  const Line line = ReadPath(root, words);
  if (!line.unknown.empty()) return RefuseUnknown(root, line.unknown);
  const Command& command = *line.path.back();
  Flags flags;
  AddFlags(line.path, &flags);
  if (!root.color_variable.empty()) TakeColor(root.color_variable, &flags);
  const base::Result<std::vector<std::string>> arguments = flags.Parse(line.rest);
  const Painter paint(stderr, ColorModeOf(flags));
  if (!arguments.ok()) {
    return RefuseUsage(line.path, paint, std::string(arguments.status().message()),
                       flags.MeantFlags("--"));
  }
  if (flags.GetBool("help")) return ShowHelpOf(line.path, {});
  if (command.run == nullptr) return ShowHelpOf(line.path, *arguments);
  std::string meant;
  if (const std::string wrong = WrongUsage(line.path, flags, *arguments, &meant); !wrong.empty()) {
    return RefuseUsage(line.path, paint, wrong, meant);
  }
  return Report(WithOutput(command.run({flags, *arguments, stdin, stdout, stderr, words})), flags);
}

}  // namespace cli
