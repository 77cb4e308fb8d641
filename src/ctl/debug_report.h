#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ctl/archive.h"
#include "ctl/connection.h"

namespace ctl {

struct DebugWishes {
  std::string log_path = {};  // empty: no log
  size_t log_lines = 0;
  bool profiles = false;
};

// What a bug report needs to know of a cluster, as files. What could not be had is told in one of
// them, and what is secret is left out: passwords, tokens, keys of certificates, and all keys and
// values of the store.
//
// `flag_lines`: as of FlagLines. `tell` has what is being asked for, for people.
std::vector<ArchiveFile> GatherReport(const Globals& globals,
                                      const std::vector<std::string>& endpoints,
                                      const std::string& flag_lines, const DebugWishes& wishes,
                                      const std::function<void(const std::string&)>& tell);

}  // namespace ctl
