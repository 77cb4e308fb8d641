// Any bytes reach a server that speaks HTTP/1.1, in pieces of any size.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "net/http/plain.h"
#include "net/http/testing/world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  http::PlainService service(1000);
  service.Handle("/", [](const http::PlainRequest& request, http::Responder responder) {
    responder.Send(http::TextResponse(200, request.body));
  });
  http::testing::World world(&service, {}, {.http1 = true, .http2 = false});
  http::testing::RawClient& client = world.ConnectRaw();
  client.Send(base::ByteView(reinterpret_cast<const char*>(data), size));
  world.RunFor(std::chrono::seconds(1));
  client.Close();
  world.RunFor(std::chrono::seconds(30));
  CHECK_EQ(world.server().connection_count(), 0u);
  return 0;
}
