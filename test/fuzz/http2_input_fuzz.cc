// Any bytes after HTTP/2's preface reach a server whose service answers at once, or with more than
// the client takes. What is held for a client may be little: then requests wait, windows stay shut
// and streams are ended.

#include <cstddef>
#include <cstdint>

#include "net/http/testing/world.h"

namespace {

using http::testing::Frame;

// By the length of the input, so that one input is always run the same way.
http::Server::Options OptionsFor(size_t size) {
  http::Server::Options options;
  if (size % 2 == 1) {
    options.budget.connection_bytes = 1;
    options.budget.largest_request_bytes = 128 * 1024;
  }
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  http::testing::EchoService service;
  http::testing::World world(&service, OptionsFor(size));
  http::testing::RawClient& client = world.ConnectRaw();
  client.SendPreface();
  if (size % 4 >= 2) {
    // The windows of streams are shut until the input opens them.
    client.Send(Frame{http::testing::kSettings, 0, 0, base::Bytes("\0\4\0\0\0\0", 6)});
    for (uint32_t id = 3; id < 9; id += 2) {
      client.Send(http::testing::RequestFrame(id, /*ended=*/true, "/big/100000"));
    }
    client.Send(http::testing::RequestWithBomb(9, 12));
  }
  client.Send(http::testing::RequestFrame(size % 4 >= 2 ? 11 : 1, /*ended=*/false));
  client.Send(base::ByteView(reinterpret_cast<const char*>(data), size));
  world.RunFor(std::chrono::seconds(1));
  client.Close();
  world.RunFor(std::chrono::seconds(3));
  CHECK_EQ(world.server().connection_count(), 0u);
  CHECK_EQ(world.server().held_bytes(), 0u);
  CHECK_EQ(service.closed, service.requests);
  return 0;
}
