// Serves cornerstore.interop.Interop (interop.proto), grpc.health.v1.Health, server reflection, and
// plain endpoints on the real network, for clients of other languages and for h2load: /hello, and
// /open with what is open at the moment. Prints the chosen address; ends on SIGTERM.
//
//   rpc_test_server PORT [tls | client-certificates FOLDER] [ping]
//
// With "tls" it makes itself a certificate. With "client-certificates" it makes itself an authority
// and asks for certificates of that: ca.pem, client.pem and client.key are put into FOLDER, and the
// server's own name is "localhost". With "ping" it pings clients that are silent for 200 ms, and
// leaves those that do not answer for another second.

#include <signal.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/http/testing/authority.h"
#include "net/http/tls_context.h"
#include "net/reflection/reflection.h"
#include "net/rpc/health.h"
#include "net/rpc/server.h"
#include "net/rpc/testing/interop_service.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace {

runtime::asio::Loop* running_loop = nullptr;

void StopLoop(int) {
  running_loop->Stop();
}

struct Arguments {
  uint16_t port = 0;
  bool tls = false;
  std::string client_certificates;  // the folder
  bool ping = false;
};

void WriteFile(const std::string& path, const base::Bytes& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::shared_ptr<const http::TlsContext> NewTlsContext(const Arguments& arguments,
                                                      runtime::WallTime now) {
  http::TlsOptions options;
  if (arguments.tls) {
    const http::SelfSigned self = http::NewSelfSigned({"localhost", "127.0.0.1"}, now, 1);
    options.certificate_pem = self.certificate_pem;
    options.key_pem = self.key_pem;
  } else {
    const http::testing::Authority authority(now);
    const http::SelfSigned server = authority.Issue(1, "localhost");
    const http::SelfSigned client = authority.Issue(2, "client");
    WriteFile(arguments.client_certificates + "/ca.pem", authority.certificate_pem());
    WriteFile(arguments.client_certificates + "/client.pem", client.certificate_pem);
    WriteFile(arguments.client_certificates + "/client.key", client.key_pem);
    options.certificate_pem = server.certificate_pem;
    options.key_pem = server.key_pem;
    options.trusted_ca_pem = authority.certificate_pem();
    options.require_client_certificate = true;
  }
  return http::TlsContext::New(http::TlsContext::Role::kServer, options).value();
}

constexpr size_t kMessageBytesMax = 64 << 20;

http::Server::Options OptionsFor(const Arguments& arguments) {
  http::Server::Options options;
  options.budget.largest_request_bytes = kMessageBytesMax;
  if (arguments.ping) {
    options.keepalive.interval = std::chrono::milliseconds(200);
    options.keepalive.timeout = std::chrono::seconds(1);
  }
  return options;
}

// Everything that is served, on one loop.
class TestServer {
 public:
  TestServer(runtime::asio::Loop* loop, const Arguments& arguments)
      : loop_(*loop), network_(loop), server_(loop, &network_, &table_, OptionsFor(arguments)) {
    rpc::testing::AddInteropService(table_, &state_);
    table_.AddUnary(rpc::testing::kInteropService, "Drain",
                    [this](const std::shared_ptr<rpc::ServerCall>& call, base::ByteView) {
                      call->Reply(rpc::testing::InteropReply().Encode());
                      server_.Drain([this] { loop_.Stop(); });
                    });
    health_.AddTo(table_);
    reflection::AddTo(table_);
    plain_.Handle("/hello", [](const http::PlainRequest&, http::Responder responder) {
      responder.Send(http::TextResponse(200, "hello"));
    });
    plain_.Handle("/open", [this](const http::PlainRequest&, http::Responder responder) {
      const http::Counters& counters = server_.counters();
      responder.Send(http::TextResponse(
          200, "connections " + std::to_string(counters.connections_open.value()) + "\nstreams " +
                   std::to_string(counters.streams_open.value())));
    });
    if (arguments.tls || !arguments.client_certificates.empty()) {
      const auto context = NewTlsContext(arguments, loop_.clock().WallNow());
      listening_.tls = [context] { return context; };
    }
  }

  base::Result<runtime::Address> Listen(uint16_t port) {
    return server_.Listen({"127.0.0.1", port, ""}, listening_);
  }

 private:
  runtime::asio::Loop& loop_;
  runtime::asio::Network network_;
  http::PlainService plain_{1 << 20};
  rpc::testing::InteropState state_;
  rpc::Health health_;
  rpc::Server table_{&loop_, &plain_, rpc::MessageLimits{.max_receive_bytes = kMessageBytesMax}};
  http::Server::Listening listening_;
  http::Server server_;
};

int Serve(const Arguments& arguments) {
  runtime::asio::Loop loop;
  TestServer server(&loop, arguments);
  const auto address = server.Listen(arguments.port);
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

bool Parse(const std::vector<std::string_view>& words, Arguments* arguments) {
  if (words.empty()) return false;
  const char* const end = words[0].data() + words[0].size();
  const auto [rest, error] = std::from_chars(words[0].data(), end, arguments->port);
  if (error != std::errc() || rest != end) return false;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "tls") {
      arguments->tls = true;
    } else if (words[i] == "ping") {
      arguments->ping = true;
    } else if (words[i] == "client-certificates" && i + 1 < words.size()) {
      arguments->client_certificates = words[++i];
    } else {
      return false;
    }
  }
  return !arguments->tls || arguments->client_certificates.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!Parse({argv + 1, argv + argc}, &arguments)) {
    std::fprintf(stderr, "usage: rpc_test_server PORT [tls | client-certificates FOLDER] [ping]\n");
    return 2;
  }
  return Serve(arguments);
}
