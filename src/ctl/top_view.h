#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/colors.h"
#include "ctl/doctor_facts.h"

namespace ctl {

// What one endpoint did between two looks at it. What is not known is empty.
struct TopMember {
  std::string endpoint = {};
  std::string failure = {};  // why it did not answer
  std::string name = {};     // or the member's number
  std::string role = {};     // leader, follower, learner
  std::string version = {};
  std::string alarms = {};
  std::optional<double> requests = {};  // that were answered, a second
  std::optional<double> reads = {};
  std::optional<double> writes = {};
  std::optional<double> received = {};  // from clients, in bytes a second
  std::optional<double> sent = {};
  // Of what was done meanwhile, seconds at the 99th percentile.
  std::optional<double> request_p99 = {};
  std::optional<double> sync_p99 = {};
  std::optional<double> commit_p99 = {};
  std::optional<double> watchers = {};
  std::optional<double> memory = {};  // in bytes
  std::optional<double> cpu = {};     // of one core, 1 is all of it
  int64_t db_size = 0;                // in bytes
  int64_t db_size_in_use = 0;
  int64_t db_size_quota = 0;  // 0: unknown
  uint64_t behind = 0;        // entries that it has not applied, of those that are committed
};

struct TopRound {
  std::vector<TopMember> members = {};
  std::string leader = {};  // its name; empty: nobody knows one
  uint64_t term = 0;
  int64_t revision = 0;
  std::string read_failure = {};  // as in ClusterFacts
  double seconds = 0;             // between the looks
};

TopRound Compare(const ClusterFacts& before, const ClusterFacts& now);

// Lines for people, `paint`ed, of at most so many columns if a name and a number fit in.
std::string TopText(const TopRound& round, const cli::Painter& paint, size_t columns);
// One object, in a line.
std::string TopJson(const TopRound& round);

}  // namespace ctl
