#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/plan.h"

// A plan as text, in at most twenty lines:
//
//   scenario = { line "\n" }
//   line     = [ group { name "=" value } ] [ "#" anything ]
//   value    = number | duration (as Go writes them) | "on" | "off"
//
//   # A leader whose disk is full while others are cut off.
//   cluster members=3 turmoil=20s
//   disks full=1s
//   messages loss=20 partition=500ms
//
// The groups and names are those of plan_settings.cc. What is not named is as in Plan::Quiet. `off`
// leaves out a fault or a kind of work. Chances are in a thousand; the time that a fault has is the
// mean between two of its kind.

namespace sim {

// A scenario of more lines, besides those that are empty or a comment, is refused.
inline constexpr size_t kScenarioLinesMax = 20;
// So is a longer text.
inline constexpr size_t kScenarioBytesMax = 64 << 10;

// kInvalidArgument, with the number of the line, if the text is none.
base::Result<Plan> ParseScenario(std::string_view text);

// What ParseScenario makes the same plan of, without what is as in Plan::Quiet.
std::string ToScenario(const Plan& plan);

}  // namespace sim
