// Any bytes are what a member says of its versions at /version, and in the head of its requests.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "state/members/versions.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  const members::Extensions extensions = members::ExtensionsFromText(in);
  CHECK(members::ExtensionsFromText(members::ToText(extensions)) == extensions);
  const auto versions = members::VersionsFromJson(in);
  if (versions.ok()) (void)members::ParseVersion(versions->server);
  return 0;
}
