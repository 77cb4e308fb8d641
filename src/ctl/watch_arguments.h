#pragma once

#include <etcd/watch.h>

#include <string>
#include <vector>

#include "ctl/command.h"

// What the words of watch ask for:
//
//   watch [flags] [key [range_end]] [-- command [argument ...]]

namespace ctl {

// ETCDCTL_WATCH_KEY and ETCDCTL_WATCH_RANGE_END, which stand for keys.
struct WatchVariables {
  std::string key = {};
  std::string range_end = {};
};

struct WatchArguments {
  std::vector<std::string> keys = {};
  std::vector<std::string> command = {};  // to be run for each event; may be empty
};

// Of a command line: all its words, and those of them that are neither flags nor their values.
Outcome ReadWatch(const std::vector<std::string>& words, const std::vector<std::string>& arguments,
                  const WatchVariables& variables, WatchArguments* watch);
// Of a line that was typed: the words behind "watch". `flags` are those of watch, not yet parsed.
Outcome ReadWatchLine(const std::vector<std::string>& words, const WatchVariables& variables,
                      Flags* flags, WatchArguments* watch);

Outcome ReadWatchRequest(const Flags& flags, const std::vector<std::string>& keys,
                         etcd::WatchRequest* request);

}  // namespace ctl
