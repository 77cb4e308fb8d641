#include "cli/completion.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "base/go_text.h"

namespace cli {
namespace {

// One command, by the words that lead to it: what may follow them.
struct Place {
  std::string path;  // " snapshot restore"; empty for the root
  const Command* command;
  std::vector<FlagSpec> flags;  // those of the commands above among them

  // What may stand behind `--`, too.
  std::vector<std::string> Arguments() const {
    std::vector<std::string> words = command->valid_arguments;
    std::sort(words.begin(), words.end());
    return words;
  }
  std::vector<std::string> Words() const {
    std::vector<std::string> words = Arguments();
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

// A flag, as it is written, whose value is one of some words. Where the same flag may be others at
// another command, `path` says at which it is these.
struct Choice {
  std::string path;  // empty: wherever it stands
  std::string flag;
  std::vector<std::string> words;
};

std::vector<Choice> Choices(const std::vector<Place>& places) {
  std::vector<Choice> at_places;
  std::map<std::string, std::set<std::vector<std::string>>> choices;
  const auto add = [&](const Place& place, const std::string& flag, const FlagSpec& spec) {
    if (spec.type == FlagSpec::Type::kBool) return;
    choices[flag].insert(spec.words);
    if (!spec.words.empty()) at_places.push_back({place.path, flag, spec.words});
  };
  for (const Place& place : places) {
    for (const FlagSpec& flag : place.flags) {
      add(place, "--" + flag.name, flag);
      if (flag.shorthand != 0) add(place, std::string("-") + flag.shorthand, flag);
    }
  }
  std::vector<Choice> all;
  std::set<std::string> seen;
  for (Choice& choice : at_places) {
    if (choices[choice.flag].size() == 1) choice.path.clear();
    if (choice.path.empty() && !seen.insert(choice.flag).second) continue;
    all.push_back(std::move(choice));
  }
  return all;
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

// The lines of a `case "$at" in` of a shell, whose commands may be followed by `words`.
std::string CasesOfShell(const std::vector<Place>& places, const std::string& indent,
                         std::vector<std::string> (*words)(const Place&)) {
  std::string text;
  for (const Place& place : places) {
    const std::vector<std::string> offered = words(place);
    if (offered.empty()) continue;
    text += indent + "'" + place.path + "') candidates='" + base::Join(offered, " ") + "';;\n";
  }
  return text;
}

// What bash and zsh have in common: finds in `$current` and the words before it, `words`, what may
// stand there: `candidates`, each behind `prefix`. A flag whose value is to come is `flag`; bash
// has a word of its own for the `=` between them.
std::string WalkOfShell(const Command& root, const std::string& words) {
  const std::vector<Place> places = Places(root);
  std::vector<std::string> commands;
  for (const Place& place : places) {
    if (!place.path.empty()) commands.push_back("'" + place.path + "'");
  }
  std::string values;
  for (const Choice& choice : Choices(places)) {
    values += "      " + (choice.path.empty() ? "*' " : "'" + choice.path + " ") + choice.flag +
              "') candidates='" + base::Join(choice.words, " ") + "';;\n";
  }
  return "  local at='' flag='' rest='' prefix='' word candidates=''\n"
         "  for word in " +
         words +
         "; do\n"
         "    if [[ -n $flag ]]; then [[ $word == '=' ]] || flag=''; continue; fi\n"
         "    if [[ $word == -- ]]; then rest=1; break; fi\n"
         "    case \"$word\" in " +
         base::Join(FlagsWithValue(places), "|") +
         ") flag=$word; continue;; esac\n"
         "    case \"$at $word\" in " +
         base::Join(commands, "|") +
         ") at=\"$at $word\";; esac\n"
         "  done\n"
         "  if [[ -z $flag && -z $rest && $current == --*=* ]]; then\n"
         "    flag=${current%%=*} prefix=\"${current%%=*}=\" current=${current#*=}\n"
         "  fi\n"
         "  if [[ -n $flag ]]; then\n"
         "    case \"$at $flag\" in\n" +
         values +
         "    esac\n"
         "  elif [[ -n $rest ]]; then\n"
         "    case \"$at\" in\n" +
         CasesOfShell(places, "      ", [](const Place& place) { return place.Arguments(); }) +
         "    esac\n"
         "  elif [[ $current == -* ]]; then\n"
         "    case \"$at\" in\n" +
         CasesOfShell(places, "      ", [](const Place& place) { return place.FlagWords(); }) +
         "    esac\n"
         "  else\n"
         "    case \"$at\" in\n" +
         CasesOfShell(places, "      ", [](const Place& place) { return place.Words(); }) +
         "    esac\n"
         "  fi\n";
}

}  // namespace

std::string BashCompletion(const Command& root) {
  const std::string name = FunctionName(root);
  return "# bash completion for " + root.name + "\n\n" + name +
         "() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
         "  COMPREPLY=()\n" +
         "  [[ $current == '=' ]] && current=''\n" +
         WalkOfShell(root, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"") +
         "  COMPREPLY=($(compgen -P \"$prefix\" -W \"$candidates\" -- \"$current\"))\n"
         "}\n\n"
         "# Where there is nothing to offer: files.\n"
         "complete -o default -F " +
         name + " " + root.name + "\n";
}

std::string ZshCompletion(const Command& root) {
  const std::string name = FunctionName(root);
  return "#compdef " + root.name + "\n\n" + name + "() {\n" +
         "  local current=\"${words[CURRENT]}\"\n" +
         WalkOfShell(root, "\"${(@)words[2,CURRENT-1]}\"") +
         "  [[ -n $prefix ]] && compset -P '*='\n"
         "  if [[ -n $candidates ]]; then compadd -- ${(s: :)candidates}; else _files; fi\n"
         "}\n\n"
         "# As a file of $fpath it is run for the first completion; read by hand it is not.\n"
         "if [[ ${funcstack[1]} == " +
         name + " ]]; then " + name + " \"$@\"; else compdef " + name + " " + root.name + "; fi\n";
}

std::string FishCompletion(const Command& root) {
  const auto quoted = [](const std::string& text) { return Quoted(text, "\\'"); };
  const std::string is_behind_flags = FunctionName(root) + "_is_behind_flags";
  std::string text = "# fish completion for " + root.name + "\n\nfunction " + is_behind_flags +
                     "\n  contains -- -- (commandline -opc)\nend\n\n";
  for (const Place& place : Places(root)) {
    std::string condition;
    for (const std::string& word : base::Split(place.path, ' ')) {
      if (!word.empty()) condition += "__fish_seen_subcommand_from " + word + "; and ";
    }
    const std::vector<std::string> words = place.Words();
    condition +=
        words.empty() ? "true" : "not __fish_seen_subcommand_from " + base::Join(words, " ");
    const std::string complete = "complete -c " + root.name + " -n ";
    const std::string begin = complete + quoted(condition);
    for (const Command& sub : place.command->subcommands) {
      text += complete + quoted(condition + "; and not " + is_behind_flags) + " -f -a " + sub.name +
              " -d " + quoted(sub.short_text) + "\n";
    }
    for (const std::string& argument : place.command->valid_arguments) {
      text += begin + " -f -a " + argument + "\n";
    }
    for (const FlagSpec& flag : place.flags) {
      text += begin + " -l " + flag.name;
      if (flag.shorthand != 0) text += std::string(" -s ") + flag.shorthand;
      if (flag.type != FlagSpec::Type::kBool) {
        text += flag.words.empty() ? " -r" : " -x -a " + quoted(base::Join(flag.words, " "));
      }
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
  const auto table = [&](std::vector<std::string> (*words)(const Place&)) {
    std::string lines;
    for (const Place& place : places) {
      lines += "    " + quoted(place.path) + " = " + list(words(place)) + "\n";
    }
    return "@{\n" + lines + "  }\n";
  };
  std::string values;
  for (const Choice& choice : Choices(places)) {
    const std::string at = choice.path.empty() ? choice.flag : choice.path + " " + choice.flag;
    values += "    " + quoted(at) + " = " + list(choice.words) + "\n";
  }
  return "# powershell completion for " + root.name +
         "\n\nRegister-ArgumentCompleter -Native -CommandName " + quoted(root.name) +
         " -ScriptBlock {\n"
         "  param($wordToComplete, $commandAst, $cursorPosition)\n"
         "  $words = " +
         table([](const Place& place) { return place.Words(); }) +
         "  $arguments = " + table([](const Place& place) { return place.Arguments(); }) +
         "  $flags = " + table([](const Place& place) { return place.FlagWords(); }) +
         "  $values = @{\n" + values + "  }\n  $withValue = " + list(FlagsWithValue(places)) +
         "\n"
         "  $at = ''\n"
         "  $flag = ''\n"
         "  $rest = $false\n"
         "  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {\n"
         "    if ($element.Extent.EndOffset -ge $cursorPosition) { break }\n"
         "    $word = $element.ToString()\n"
         "    if ($flag) { $flag = ''; continue }\n"
         "    if ($word -ceq '--') { $rest = $true; break }\n"
         "    if ($withValue -ccontains $word) { $flag = $word; continue }\n"
         "    if ($words.ContainsKey(\"$at $word\")) { $at = \"$at $word\" }\n"
         "  }\n"
         "  $prefix = ''\n"
         "  $typed = $wordToComplete\n"
         "  if (-not $flag -and -not $rest -and $typed -match '^(--[^=]+)=(.*)$') {\n"
         "    $flag = $Matches[1]\n"
         "    $prefix = \"$flag=\"\n"
         "    $typed = $Matches[2]\n"
         "  }\n"
         "  $candidates = if ($flag) { $values[\"$at $flag\"] + $values[$flag] }\n"
         "    elseif ($rest) { $arguments[$at] }\n"
         "    elseif ($typed.StartsWith('-')) { $flags[$at] }\n"
         "    else { $words[$at] }\n"
         "  $candidates | Where-Object { $_ -and $_.StartsWith($typed) } | ForEach-Object {\n"
         "    $word = \"$prefix$_\"\n"
         "    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', "
         "$_)\n"
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
