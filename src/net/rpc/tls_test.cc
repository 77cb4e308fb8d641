#include <gtest/gtest.h>

#include <string>

#include "net/http/plain.h"
#include "net/http/testing/authority.h"
#include "net/http/testing/world.h"
#include "net/http/tls_context.h"
#include "net/http/tls_stream.h"
#include "net/rpc/channel.h"
#include "net/rpc/testing/interop_service.h"

namespace rpc::testing {
namespace {

using base::Code;
using http::NewSelfSigned;
using http::SelfSigned;
using http::TlsContext;
using http::TlsOptions;
using std::chrono::seconds;

constexpr runtime::WallTime kStart{0};

std::shared_ptr<const TlsContext> Context(TlsContext::Role role, const TlsOptions& options) {
  auto context = TlsContext::New(role, options);
  EXPECT_TRUE(context.ok()) << context.status().ToString();
  return context.ok() ? *context : nullptr;
}

// The interop service on a TLS port of a simulated world.
class TlsTest : public ::testing::Test {
 protected:
  class Indirect final : public http::Service {
   public:
    std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
      last_peer = exchange.connection();
      return table->OnRequest(exchange);
    }
    Server* table = nullptr;
    http::ConnectionInfo last_peer;
  };

  TlsTest() {
    AddInteropService(table_, &state_);
    indirect_.table = &table_;
    server_options_.certificate_pem = server_.certificate_pem;
    server_options_.key_pem = server_.key_pem;
    client_options_.trusted_ca_pem = server_.certificate_pem;
  }
  ~TlsTest() override {
    world_.Do([this] { channel_.reset(); });
    world_.DestroyServer();
  }

  void Listen() {
    world_.DoAtServer([this] {
      http::Server::Listening listening;
      listening.tls = [this] { return Context(TlsContext::Role::kServer, server_options_); };
      EXPECT_TRUE(world_.server().Listen({"server", 443, ""}, listening).ok());
    });
  }
  // The outcome of a call on a new channel.
  base::Status Call(const base::Bytes& payload = "hello") {
    auto result = std::make_shared<base::Status>(Code::kUnknown, "nothing");
    world_.Do([&, result] {
      Channel::Options options;
      options.endpoints = {{"server", 443, ""}};
      options.tls = Context(TlsContext::Role::kClient, client_options_);
      channel_ = std::make_unique<Channel>(&world_.client_loop(), &world_.client_network(),
                                           std::move(options));
      InteropRequest request;
      request.payload = payload;
      channel_->CallUnary(std::string("/") + kInteropService + "/Unary", {},
                          Message(request.Encode()),
                          [result, payload](const base::Status& status, base::ByteView bytes) {
                            *result = status;
                            InteropReply reply;
                            EXPECT_TRUE(reply.Parse(bytes));
                            EXPECT_TRUE(!status.ok() || reply.payload == payload);
                          });
    });
    world_.RunFor(seconds(5));
    return *result;
  }

