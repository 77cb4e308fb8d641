#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sim/plan.h"

namespace sim {

// How a setting's number is written: times are microseconds.
enum class Unit : uint8_t { kCount, kTime, kSwitch };

// What may become of a setting where a plan is made less (Swarm).
enum class Kind : uint8_t {
  kFrame,     // every run needs it
  kFeature,   // a fault or a kind of work, which may be left out
  kKnob,      // how a member or a client behaves, which may be as usual
  kStrength,  // how much of a fault or a kind of work there is, if there is any
  kApart,     // as a feature, but it is drawn by itself, after the swarm's, which leaves it alone
};

// One number of a plan, by the name that scenarios give it. Any number from `least` to `most` is a
// plan that can be run; a time or a count that may be left out may be 0, too.
struct Setting {
  std::string_view group;
  std::string_view name;
  Unit unit = Unit::kCount;
  Kind kind = Kind::kFrame;
  uint64_t least = 0;
  uint64_t most = 0;
  uint64_t (*get)(const Plan& plan) = nullptr;
  void (*set)(Plan* plan, uint64_t value) = nullptr;

  bool Takes(uint64_t value) const {
    return (value >= least && value <= most) ||
           (value == 0 && (kind == Kind::kFeature || kind == Kind::kApart));
  }
};

// All of them; those of a group follow one another.
std::span<const Setting> Settings();

}  // namespace sim
