#include "ctl_v2/command_line.h"

#include <algorithm>

#include "cli/flags.h"

namespace ctl_v2 {
namespace {

constexpr const char* kIndent = "   ";

// Of "-name", "--name", "-name=value"; empty for what is no flag by its form.
std::string NameOf(const std::string& word) {
  if (word.size() < 2 || word[0] != '-' || word == "--") return "";
  const std::string body = word.substr(word[1] == '-' ? 2 : 1);
  return body.substr(0, body.find('='));
}

const Flag* Find(const std::vector<Flag>& known, const std::string& name) {
  if (name.empty()) return nullptr;
  const auto found = std::find_if(known.begin(), known.end(), [&name](const Flag& flag) {
    return flag.spec.name == name || flag.alias == name;
  });
  return found == known.end() ? nullptr : &*found;
}

bool IsSwitch(const Flag& flag) {
  return flag.spec.type == cli::FlagSpec::Type::kBool;
}

// The word under the flag's name, if it was given under the other.
std::string UnderItsName(const std::vector<Flag>& known, const std::string& word) {
  const std::string name = NameOf(word);
  const Flag* const flag = Find(known, name);
  if (flag == nullptr || flag->spec.name == name) return word;
  return "--" + flag->spec.name + word.substr(std::min(word.find('='), word.size()));
}

// "--name VALUE, -n VALUE".
std::string Head(const Flag& flag) {
  const std::string value = IsSwitch(flag) ? "" : " VALUE";
  std::string head = (flag.spec.name.size() > 1 ? "--" : "-") + flag.spec.name + value;
  if (!flag.alias.empty()) {
    head += std::string(", ") + (flag.alias.size() > 1 ? "--" : "-") + flag.alias + value;
  }
  return head;
}

// Two columns.
std::string Table(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  std::string text;
  for (const auto& [left, right] : rows) {
    text += kIndent + left + std::string(width - left.size() + 2, ' ') + right + "\n";
  }
  return text;
}

std::string UsageLine(const Command& command, const std::string& path) {
  std::string line = path;
  if (!command.flags.empty()) line += " [FLAGS]";
  if (!command.subcommands.empty()) line += " COMMAND";
  if (!command.arguments.empty()) line += " " + command.arguments;
  return line;
}

}  // namespace

std::vector<Flag> WithHelp(std::vector<Flag> flags) {
  flags.push_back({{"help", 0, cli::FlagSpec::Type::kBool, "false", "show this help"}, "h"});
  return flags;
}

base::Result<std::vector<std::string>> ParseFlags(const std::vector<Flag>& known,
                                                  const std::vector<std::string>& words,
                                                  cli::Flags* flags) {
  for (const Flag& flag : known) flags->Add(flag.spec);
  std::vector<std::string> named;
  bool is_value = false;
  bool are_flags = true;
  for (const std::string& word : words) {
    if (!are_flags || is_value) {
      named.push_back(word);
      is_value = false;
      continue;
    }
    const std::string name = NameOf(word);
    const Flag* const flag = Find(known, name);
    are_flags = !name.empty();
    is_value = flag != nullptr && !IsSwitch(*flag) && word.find('=') == std::string::npos;
    named.push_back(UnderItsName(known, word));
  }
  return flags->ParseAsGo(named);
}

std::vector<std::string> FlagsFirst(const Command& command, const std::vector<std::string>& words) {
  const std::vector<Flag> known = WithHelp(command.flags);
  std::vector<std::string> in_front;
  std::vector<std::string> rest;
  bool may_be_value = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool is_flag = Find(known, NameOf(word)) != nullptr;
    if (is_flag) {
      in_front.push_back(word);
      may_be_value = word.find('=') == std::string::npos;
    } else if (may_be_value) {
      // Compat: also behind a switch, which has no value: it is the first argument then.
      in_front.push_back(word);
      may_be_value = false;
    } else if (word == "--") {
      (command.keeps_dashes ? rest : in_front).push_back(word);
      rest.insert(rest.end(), words.begin() + static_cast<ptrdiff_t>(i) + 1, words.end());
      break;
    } else {
      rest.push_back(word);
    }
  }
  in_front.insert(in_front.end(), rest.begin(), rest.end());
  return in_front;
}

std::string HelpText(const Command& command, const std::string& path) {
  std::string text =
      command.short_text + "\n\nUsage:\n" + kIndent + UsageLine(command, path) + "\n";
  if (!command.long_text.empty()) text += "\n" + command.long_text + "\n";
  if (!command.subcommands.empty()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& sub : command.subcommands) rows.emplace_back(sub.name, sub.short_text);
    text += "\nCommands:\n" + Table(rows);
  }
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Flag& flag : WithHelp(command.flags)) {
    const std::string& value = flag.spec.default_value;
    const bool has_default = !IsSwitch(flag) && !value.empty() && value != "0";
    rows.emplace_back(Head(flag),
                      flag.spec.usage + (has_default ? " (default " + value + ")" : ""));
  }
  return text + "\nFlags:\n" + Table(rows);
}

}  // namespace ctl_v2
