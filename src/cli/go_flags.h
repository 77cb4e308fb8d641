#pragma once

#include <string>
#include <vector>

#include "cli/flags.h"

// Flags in the grammar of Go's package flag, which some of etcd's tools have in place of pflag's:
//
//   -name value  -name=value  -switch[=bool]      with one dash or two
//
// They end before the first argument, or behind "--". Flags::ParseAsGo reads them; -h and -help are
// flags only if one was added under that name. Lists grow by one value a time that they are given.

namespace cli {

// As PrintDefaults: two lines a flag or more, sorted by name.
std::string GoFlagUsages(std::vector<FlagSpec> specs);

}  // namespace cli
