// Any bytes reach a server that speaks HTTP/1.1, in pieces of any size.

#include <cstddef>
#include <cstdint>

#include "net/http/testing/world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  http::testing::EchoService service;
  http::testing::World world(&service, {}, {.http1 = true, .http2 = false});
  http::testing::RawClient& client = world.ConnectRaw();
  client.Send(base::ByteView(reinterpret_cast<const char*>(data), size));
  world.RunFor(std::chrono::seconds(1));
  client.Close();
  world.RunFor(std::chrono::seconds(30));
  CHECK_EQ(world.server().connection_count(), 0u);
  CHECK_EQ(service.closed, service.requests);
  return 0;
}
