// Any text as an endpoint. One that is accepted names a port or a path.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "client/endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto endpoint =
      client::ParseEndpoint(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!endpoint.ok()) return 0;
  const runtime::Address& address = endpoint->address;
  CHECK(address.unix_path.empty() != (address.host.empty() && address.port == 0));
  return 0;
}
