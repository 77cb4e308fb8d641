#include "cli/completion.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/go_text.h"

namespace cli {
namespace {

// One command, by the words that lead to it: what may follow them.
struct Place {
  std::string path;  // " snapshot restore"; empty for the root
  const Command* command;
  std::vector<FlagSpec> flags;  // those of the commands above among them

  std::vector<std::string> Words() const {
    std::vector<std::string> words = command->valid_arguments;
    for (const Command& sub : command->subcommands) words.push_back(sub.name);
    std::sort(words.begin(), words.end());
    return words;
  }
  std::vector<std::string> FlagWords() const {
    std::vector<std::string> words;
    for (const FlagSpec& flag : flags) words.push_back("--" + flag.name);
    words.emplace_back("--help");
    std::sort(words.begin(), words.end());
    return words;
  }
};

void Collect(const Command& command, const std::string& path, std::vector<FlagSpec> inherited,
             std::vector<Place>* places) {
  inherited.insert(inherited.end(), command.persistent_flags.begin(),
                   command.persistent_flags.end());
  Place place{path, &command, command.flags};
  place.flags.insert(place.flags.end(), inherited.begin(), inherited.end());
  places->push_back(std::move(place));
  for (const Command& sub : command.subcommands) {
    Collect(sub, path + " " + sub.name, inherited, places);
  }
}

std::vector<Place> Places(const Command& root) {
  std::vector<Place> places;
  Collect(root, "", {}, &places);
  return places;
}

// The flags that take a value which may be another word, anywhere in the tree.
std::vector<std::string> FlagsWithValue(const std::vector<Place>& places) {
  std::vector<std::string> words;
  for (const Place& place : places) {
    for (const FlagSpec& flag : place.flags) {
      if (flag.type == FlagSpec::Type::kBool) continue;
      words.push_back("--" + flag.name);
      if (flag.shorthand != 0) words.push_back(std::string("-") + flag.shorthand);
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

// A name that a shell takes for a function's.
std::string FunctionName(const Command& root) {
  std::string name = "_" + root.name;
  for (char& character : name) {
    if (std::isalnum(static_cast<unsigned char>(character)) == 0) character = '_';
  }
  return name;
}

// In single quotes, as each of the shells reads them; `escaped` stands for one within.
std::string Quoted(const std::string& text, const std::string& escaped) {
  std::string quoted = "'";
  for (const char character : text) {
    quoted += character == '\'' ? escaped : std::string(1, character);
  }
  return quoted + "'";
}

// What bash and zsh have in common: finds in the words before the current one, `words`, which
// command they lead to, and calls `offer` with what may follow.
std::string WalkOfShell(const Command& root, const std::string& words, const std::string& current) {
  const std::vector<Place> places = Places(root);
  std::string commands;
  for (const Place& place : places) {
    if (place.path.empty()) continue;
    commands += (commands.empty() ? "'" : "|'") + place.path + "'";
  }
  std::string text = "  local at='' skip='' word candidates=''\n  for word in " + words +
                     "; do\n"
                     "    if [[ -n $skip ]]; then skip=''; continue; fi\n"
                     "    case \"$word\" in " +
                     base::Join(FlagsWithValue(places), "|") +
                     ") skip=1; continue;; esac\n"
                     "    case \"$at $word\" in " +
                     commands +
                     ") at=\"$at $word\";; esac\n"
                     "  done\n"
                     "  [[ -n $skip ]] && return\n"
                     "  case \"$at\" in\n";
  for (const Place& place : places) {
    text += "    '" + place.path + "')\n      if [[ " + current + " == -* ]]; then candidates='" +
            base::Join(place.FlagWords(), " ") + "'\n      else candidates='" +
            base::Join(place.Words(), " ") + "'; fi;;\n";
  }
  return text + "  esac\n";
}

}  // namespace

std::string BashCompletion(const Command& root) {
  const std::string name = FunctionName(root);
  return "# bash completion for " + root.name + "\n\n" + name +
         "() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
         "  COMPREPLY=()\n" +
         WalkOfShell(root, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"", "$current") +
         "  COMPREPLY=($(compgen -W \"$candidates\" -- \"$current\"))\n"
         "}\n\n"
         "# Where there is nothing to offer: files.\n"
         "complete -o default -F " +
         name + " " + root.name + "\n";
}

std::string ZshCompletion(const Command& root) {
  const std::string name = FunctionName(root);
  return "#compdef " + root.name + "\n\n" + name + "() {\n" +
         WalkOfShell(root, "\"${(@)words[2,CURRENT-1]}\"", "\"${words[CURRENT]}\"") +
         "  if [[ -n $candidates ]]; then compadd -- ${(s: :)candidates}; else _files; fi\n"
         "}\n\n"
         "# As a file of $fpath it is run for the first completion; read by hand it is not.\n"
         "if [[ ${funcstack[1]} == " +
         name + " ]]; then " + name + " \"$@\"; else compdef " + name + " " + root.name + "; fi\n";
}

std::string FishCompletion(const Command& root) {
  const auto quoted = [](const std::string& text) { return Quoted(text, "\\'"); };
  std::string text = "# fish completion for " + root.name + "\n\n";
  for (const Place& place : Places(root)) {
    std::string condition;
    for (const std::string& word : base::Split(place.path, ' ')) {
      if (!word.empty()) condition += "__fish_seen_subcommand_from " + word + "; and ";
    }
    const std::vector<std::string> words = place.Words();
    condition +=
        words.empty() ? "true" : "not __fish_seen_subcommand_from " + base::Join(words, " ");
    const std::string begin = "complete -c " + root.name + " -n " + quoted(condition);
    for (const Command& sub : place.command->subcommands) {
      text += begin + " -f -a " + sub.name + " -d " + quoted(sub.short_text) + "\n";
    }
    for (const std::string& argument : place.command->valid_arguments) {
      text += begin + " -f -a " + argument + "\n";
    }
    for (const FlagSpec& flag : place.flags) {
      text += begin + " -l " + flag.name;
      if (flag.shorthand != 0) text += std::string(" -s ") + flag.shorthand;
      if (flag.type != FlagSpec::Type::kBool) text += " -r";
      text += " -d " + quoted(flag.usage) + "\n";
    }
  }
  return text;
}

std::string PowerShellCompletion(const Command& root) {
  const auto quoted = [](const std::string& text) { return Quoted(text, "''"); };
  const auto list = [&](const std::vector<std::string>& words) {
    std::vector<std::string> quotes;
    for (const std::string& word : words) quotes.push_back(quoted(word));
    return "@(" + base::Join(quotes, ", ") + ")";
  };
  const std::vector<Place> places = Places(root);
  std::string text = "# powershell completion for " + root.name +
                     "\n\nRegister-ArgumentCompleter -Native -CommandName " + quoted(root.name) +
                     " -ScriptBlock {\n"
                     "  param($wordToComplete, $commandAst, $cursorPosition)\n"
                     "  $words = @{\n";
  for (const Place& place : places) {
    text += "    " + quoted(place.path) + " = " + list(place.Words()) + "\n";
  }
  text += "  }\n  $flags = @{\n";
  for (const Place& place : places) {
    text += "    " + quoted(place.path) + " = " + list(place.FlagWords()) + "\n";
  }
  return text + "  }\n  $withValue = " + list(FlagsWithValue(places)) +
         "\n"
         "  $at = ''\n"
         "  $skip = $false\n"
         "  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {\n"
         "    if ($element.Extent.EndOffset -ge $cursorPosition) { break }\n"
         "    $word = $element.ToString()\n"
         "    if ($skip) { $skip = $false; continue }\n"
         "    if ($withValue -ccontains $word) { $skip = $true; continue }\n"
         "    if ($words.ContainsKey(\"$at $word\")) { $at = \"$at $word\" }\n"
         "  }\n"
         "  if ($skip) { return }\n"
         "  $candidates = if ($wordToComplete.StartsWith('-')) { $flags[$at] } else { $words[$at] "
         "}\n"
         "  $candidates | Where-Object { $_.StartsWith($wordToComplete) } | ForEach-Object {\n"
         "    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)\n"
         "  }\n"
         "}\n";
}

Command CompletionCommand(const std::string& program, Outcome (*run)(const Invocation&)) {
  const std::string script = "  " + program + " completion ";
  return {.name = "completion",
          .use = "completion [bash|zsh|fish|powershell]",
          .short_text = "Generate completion script",
          // Help shows it, and the usage behind a mistake does not: that is etcd's.
          .long_text = "Generate completion script\n\n  source <(" + program +
                       " completion bash)\n" + script + "bash > /etc/bash_completion.d/" + program +
                       "\n" + script + "zsh > \"${fpath[1]}/_" + program + "\"\n" + script +
                       "fish > ~/.config/fish/completions/" + program + ".fish\n" + script +
                       "powershell | Out-String | Invoke-Expression",
          .run = run,
          .argument_count = 1,
          .valid_arguments = {"bash", "zsh", "fish", "powershell"},
          .use_shows_flags = false};
}

Outcome ShowCompletion(const Command& root, const Invocation& invocation) {
  const std::string& shell = invocation.arguments.front();
  Print(invocation.out, shell == "bash"   ? BashCompletion(root)
                        : shell == "zsh"  ? ZshCompletion(root)
                        : shell == "fish" ? FishCompletion(root)
                                          : PowerShellCompletion(root));
  return {};
}

}  // namespace cli
