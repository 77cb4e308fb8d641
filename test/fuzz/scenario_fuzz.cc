// Any text is refused, or is a plan that is written as another text of the same plan.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sim/plan_settings.h"
#include "sim/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto plan = sim::ParseScenario(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!plan.ok()) return 0;
  for (const sim::Setting& setting : sim::Settings()) CHECK(setting.Takes(setting.get(*plan)));
  const std::string text = sim::ToScenario(*plan);
  const auto again = sim::ParseScenario(text);
  CHECK(again.ok());
  CHECK(sim::ToScenario(*again) == text);
  return 0;
}
