// Handshakes that workers do, because the server's key signs slowly.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/http/testing/authority.h"
#include "net/http/testing/world.h"
#include "net/http/tls_context.h"
#include "net/http/tls_stream.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/posix/workers.h"
#include "runtime/simulated/workers.h"

namespace http::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Role = TlsContext::Role;

const runtime::WallTime kStart{0};

const Authority& TheAuthority() {
  static const Authority authority(kStart);
  return authority;
}

std::shared_ptr<const TlsContext> ServerContext(Authority::Key key) {
  static const SelfSigned rsa = TheAuthority().Issue(1, "server", Authority::Key::kRsa);
  static const SelfSigned p256 = TheAuthority().Issue(2, "server", Authority::Key::kP256);
  TlsOptions options;
  const SelfSigned& certificate = key == Authority::Key::kRsa ? rsa : p256;
  options.certificate_pem = certificate.certificate_pem;
  options.key_pem = certificate.key_pem;
  return TlsContext::New(Role::kServer, options).value();
}

std::shared_ptr<const TlsContext> ClientContext(
    TlsOptions::Version version = TlsOptions::Version::kTls13) {
  TlsOptions options;
  options.trusted_ca_pem = TheAuthority().certificate_pem();
  options.max_version = version;
  return TlsContext::New(Role::kClient, options).value();
}

TEST(TlsContext, KnowsWhichKeysSignSlowly) {
  EXPECT_TRUE(ServerContext(Authority::Key::kRsa)->signs_slowly());
  EXPECT_FALSE(ServerContext(Authority::Key::kP256)->signs_slowly());
}

// A TLS port of a simulated world, whose workers take as long as the test says.
class TlsHandshakeTest : public ::testing::Test {
 protected:
  static constexpr runtime::Duration kWork = milliseconds(500);

  void Listen(Authority::Key key, size_t queue_capacity = 100, runtime::Duration work = kWork) {
    runtime::simulated::Workers::Options options;
    options.latency_min = options.latency_max = work;
    options.queue_capacity = queue_capacity;
    workers_ = std::make_unique<runtime::simulated::Workers>(&world_.scheduler(), options);
    world_.DoAtServer([this, key] {
      Server::Listening listening;
      listening.tls = [context = ServerContext(key)] { return context; };
      listening.handshake_workers = workers_.get();
      EXPECT_TRUE(world_.server().Listen({"server", 443, ""}, listening).ok());
    });
  }
  // A client that has sent its first flight.
  RawClient& Connect(TlsOptions::Version version = TlsOptions::Version::kTls13) {
    clients_.push_back(std::make_unique<RawClient>(
        std::make_unique<TlsStream>(ClientContext(version), NewStream(), "server", kStart)));
    world_.RunFor(milliseconds(50));
    return *clients_.back();
  }
  RawClient& ConnectPlain() {
    clients_.push_back(std::make_unique<RawClient>(NewStream()));
    return *clients_.back();
  }
  static bool IsAnswered(const RawClient& client) {
    return !client.ReceivedFrames(kHeaders).empty();
  }

  std::unique_ptr<runtime::Stream> NewStream() {
    std::unique_ptr<runtime::Stream> stream;
    std::unique_ptr<runtime::Connecting> attempt;
    world_.Do([&] {
      attempt = world_.client_network().Connect(
          {"server", 443, ""}, [&](auto result) { stream = std::move(result).value(); });
    });
    world_.RunFor(milliseconds(50));
    return stream;
  }

  EchoService service_;
  World world_{&service_};
  std::unique_ptr<runtime::simulated::Workers> workers_;
  std::vector<std::unique_ptr<RawClient>> clients_;
};

TEST_F(TlsHandshakeTest, WorkersDoThoseOfASlowKey) {
  for (const auto version : {TlsOptions::Version::kTls12, TlsOptions::Version::kTls13}) {
    if (version == TlsOptions::Version::kTls12) Listen(Authority::Key::kRsa);
    RawClient& client = Connect(version);
    client.SendPreface();
    client.Send(RequestFrame(1, true));
    world_.RunFor(kWork / 2);
    EXPECT_FALSE(IsAnswered(client)) << "a worker is at it";
    world_.RunFor(10 * kWork);  // whatever the pieces are in which a flight arrives
    EXPECT_TRUE(IsAnswered(client));
  }
}

