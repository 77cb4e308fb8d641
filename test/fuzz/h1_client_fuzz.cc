// Any bytes answer a client of HTTP/1.1, in pieces of any size, to requests of several kinds; the
// server may then close.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/http/client.h"
#include "net/http/testing/raw_server.h"
#include "net/http/testing/world.h"

namespace {

using http::Exchange;

// By the length of the input, so that one input is always run the same way.
http::Headers HeadFor(size_t size) {
  constexpr base::ByteView kMethods[] = {"GET", "HEAD", "POST", "PUT"};
  return {{":method", kMethods[size % 4]}, {":path", "/"}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  http::testing::EchoService service;
  http::testing::World world(&service);
  http::testing::RawServer server(&world);
  std::unique_ptr<http::Client> client;
  const bool is_whole = size % 8 < 4;
  const auto call = std::make_shared<http::testing::RecordingHandler>(/*consume=*/size % 16 < 12);
  world.Do([&] {
    client = std::make_unique<http::Client>(
        &world.client_loop(), &world.client_network(),
        http::Client::Options{.address = http::testing::RawServer::kAddress});
    call->exchange = &client->Start(
        HeadFor(size), is_whole ? Exchange::Then::kEnd : Exchange::Then::kContinue, call, {});
    if (!is_whole) call->exchange->SendData(base::Bytes("body"), Exchange::Then::kContinue);
  });
  world.Settle();
  server.last().Send(base::ByteView(reinterpret_cast<const char*>(data), size));
  world.RunFor(std::chrono::seconds(1));
  if (size % 3 == 0) server.last().ShutdownWrite();
  world.RunFor(std::chrono::seconds(1));
  CHECK(!call->ended || StatusCode(call->head) >= 200);
  CHECK(!call->closed || call->closing.kind != http::Closing::Kind::kComplete || call->ended);
  world.Do([&] { client.reset(); });
  CHECK(call->closed);
  server.last().Close();
  return 0;
}