  const SelfSigned server_ = NewSelfSigned({"server", "127.0.0.1"}, kStart, 10);
  const SelfSigned client_ = NewSelfSigned({"client.example"}, kStart, 10);
  TlsOptions server_options_;
  TlsOptions client_options_;
  Indirect indirect_;
  http::testing::World world_{&indirect_};
  http::PlainService plain_{1000};
  Server table_{&world_.server_loop(), &plain_,
                MessageLimits{.max_receive_bytes = 64 << 20, .max_send_bytes = 64 << 20}};
  testing::InteropState state_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(TlsTest, CarriesACall) {
  Listen();
  EXPECT_TRUE(Call().ok());
  EXPECT_TRUE(indirect_.last_peer.tls);
  EXPECT_TRUE(indirect_.last_peer.certificate_dns_names.empty());
}

TEST_F(TlsTest, CarriesLargeMessagesUnderBackPressure) {
  Listen();
  EXPECT_TRUE(Call(base::Bytes(5 << 20, 'x')).ok());
}

TEST_F(TlsTest, SpeaksEachVersionThatIsAllowed) {
  for (const auto version : {TlsOptions::Version::kTls12, TlsOptions::Version::kTls13}) {
    client_options_.min_version = client_options_.max_version = version;
    if (version == TlsOptions::Version::kTls12) Listen();
    EXPECT_TRUE(Call().ok());
  }
  server_options_.min_version = TlsOptions::Version::kTls13;
  client_options_.min_version = client_options_.max_version = TlsOptions::Version::kTls12;
  EXPECT_EQ(Call().code(), Code::kUnavailable);
}

TEST_F(TlsTest, RefusesAServerThatIsNotTrusted) {
  Listen();
  client_options_.trusted_ca_pem = client_.certificate_pem;
  EXPECT_EQ(Call().code(), Code::kUnavailable);
  client_options_.skip_verify = true;
  EXPECT_TRUE(Call().ok());
}

TEST_F(TlsTest, RefusesACertificateForAnotherHost) {
  const SelfSigned other = NewSelfSigned({"elsewhere"}, kStart, 10);
  server_options_.certificate_pem = other.certificate_pem;
  server_options_.key_pem = other.key_pem;
  client_options_.trusted_ca_pem = other.certificate_pem;
  Listen();
  EXPECT_EQ(Call().code(), Code::kUnavailable);
}

TEST_F(TlsTest, RefusesACertificateThatHasExpired) {
  constexpr int64_t kDayNanos = 24LL * 3600 * 1'000'000'000;
  const SelfSigned expired = NewSelfSigned({"server"}, {-20 * kDayNanos}, 10);
  server_options_.certificate_pem = expired.certificate_pem;
  server_options_.key_pem = expired.key_pem;
  client_options_.trusted_ca_pem = expired.certificate_pem;
  Listen();
  EXPECT_EQ(Call().code(), Code::kUnavailable);
}

TEST_F(TlsTest, AsksForAClientCertificate) {
  server_options_.trusted_ca_pem = client_.certificate_pem;
  server_options_.require_client_certificate = true;
  Listen();
  EXPECT_EQ(Call().code(), Code::kUnavailable) << "none";
  client_options_.certificate_pem = client_.certificate_pem;
  client_options_.key_pem = client_.key_pem;
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(indirect_.last_peer.certificate_dns_names, std::vector<std::string>{"client.example"});
  const SelfSigned stranger = NewSelfSigned({"stranger"}, kStart, 10);
  client_options_.certificate_pem = stranger.certificate_pem;
  client_options_.key_pem = stranger.key_pem;
  EXPECT_EQ(Call().code(), Code::kUnavailable) << "not trusted";
}

TEST_F(TlsTest, RefusesARevokedClient) {
  const http::testing::Authority authority(kStart);
  const SelfSigned revoked = authority.Issue(7, "revoked.example");
  const SelfSigned other = authority.Issue(8, "other.example");
  const auto call_as = [this](const SelfSigned& client) {
    client_options_.certificate_pem = client.certificate_pem;
    client_options_.key_pem = client.key_pem;
    return Call().code();
  };
  server_options_.trusted_ca_pem = authority.certificate_pem();
  server_options_.require_client_certificate = true;
  server_options_.crl = authority.Crl({});
  Listen();
  EXPECT_EQ(call_as(revoked), Code::kOk) << "not yet revoked";
  server_options_.crl = authority.Crl({6, 7});
  EXPECT_EQ(call_as(revoked), Code::kUnavailable);
  EXPECT_EQ(call_as(other), Code::kOk);
}

TEST_F(TlsTest, ReadsARevocationListInEitherForm) {
  TlsOptions options = server_options_;
  const http::testing::Authority authority(kStart);
  options.crl = authority.Crl({7});
  EXPECT_TRUE(TlsContext::New(TlsContext::Role::kServer, options).ok());
  options.crl.pop_back();
  EXPECT_FALSE(TlsContext::New(TlsContext::Role::kServer, options).ok());
  options.crl = authority.Crl({7}, http::testing::Authority::Form::kPem);
  EXPECT_TRUE(TlsContext::New(TlsContext::Role::kServer, options).ok());
}

TEST_F(TlsTest, ChecksTheAllowedNames) {
  server_options_.trusted_ca_pem = client_.certificate_pem;
  server_options_.allowed_host_names = {"client.example"};
  client_options_.certificate_pem = client_.certificate_pem;
  client_options_.key_pem = client_.key_pem;
  Listen();
  EXPECT_TRUE(Call().ok());
  server_options_.allowed_host_names = {"somebody.else"};
  EXPECT_EQ(Call().code(), Code::kUnavailable);
  server_options_.allowed_host_names.clear();
  server_options_.allowed_common_names = {"nobody"};
  EXPECT_EQ(Call().code(), Code::kUnavailable);
}

TEST_F(TlsTest, AClientWhoseNameIsNotAllowedIsTold) {
  server_options_.trusted_ca_pem = client_.certificate_pem;
  server_options_.allowed_common_names = {"nobody"};
  client_options_.certificate_pem = client_.certificate_pem;
  client_options_.key_pem = client_.key_pem;
  Listen();
  for (const auto version : {TlsOptions::Version::kTls12, TlsOptions::Version::kTls13}) {
    client_options_.min_version = client_options_.max_version = version;
    EXPECT_NE(Call().message().find("remote error: tls: bad certificate"), base::Bytes::npos);
  }
}

TEST_F(TlsTest, AClientWithoutACertificateHasNoAllowedName) {
  server_options_.allowed_common_names = {"somebody"};
  Listen();
  EXPECT_EQ(Call().code(), Code::kUnavailable);
}

TEST_F(TlsTest, WhoeverChoseHttp2SpeaksNothingElse) {
  Listen();
  std::unique_ptr<runtime::Stream> stream;
  std::unique_ptr<runtime::Connecting> attempt;
  world_.Do([&] {
    attempt = world_.client_network().Connect(
        {"server", 443, ""}, [&](auto result) { stream = std::move(result).value(); });
  });
  world_.Settle();
  // A client's stream offers "h2" by ALPN.
  http::testing::RawClient raw(std::make_unique<http::TlsStream>(
      Context(TlsContext::Role::kClient, client_options_), std::move(stream), "server", kStart));
  world_.Settle();
  raw.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  world_.Settle();
  EXPECT_TRUE(raw.ended());
  EXPECT_EQ(raw.received(), "");
  raw.Close();
}

TEST_F(TlsTest, NewConnectionsUseWhatHasChanged) {
  Listen();
  EXPECT_TRUE(Call().ok());
  const SelfSigned renewed = NewSelfSigned({"server"}, kStart, 10);
  server_options_.certificate_pem = renewed.certificate_pem;
  server_options_.key_pem = renewed.key_pem;
  EXPECT_EQ(Call().code(), Code::kUnavailable) << "the client does not trust it yet";
  client_options_.trusted_ca_pem += renewed.certificate_pem;
  EXPECT_EQ(Call().ToString(), "OK");
}

TEST_F(TlsTest, PlainTextAndGarbageAreClosed) {
  Listen();
  for (const base::Bytes& bytes :
       {base::Bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), base::Bytes(1000, '\x16'),
        base::Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}) {
    std::unique_ptr<runtime::Stream> stream;
    std::unique_ptr<runtime::Connecting> attempt;
    world_.Do([&] {
      attempt = world_.client_network().Connect(
          {"server", 443, ""}, [&](auto result) { stream = std::move(result).value(); });
    });
    world_.Settle();
    http::testing::RawClient raw(std::move(stream));
    raw.Send(bytes);
    world_.RunFor(seconds(30));
    EXPECT_TRUE(raw.ended());
    raw.Close();
  }
  EXPECT_TRUE(Call().ok());
}

TEST_F(TlsTest, NamesTheOptionAtFault) {
  TlsOptions options = server_options_;
  options.key_pem = client_.key_pem;
  EXPECT_TRUE(
      TlsContext::New(TlsContext::Role::kServer, options).status().message().starts_with("key: "));
  options = server_options_;
  options.certificate_pem = "nonsense";
  EXPECT_FALSE(TlsContext::New(TlsContext::Role::kServer, options).ok());
  options = server_options_;
  options.crl = "nonsense";
  EXPECT_TRUE(
      TlsContext::New(TlsContext::Role::kServer, options).status().message().starts_with("CRL: "));
  options = server_options_;
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_NOTHING"};
  EXPECT_EQ(TlsContext::New(TlsContext::Role::kServer, options).status().message(), "");
  options.cipher_suites = {"TLS_NOTHING"};
  EXPECT_TRUE(TlsContext::New(TlsContext::Role::kServer, options).ok());
  options.max_version = TlsOptions::Version::kTls12;
  EXPECT_EQ(TlsContext::New(TlsContext::Role::kServer, options).status().message(),
            "none of the cipher suites is supported");
}

}  // namespace
}  // namespace rpc::testing