TEST_F(TlsHandshakeTest, WhatTlsTakesIsHeldForTheClient) {
  Listen(Authority::Key::kP256);
  ConnectPlain();
  world_.Settle();
  const size_t under_way = world_.server().held_bytes();
  EXPECT_GT(under_way, 30'000U);
  clients_.clear();
  world_.Settle();
  EXPECT_EQ(world_.server().held_bytes(), 0U);
  Connect();
  world_.Settle();
  EXPECT_GT(world_.server().held_bytes(), 10'000U);
  EXPECT_LT(world_.server().held_bytes(), under_way);
}

TEST_F(TlsHandshakeTest, NoneBeginsOnceTheMemberHasNothingLeft) {
  Server::Options options;
  options.member_budget = std::make_shared<SharedBudget>(size_t{4} << 20);
  World world(&service_, options);
  world.DoAtServer([&world] {
    Server::Listening listening;
    listening.tls = [context = ServerContext(Authority::Key::kP256)] { return context; };
    EXPECT_TRUE(world.server().Listen({"server", 443, ""}, listening).ok());
  });
  std::vector<std::unique_ptr<runtime::Stream>> streams;
  std::vector<std::unique_ptr<runtime::Connecting>> attempts;
  for (int i = 0; i < 100; ++i) {
    world.Do([&] {
      attempts.push_back(world.client_network().Connect({"server", 443, ""}, [&](auto result) {
        if (result.ok()) streams.push_back(std::move(result).value());
      }));
    });
    world.Settle();
  }
  EXPECT_GE(world.server().connection_count(), 40U);
  EXPECT_LE(world.server().connection_count(), 80U);
  world.Do([&] { streams.clear(); });
  world.Settle();
}

TEST_F(TlsHandshakeTest, TheFirstByteTellsTlsFromPlaintext) {
  world_.DoAtServer([this] {
    Server::Listening listening;
    listening.tls = [context = ServerContext(Authority::Key::kP256)] { return context; };
    listening.plaintext_too = true;
    EXPECT_TRUE(world_.server().Listen({"server", 443, ""}, listening).ok());
  });
  RawClient& secure = Connect();
  secure.SendPreface();
  secure.Send(RequestFrame(1, true));
  RawClient& plain = ConnectPlain();
  plain.SendPreface();
  plain.Send(RequestFrame(1, true));
  RawClient& old = ConnectPlain();
  old.Send("GET /big/3 HTTP/1.1\r\nHost: server\r\n\r\n");
  world_.Settle();
  EXPECT_TRUE(IsAnswered(secure));
  EXPECT_TRUE(IsAnswered(plain));
  EXPECT_NE(old.received().find("200 OK"), base::Bytes::npos);
  EXPECT_EQ(world_.server().connection_count(), 3U);
}

TEST_F(TlsHandshakeTest, WhoSaysNothingAtAPortOfBothSchemesIsCutOff) {
  world_.DoAtServer([this] {
    Server::Listening listening;
    listening.tls = [context = ServerContext(Authority::Key::kP256)] { return context; };
    listening.plaintext_too = true;
    EXPECT_TRUE(world_.server().Listen({"server", 443, ""}, listening).ok());
  });
  ConnectPlain();
  world_.RunFor(Limits{}.handshake_timeout + seconds(1));
  EXPECT_EQ(world_.server().connection_count(), 0U);
  EXPECT_EQ(world_.abuse(Abuse::kSlowHandshake), 1U);
}

TEST_F(TlsHandshakeTest, TheLoopDoesThoseOfAFastKey) {
  Listen(Authority::Key::kP256);
  RawClient& client = Connect();
  client.SendPreface();
  client.Send(RequestFrame(1, true));
  world_.RunFor(milliseconds(100));
  EXPECT_TRUE(IsAnswered(client));
}

TEST_F(TlsHandshakeTest, OthersAreServedMeanwhile) {
  Listen(Authority::Key::kRsa);
  Connect();
  RawClient& plain = world_.ConnectRaw();
  plain.SendPreface();
  plain.Send(RequestFrame(1, true));
  world_.RunFor(milliseconds(100));
  EXPECT_TRUE(IsAnswered(plain));
}

TEST_F(TlsHandshakeTest, AClientMayLeaveMeanwhile) {
  Listen(Authority::Key::kRsa);
  Connect().Close();
  world_.RunFor(seconds(3));
  EXPECT_EQ(world_.server().connection_count(), 0u);
}

TEST_F(TlsHandshakeTest, OneThatTakesTooLongIsGivenUp) {
  const runtime::Duration limit = Limits{}.handshake_timeout;
  Listen(Authority::Key::kRsa, 100, 2 * limit);
  RawClient& client = Connect();
  world_.RunFor(limit + seconds(1));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(world_.abuse(Abuse::kSlowHandshake), 1u);
  EXPECT_EQ(world_.server().connection_count(), 0u);
  world_.RunFor(2 * limit);  // the worker comes to its end
}

TEST_F(TlsHandshakeTest, ThoseBeyondTheQueueAreRefused) {
  Listen(Authority::Key::kRsa, /*queue_capacity=*/1);
  RawClient& first = Connect();
  RawClient& second = Connect();
  world_.RunFor(milliseconds(100));
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(world_.abuse(Abuse::kTooManyHandshakes), 1u);
  first.SendPreface();
  first.Send(RequestFrame(1, true));
  world_.RunFor(10 * kWork);  // whatever the pieces are in which a flight arrives
  EXPECT_FALSE(first.ended());
  EXPECT_TRUE(IsAnswered(first));
}

TEST_F(TlsHandshakeTest, TheServerMayStopMeanwhile) {
  Listen(Authority::Key::kRsa);
  RawClient& client = Connect();
  world_.DoAtServer([this] { world_.DestroyServer(); });
  world_.RunFor(seconds(3));
  EXPECT_TRUE(client.ended());
}

TEST_F(TlsHandshakeTest, AnErrorThatAWorkerFindsEndsTheConnection) {
  Listen(Authority::Key::kRsa);
  std::unique_ptr<runtime::Stream> stream;
  std::unique_ptr<runtime::Connecting> attempt;
  world_.Do([&] {
    attempt = world_.client_network().Connect(
        {"server", 443, ""}, [&](auto result) { stream = std::move(result).value(); });
  });
  world_.Settle();
  RawClient raw(std::move(stream));
  raw.Send("GET / HTTP/1.1\r\n\r\n");
  world_.RunFor(seconds(3));
  EXPECT_TRUE(raw.ended());
  raw.Close();
}

// ---- The same on real threads ----

// One TLS client on a real socket; counts its answer, or leaves in the middle of the handshake.
class RealClient final : public runtime::StreamHandler {
 public:
  RealClient(runtime::Network* network, const runtime::Address& server, bool leaves)
      : leaves_(leaves) {
    attempt_ = network->Connect(server, [this](auto result) {
      if (!result.ok()) return;
      stream_ =
          std::make_unique<TlsStream>(ClientContext(), std::move(result).value(), "server", kStart);
      stream_->Start(this);
      if (leaves_) return Leave();
      OnWritable();
    });
  }
  bool answered() const { return answered_; }
  void Leave() {
    if (stream_ != nullptr) stream_->Close(false);
  }

 private:
  void OnData(base::ByteView bytes) override { answered_ = answered_ || !bytes.empty(); }
  void OnEndOfInput() override {}
  void OnError(base::Status) override {}
  void OnWritable() override {
    if (sent_) return;
    const base::ByteView piece = kRequest;
    const auto taken = stream_->Write({&piece, 1});
    sent_ = taken.ok() && *taken == piece.size();
  }

  static constexpr base::ByteView kRequest = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const bool leaves_;
  std::unique_ptr<runtime::Connecting> attempt_;
  std::unique_ptr<TlsStream> stream_;
  bool sent_ = false;
  std::atomic<bool> answered_ = false;
};

TEST(TlsHandshakeThreads, WorkersLoopAndClientsThatLeaveDoNotDisturbEachOther) {
  constexpr int kClients = 24;
  runtime::asio::LoopThread server_thread("server");
  runtime::asio::LoopThread client_thread("client");
  auto workers = std::make_unique<runtime::posix::Workers>("handshake", 2, 100);
  EchoService service;
  runtime::asio::Network server_network(&server_thread.loop());
  runtime::asio::Network client_network(&client_thread.loop());
  std::unique_ptr<Server> server;
  runtime::Address address;
  server_thread.RunAndWait([&] {
    server = std::make_unique<Server>(&server_thread.loop(), &server_network, &service,
                                      Server::Options{});
    Server::Listening listening;
    listening.tls = [context = ServerContext(Authority::Key::kRsa)] { return context; };
    listening.handshake_workers = workers.get();
    address = server->Listen({"127.0.0.1", 0, ""}, listening).value();
  });
  std::vector<std::unique_ptr<RealClient>> clients;
  client_thread.RunAndWait([&] {
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<RealClient>(&client_network, address,
                                                     /*leaves=*/i % 3 == 0));
    }
  });
  const auto all_answered = [&] {
    for (int i = 0; i < kClients; ++i) {
      if (i % 3 != 0 && !clients[i]->answered()) return false;
    }
    return true;
  };
  while (!all_answered()) client_thread.RunAndWait([] {});
  // More arrive while the server stops.
  client_thread.RunAndWait([&] {
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<RealClient>(&client_network, address, false));
    }
  });
  server_thread.RunAndWait([&] { server.reset(); });
  workers.reset();
  client_thread.RunAndWait([&] {
    for (const auto& client : clients) client->Leave();
    clients.clear();
  });
}

}  // namespace
}  // namespace http::testing
