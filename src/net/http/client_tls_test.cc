// The client over TLS: certificates of both ends, and what is said of those that do not fit.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/http/client.h"
#include "net/http/plain.h"
#include "net/http/testing/authority.h"
#include "net/http/testing/raw_server.h"
#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using std::chrono::seconds;
using Role = TlsContext::Role;

const Authority& TheAuthority() {
  static const Authority authority(runtime::WallTime{0});
  return authority;
}
const SelfSigned& Certificate() {
  static const SelfSigned certificate = TheAuthority().Issue(2, "server");
  return certificate;
}

class HttpClientTlsTest : public ::testing::Test {
 protected:
  static constexpr runtime::Address kSecure() { return {"server", 443, ""}; }

  HttpClientTlsTest() {
    plain_.Handle("/", [](const PlainRequest& request, Responder responder) {
      responder.Send(TextResponse(200, "for " + request.connection.certificate_common_name));
    });
    client_options_.trusted_ca_pem = TheAuthority().certificate_pem();
    SetCertificate(client_options_);
    TlsOptions server;
    SetCertificate(server);
    server.trusted_ca_pem = TheAuthority().certificate_pem();
    server.require_client_certificate = true;
    Server::Listening listening;
    listening.tls = [context = TlsContext::New(Role::kServer, server).value()] { return context; };
    world_.DoAtServer([&] { ASSERT_TRUE(world_.server().Listen(kSecure(), listening).ok()); });
  }
  ~HttpClientTlsTest() override {
    world_.Do([this] { client_.reset(); });
  }

  static void SetCertificate(TlsOptions& options) {
    options.certificate_pem = Certificate().certificate_pem;
    options.key_pem = Certificate().key_pem;
  }

  // The answer's body, or why there is none.
  std::string Fetch(Client::Options options) {
    world_.Do([&] {
      client_.reset();
      client_ = std::make_unique<Client>(&world_.client_loop(), &world_.client_network(),
                                         std::move(options));
    });
    return FetchAgain();
  }
  std::string FetchAgain() {
    const auto outcome = std::make_shared<std::string>("none");
    world_.Do([&] {
      client_->Fetch({{":method", "GET"}, {":path", "/"}}, {}, 1000, seconds(5),
                     [outcome](base::Result<Client::Answer> answer) {
                       *outcome = answer.ok() ? answer->body : answer.status().message();
                     });
    });
    world_.RunFor(seconds(1));
    return *outcome;
  }
  Client::Options Secure() {
    Client::Options options;
    options.address = kSecure();
    options.tls = [this] { return TlsContext::New(Role::kClient, client_options_).value(); };
    return options;
  }

  PlainService plain_{1000};
  World world_{&plain_};
  TlsOptions client_options_;
  std::unique_ptr<Client> client_;
};

TEST_F(HttpClientTlsTest, AsksWithACertificateOverAKeptConnection) {
  EXPECT_EQ(Fetch(Secure()), "for server\n");
  EXPECT_EQ(FetchAgain(), "for server\n");
  EXPECT_EQ(world_.counters().connections_accepted.value(), 1u);
}

TEST_F(HttpClientTlsTest, SaysThatTheAuthorityIsNotTrusted) {
  client_options_.trusted_ca_pem = Authority(runtime::WallTime{0}).certificate_pem();
  const std::string why = Fetch(Secure());
  EXPECT_TRUE(
      why.starts_with("server:443: TLS handshake: tls: failed to verify certificate: x509: "
                      "certificate signed by unknown authority"))
      << why;
}

TEST_F(HttpClientTlsTest, SaysWhichNameTheCertificateHas) {
  Client::Options options = Secure();
  options.server_name = "other";
  EXPECT_EQ(
      Fetch(options),
      "server:443: TLS handshake: tls: failed to verify certificate: x509: certificate is valid "
      "for server, not other");
}

TEST_F(HttpClientTlsTest, SaysThatTheServerWantsACertificate) {
  client_options_.certificate_pem.clear();
  client_options_.key_pem.clear();
  const std::string why = Fetch(Secure());
  EXPECT_TRUE(why.starts_with("server:443: TLS: remote error: tls: ")) << why;
  EXPECT_NE(why.find("certificate required"), std::string::npos) << why;
}

// A change of certificates holds for the connections to come.
TEST_F(HttpClientTlsTest, TakesTheContextOfTheMoment) {
  const base::Bytes trusted = std::exchange(client_options_.trusted_ca_pem,
                                            Authority(runtime::WallTime{0}).certificate_pem());
  EXPECT_NE(Fetch(Secure()), "for server\n");
  client_options_.trusted_ca_pem = trusted;
  EXPECT_EQ(FetchAgain(), "for server\n");
}

TEST_F(HttpClientTlsTest, SaysThatOneSideSpeaksNoTls) {
  Client::Options plain;
  plain.address = kSecure();
  EXPECT_EQ(Fetch(plain),
            "server:443: the server closed the connection before it answered; it may speak only "
            "TLS here");
  Client::Options secure = Secure();
  secure.address = World::kAddress;
  const std::string why = Fetch(secure);
  EXPECT_TRUE(why.starts_with("server:2379: TLS handshake: ")) << why;
}

TEST_F(HttpClientTlsTest, AHandshakeThatDoesNotEndIsGivenUp) {
  RawServer silent(&world_);
  Client::Options options = Secure();
  options.address = RawServer::kAddress;
  EXPECT_EQ(Fetch(options), "none");
  auto handler = std::make_shared<RecordingHandler>();
  world_.Do([&] {
    handler->exchange = &client_->Start({{":method", "GET"}, {":path", "/"}}, Exchange::Then::kEnd,
                                        handler, {.connect = seconds(2)});
  });
  world_.RunFor(seconds(3));
  EXPECT_EQ(handler->closing.status, base::Status(base::Code::kDeadlineExceeded,
                                                  "server:80: no connection came about within 2s"));
  EXPECT_TRUE(silent.last().ended());
}

}  // namespace
}  // namespace http::testing
