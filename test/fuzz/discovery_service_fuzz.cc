// Any bytes are a path that the discovery service is asked for, and what etcd answers to it.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "discovery/request_path.h"
#include "discovery/status_page.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  if (const auto path = discovery::ParseRequestPath(in)) {
    CHECK(path->below.find("..") == std::string::npos || path->below.find_last_not_of('.') > 0);
    CHECK(path->below.find('%') == std::string::npos);
  }
  const auto status = discovery::ParseTokenStatus("token", R"({"node":{"value":"3"}})", in);
  if (status.has_value()) {
    CHECK(discovery::StatusPage(*status).find("<script") == std::string::npos);
  }
  return 0;
}
