#pragma once

#include <string>

#include "cli/help.h"

namespace cli::testing {

// Of the last command of the path and all those below it.
inline std::string HelpOfAll(const CommandPath& path) {
  std::string text = "=====";
  for (const Command* command : path) text += " " + command->name;
  text += "\n" + HelpText(path);
  for (const Command& command : path.back()->subcommands) {
    CommandPath below = path;
    below.push_back(&command);
    text += HelpOfAll(below);
  }
  return text;
}

}  // namespace cli::testing
