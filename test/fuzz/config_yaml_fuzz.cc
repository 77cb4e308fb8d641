// Any bytes as a configuration file: values, or a failure that names the file.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "config/config_file.h"
#include "config/log_rotation.h"
#include "config/url.h"
#include "config/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = config::ParseConfigFile("fuzz.yaml", text);
  if (!file.ok()) {
    CHECK_EQ(file.status().message().substr(0, 11), "fuzz.yaml: ");
    return 0;
  }
  std::vector<config::Notice> notices;
  config::Validate(file->config, notices).IgnoreError();
  config::ParseLogRotation(file->config.log.rotation_config_json).status().IgnoreError();
  config::ParseInitialCluster(file->config.cluster.initial_cluster).status().IgnoreError();
  return 0;
}
