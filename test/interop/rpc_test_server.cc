// Serves cornerstore.interop.Interop (interop.proto) and a plain endpoint on the real network, for
// clients of other languages and for h2load. Prints the chosen address; ends on SIGTERM.
//
//   rpc_test_server PORT

#include <signal.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/rpc/server.h"
#include "net/rpc/testing/interop_service.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace {

runtime::asio::Loop* running_loop = nullptr;

void StopLoop(int) {
  running_loop->Stop();
}

int Serve(uint16_t port) {
  runtime::asio::Loop loop;
  runtime::asio::Network network(&loop);
  http::PlainService plain(1 << 20);
  plain.Handle("/hello", [](const http::PlainRequest&, http::Responder responder) {
    responder.Send(http::TextResponse(200, "hello"));
  });
  std::vector<std::shared_ptr<rpc::ServerCall>> hanging;
  rpc::Server table(&loop, &plain, rpc::MessageLimits{.max_receive_bytes = 64 << 20});
  rpc::testing::AddInteropService(table, &hanging);
  http::Server server(&loop, &network, &table, {});
  const auto address = server.Listen({"127.0.0.1", port, ""}, {});
  if (!address.ok()) {
    std::fprintf(stderr, "%s\n", address.status().ToString().c_str());
    return 1;
  }
  std::printf("listening on %s\n", address->ToString().c_str());
  std::fflush(stdout);
  running_loop = &loop;
  ::signal(SIGTERM, StopLoop);
  ::signal(SIGINT, StopLoop);
  loop.Run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  uint16_t port = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    std::fprintf(stderr, "usage: rpc_test_server PORT\n");
    return 2;
  }
  return Serve(port);
}
