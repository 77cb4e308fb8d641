#include "sim/swarm.h"

#include <algorithm>

#include "sim/plan_settings.h"

namespace sim {
namespace {

// In a thousand, of what may be left out.
constexpr uint64_t kLeftOutMin = 200;
constexpr uint64_t kLeftOutMax = 800;
// A time between two faults becomes so many times as long at most, or as short.
constexpr uint64_t kScaleMax = 3;
// But so many microseconds at least, without which nothing else would happen.
constexpr uint64_t kIntervalMin = 20'000;

bool MayBeLeftOut(const Setting& setting) {
  return setting.kind == Kind::kFeature || setting.kind == Kind::kKnob;
}

uint64_t Scaled(runtime::Random& random, const Setting& setting, uint64_t value) {
  const uint64_t factor = random.Between(1, kScaleMax);
  const uint64_t scaled = random.OneIn(2) ? value * factor : value / factor;
  return std::clamp(scaled, std::min(value, std::max(setting.least, kIntervalMin)), setting.most);
}

}  // namespace

void Swarm(runtime::Random& random, Plan* plan) {
  const Plan quiet = Plan::Quiet();
  const uint64_t left_out = random.Between(kLeftOutMin, kLeftOutMax);
  for (const Setting& setting : Settings()) {
    if (!MayBeLeftOut(setting)) continue;
    const uint64_t value = setting.get(*plan);
    if (random.Chance(left_out, 1000)) {
      setting.set(plan, setting.get(quiet));
    } else if (setting.kind == Kind::kFeature && setting.unit == Unit::kTime && value != 0) {
      setting.set(plan, Scaled(random, setting, value));
    }
  }
}

}  // namespace sim
