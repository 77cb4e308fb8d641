// Any bytes as a command line (arguments end at zero bytes) and, after two of them, an environment.
// A configuration that is accepted is printed flag by flag and read again the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/go_text.h"
#include "config/command.h"
#include "config/flag_table.h"
#include "config/flag_value.h"

namespace {

// An empty text is passed over: for a list of URLs it stands for the default.
void CheckReadBack(const config::ServerConfig& config) {
  for (const config::Flag& flag : config::AllFlags()) {
    const std::string printed = config::FormatFlag(flag, config);
    config::ServerConfig again;
    if (printed.empty()) continue;
    CHECK(config::SetFlag(flag, printed, again).ok());
    CHECK_EQ(config::FormatFlag(flag, again), printed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> arguments;
  config::World world;
  world.read_file = [](const std::string& path) -> base::Result<std::string> { return path; };
  bool in_environment = false;
  for (const std::string& part : base::Split(text, '\0')) {
    if (part.empty()) {
      in_environment = true;
    } else if (in_environment) {
      const size_t equals = part.find('=');
      world.environment["ETCD_" + part.substr(0, equals)] =
          equals == std::string::npos ? "" : part.substr(equals + 1);
    } else {
      arguments.push_back(part);
    }
  }
  const config::Command command = config::ParseCommand(arguments, world);
  if (const auto* config = std::get_if<config::ServerConfig>(&command.action)) {
    CheckReadBack(*config);
  }
  return 0;
}
