#include "ctl/command.h"
#include "ctl/help.h"
#include "ctl/json.h"

namespace ctl {
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
Line ReadPath(const std::vector<std::string>& words) {
  Line line{{&RootCommand()}, words, ""};
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

int RefuseUnknown(const std::string& word) {
  Print(stderr, "Error: " + UnknownCommandText(word) + "\nRun 'etcdctl --help' for usage.\n");
  return kExitError;
}

int Report(const Outcome& outcome) {
  PrintCause(stderr, outcome.cause);
  if (!outcome.error.empty()) Print(stderr, "Error: " + outcome.error + "\n");
  return outcome.exit_code;
}

}  // namespace

void Print(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

void PrintCause(std::FILE* file, const std::string& cause) {
  if (cause.empty()) return;
  Print(file, "{\"level\":\"warn\",\"msg\":\"no endpoint could be reached\",\"error\":" +
                  JsonString(cause) + "}\n");
}

std::string ReadAll(std::FILE* file) {
  std::string text;
  if (file == nullptr) return text;
  char buffer[65536];
  for (size_t size; (size = std::fread(buffer, 1, sizeof buffer, file)) > 0;) {
    text.append(buffer, size);
  }
  return text;
}

int Main(const std::vector<std::string>& words) {
  const Line line = ReadPath(words);
  if (!line.unknown.empty()) return RefuseUnknown(line.unknown);
  const Command& command = *line.path.back();
  Flags flags;
  AddFlags(line.path, &flags);
  const base::Result<std::vector<std::string>> arguments = flags.Parse(line.rest);
  if (!arguments.ok()) {
    Print(stderr, "Error: " + std::string(arguments.status().message()) + "\n" +
                      UsageText(line.path) + "\n");
    return kExitError;
  }
  if (flags.GetBool("help") || command.run == nullptr) {
    Print(stdout, HelpText(line.path));
    return kExitSuccess;
  }
  return Report(command.run({flags, *arguments, stdin, stdout, stderr, words}));
}

}  // namespace ctl
