// Serves cornerstore.interop.Interop (interop.proto) and plain endpoints on the real network, for
// clients of other languages and for h2load: /hello, and /open with what is open at the moment.
// Prints the chosen address; ends on SIGTERM.
//
//   rpc_test_server PORT [tls]
//
// With "tls" it makes itself a certificate.

#include <signal.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/http/tls_context.h"
#include "net/rpc/server.h"
#include "net/rpc/testing/interop_service.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace {

runtime::asio::Loop* running_loop = nullptr;

void StopLoop(int) {
  running_loop->Stop();
}

std::shared_ptr<const http::TlsContext> NewTlsContext(const runtime::Clock& clock) {
  const http::SelfSigned self = http::NewSelfSigned({"localhost", "127.0.0.1"}, clock.WallNow(), 1);
  http::TlsOptions options;
  options.certificate_pem = self.certificate_pem;
  options.key_pem = self.key_pem;
  return http::TlsContext::New(http::TlsContext::Role::kServer, options).value();
}

int Serve(uint16_t port, bool tls) {
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
  plain.Handle("/open", [&server](const http::PlainRequest&, http::Responder responder) {
    const http::Counters& counters = server.counters();
    responder.Send(
        http::TextResponse(200, "connections " + std::to_string(counters.connections_open.value()) +
                                    "\nstreams " + std::to_string(counters.streams_open.value())));
  });
  http::Server::Listening listening;
  if (tls) {
    listening.tls = [context = NewTlsContext(loop.clock())] { return context; };
  }
  const auto address = server.Listen({"127.0.0.1", port, ""}, listening);
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
  const std::string_view text = argc >= 2 ? argv[1] : "";
  const bool tls = argc == 3 && std::string_view(argv[2]) == "tls";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    std::fprintf(stderr, "usage: rpc_test_server PORT [tls]\n");
    return 2;
  }
  return Serve(port, tls);
}
