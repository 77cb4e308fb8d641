#include "cli/help.h"

#include <algorithm>
#include <cctype>

#include "base/go_text.h"
#include "cli/suggestion.h"

namespace cli {
namespace {

constexpr size_t kNameWidthMin = 11;

std::string TrimEnd(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  return text;
}

std::vector<const Command*> Sorted(const Command& command) {
  std::vector<const Command*> sorted;
  for (const Command& sub : command.subcommands) sorted.push_back(&sub);
  std::sort(sorted.begin(), sorted.end(),
            [](const Command* a, const Command* b) { return a->name < b->name; });
  return sorted;
}

std::string CommandLines(const Command& command, const std::string& group) {
  size_t width = kNameWidthMin;
  for (const Command& sub : command.subcommands) width = std::max(width, sub.name.size());
  std::string text;
  for (const Command* sub : Sorted(command)) {
    if (sub->group != group) continue;
    text += "\n  " + sub->name + std::string(width - sub->name.size() + 1, ' ') + sub->short_text;
  }
  return text;
}

std::string Subcommands(const CommandPath& path) {
  const Command& command = *path.back();
  if (command.groups.empty()) return "\n\nAvailable Commands:" + CommandLines(command, "");
  std::string text;
  for (const std::string& group : command.groups) {
    text += "\n\n" + group + CommandLines(command, group);
  }
  return text;
}

bool HidesFlagsOfRoot(const CommandPath& path) {
  return !path.front()->flags_hint.empty();
}

// The flags of the command itself.
std::vector<FlagSpec> LocalFlags(const CommandPath& path, bool with_help) {
  const Command& command = *path.back();
  if (path.size() == 1 && HidesFlagsOfRoot(path)) return {};
  std::vector<FlagSpec> flags = command.flags;
  flags.insert(flags.end(), command.persistent_flags.begin(), command.persistent_flags.end());
  if (with_help) {
    flags.push_back({"help", 'h', FlagSpec::Type::kBool, "false", "help for " + command.name});
  }
  return flags;
}

std::vector<FlagSpec> InheritedFlags(const CommandPath& path) {
  std::vector<FlagSpec> flags;
  for (size_t i = HidesFlagsOfRoot(path) ? 1 : 0; i + 1 < path.size(); ++i) {
    flags.insert(flags.end(), path[i]->persistent_flags.begin(), path[i]->persistent_flags.end());
  }
  return flags;
}

}  // namespace

std::string PathText(const CommandPath& path) {
  std::string text;
  for (const Command* command : path) text += (text.empty() ? "" : " ") + command->name;
  return text;
}

std::string UsageText(const CommandPath& path, bool with_help) {
  const Command& command = *path.back();
  std::string text = "Usage:";
  if (command.run != nullptr) {
    CommandPath above(path.begin(), path.end() - 1);
    text += "\n  " + PathText(above) + (above.empty() ? "" : " ") + command.use +
            (command.use_shows_flags ? " [flags]" : "");
  }
  if (!command.subcommands.empty()) text += "\n  " + PathText(path) + " [command]";
  if (!command.example.empty()) text += "\n\nExamples:\n" + command.example;
  if (!command.subcommands.empty()) text += Subcommands(path);
  if (const auto flags = LocalFlags(path, with_help); !flags.empty()) {
    text += "\n\nFlags:\n" + TrimEnd(FlagUsages(flags));
  }
  if (const auto flags = InheritedFlags(path); !flags.empty()) {
    text += "\n\nGlobal Flags:\n" + TrimEnd(FlagUsages(flags));
  }
  if (!command.subcommands.empty()) {
    text +=
        "\n\nUse \"" + PathText(path) + " [command] --help\" for more information about a command.";
  }
  return text + "\n";
}

std::string HelpText(const CommandPath& path) {
  const Command& command = *path.back();
  const Command& root = *path.front();
  std::string text;
  if (root.help_describes) {
    text = TrimEnd(command.long_text.empty() ? command.short_text : command.long_text) + "\n\n";
  }
  text += UsageText(path);
  return root.flags_hint.empty() ? text : text + root.flags_hint + "\n";
}

const Command* FindSubcommand(const Command& command, const std::string& word) {
  std::vector<const Command*> found;
  std::vector<const Command*> yielding;
  for (const Command& sub : command.subcommands) {
    if (sub.name == word || sub.alias == word) return &sub;
    if (!command.takes_prefixes) continue;
    const bool is_alias = !sub.alias.empty() && sub.alias.starts_with(word);
    if (!sub.name.starts_with(word) && !is_alias) continue;
    (sub.yields_prefixes ? yielding : found).push_back(&sub);
  }
  const std::vector<const Command*>& meant = found.empty() ? yielding : found;
  return meant.size() == 1 ? meant.front() : nullptr;
}

std::string UnknownCommandText(const Command& root, const std::string& word) {
  std::string text = "unknown command " + base::Quote(word) + " for \"" + root.name + "\"";
  std::string similar;
  for (const Command& command : root.subcommands) {
    if (Resembles(word, command.name)) similar += "\t" + command.name + "\n";
  }
  if (!similar.empty()) text += "\n\nDid you mean this?\n" + similar;
  return text;
}

Outcome ShowHelp(const Command& root, const Invocation& invocation) {
  CommandPath path = {&root};
  for (const std::string& word : invocation.arguments) {
    const Command* const next = FindSubcommand(*path.back(), word);
    if (next == nullptr) {
      if (path.size() > 1) break;
      Print(invocation.err, "Unknown help topic [`" + base::Join(invocation.arguments, "` `") +
                                "`]\n" + UsageText(path, /*with_help=*/false));
      return {};
    }
    path.push_back(next);
  }
  Print(invocation.out, HelpText(path));
  return {};
}

Outcome ShowOptions(const Command& root, const Invocation& invocation) {
  Print(invocation.out, "The following options can be passed to any command:\n\n" +
                            FlagUsages(root.persistent_flags));
  return {};
}

}  // namespace cli
