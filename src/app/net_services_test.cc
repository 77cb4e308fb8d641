#include "app/net_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "api/v3/testing/client.h"
#include "api/v3/testing/requests.h"
#include "net/http/testing/world.h"
#include "net/rpc/gzip.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/workers.h"
#include "server/testing/simulated_member.h"

namespace app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using v3::testing::Client;
using v3::testing::Get;
using v3::testing::Put;

// A member with all that serves on a net loop of the process, over simulated wires.
class NetServicesTest : public ::testing::Test {
 protected:
  ~NetServicesTest() override {
    OnClient([this] {
      raw_clients_.clear();
      clients_.clear();
    });
    if (services_.has_value()) services_->Close();
    member_.EndServer();
    services_.reset();
    network_.reset();
    workers_.reset();
    member_.Kill();
  }

  void Open(size_t worker_queue = 100) {
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
    workers_ = std::make_unique<runtime::simulated::Workers>(
        &member_.scheduler(), runtime::simulated::Workers::Options{.latency_min = milliseconds(1),
                                                                   .latency_max = milliseconds(1),
                                                                   .queue_capacity = worker_queue});
    network_ = wires_.NewNetwork("member", &member_.net_loop());
    registry_.AddCollector([this](observe::Samples& samples) {
      counts_.Collect(samples);
      health_.Collect(samples);
    });
    meters_ = NetServices::NewMeters(config_.client_api, &member_.server());
    services_.emplace(
        NetServices::Parts{.config = &config_,
                           .server = &member_.server(),
                           .origin = 0,
                           .tls = nullptr,
                           .handshake_workers = nullptr,
                           .workers = workers_.get(),
                           .trim_heap = [] {},
                           .registry = &registry_,
                           .counts = &counts_,
                           .health = &health_,
                           .budget = std::make_shared<http::SharedBudget>(uint64_t{1} << 30),
                           .identification = {},  // nobody is asked who he is
                           .meters = meters_.get()},
        &member_.net_loop());
    for (const Surface surface :
         {Surface::kAll, Surface::kGrpc, Surface::kHttp, Surface::kMetrics}) {
      services_->AddServer(surface, network_.get());
      http::Server::Listening listening =
          services_->ListeningOf({.address = {}, .surface = surface, .plaintext = true});
      ASSERT_TRUE(services_->ServerOf(surface).Listen(AddressOf(surface), listening).ok());
    }
  }
  static runtime::Address AddressOf(Surface surface) {
    return {"member", static_cast<uint16_t>(100 + static_cast<int>(surface)), ""};
  }
  void OnClient(base::Callback<void()> task) {
    client_loop_->Post(std::move(task));
    member_.RunFor(runtime::Duration(0));
  }
  http::testing::RawClient& Connect(Surface surface) {
    std::unique_ptr<http::testing::RawClient> client;
    const auto attempt = client_network_->Connect(AddressOf(surface), [&client](auto connected) {
      client = std::make_unique<http::testing::RawClient>(std::move(connected).value());
    });
    EXPECT_TRUE(member_.RunUntil([&] { return client != nullptr; }));
    return *raw_clients_.emplace_back(std::move(client));
  }
  // What is answered over HTTP/1.1, head and body; nothing if the connection is closed.
  std::string Ask(Surface surface, const std::string& request, const std::string& body = "",
                  const std::string& fields = "") {
    http::testing::RawClient& client = Connect(surface);
    OnClient([&] {
      client.Send(request + " HTTP/1.1\r\nHost: member\r\nConnection: close\r\n" + fields +
                  "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    });
    EXPECT_TRUE(member_.RunUntil([&] { return client.ended(); }));
    return client.received();
  }
  template <typename Request, typename Response>
  v3::testing::Answer<Response> Call(Surface surface,
                                     const v3::testing::Method<Request, Response>& method,
                                     const Request& request) {
    std::shared_ptr<v3::testing::Answer<Response>> answer;
    OnClient([&] {
      clients_.push_back(std::make_unique<Client>(client_loop_.get(), client_network_.get(),
                                                  std::vector{AddressOf(surface)}));
      rpc::ClientCall::Options options;
      options.deadline = client_loop_->clock().Now() + seconds(5);
      answer = clients_.back()->Start(method, request, std::move(options));
    });
    member_.RunUntil([&] { return answer->finished; });
    return *answer;
  }
  std::string LogLine(const std::string& part) {
    for (const std::string& line : member_.LogLines()) {
      if (line.find(part) != std::string::npos) return line;
    }
    return "";
  }

  server::SimulatedMember member_{1};
  runtime::simulated::Wires wires_{&member_.scheduler()};
  config::ServerConfig config_;
  std::unique_ptr<admission::Meters> meters_;
  const std::unique_ptr<runtime::Loop> client_loop_ = member_.scheduler().NewLoop("client");
  const std::unique_ptr<runtime::Network> client_network_ =
      wires_.NewNetwork("client", client_loop_.get());
  std::vector<std::unique_ptr<http::testing::RawClient>> raw_clients_;
  std::vector<std::unique_ptr<Client>> clients_;
  observe::Registry registry_;
  NetworkMetrics counts_;
  web::HealthMetrics health_;
  std::unique_ptr<runtime::simulated::Workers> workers_;
  std::unique_ptr<runtime::Network> network_;
  std::optional<NetServices> services_;
};

TEST_F(NetServicesTest, GrpcIsServedWhereItIsMeantToBe) {
  Open();
  EXPECT_TRUE(Call(Surface::kAll, v3::testing::kPut, Put("a", "1")).ok());
  EXPECT_TRUE(Call(Surface::kGrpc, v3::testing::kRange, Get("a")).ok());
  EXPECT_FALSE(Call(Surface::kHttp, v3::testing::kRange, Get("a")).ok());
  EXPECT_FALSE(Call(Surface::kMetrics, v3::testing::kRange, Get("a")).ok());
}

TEST_F(NetServicesTest, JsonIsServedWhereItIsMeantToBe) {
  Open();
  const std::string body = R"({"key":"YQ=="})";
  for (const Surface surface : {Surface::kAll, Surface::kHttp}) {
    EXPECT_THAT(Ask(surface, "POST /v3/kv/range", body), HasSubstr("\"raft_term\""));
    EXPECT_THAT(Ask(surface, "GET /version"), HasSubstr("\"etcdserver\":\"3.7.1\""));
  }
  EXPECT_THAT(Ask(Surface::kMetrics, "POST /v3/kv/range", body), HasSubstr("HTTP/1.1 404"));
  // A port of gRPC does not speak HTTP/1.1.
  EXPECT_THAT(Ask(Surface::kGrpc, "GET /version"), Not(HasSubstr("etcdserver")));
}

TEST_F(NetServicesTest, WithoutTheGatewayThereAreNoJsonPaths) {
  config_.client_api.enable_grpc_gateway = false;
  Open();
  EXPECT_THAT(Ask(Surface::kAll, "POST /v3/kv/range", R"({"key":"YQ=="})"),
              HasSubstr("HTTP/1.1 404"));
  EXPECT_THAT(Ask(Surface::kAll, "GET /health"), HasSubstr(R"({"health":"true","reason":""})"));
}

TEST_F(NetServicesTest, HostsAndOriginsAreThoseOfTheFlags) {
  config_.client_api.host_whitelist = {"member"};
  config_.cors.values = {"http://good"};
  Open();
  EXPECT_THAT(Ask(Surface::kAll, "GET /health", "", "Origin: http://good\r\n"),
              HasSubstr("Access-Control-Allow-Origin: http://good"));
  EXPECT_THAT(Ask(Surface::kAll, "GET /health", "", "Origin: http://bad\r\n"),
              Not(HasSubstr("access-control-allow-origin")));
}

TEST_F(NetServicesTest, HealthAndMetricsAreServedAtEveryHttpPort) {
  Open();
  for (const Surface surface : {Surface::kAll, Surface::kHttp, Surface::kMetrics}) {
    for (const char* const path : {"GET /health", "GET /livez", "GET /readyz"}) {
      EXPECT_THAT(Ask(surface, path), StartsWith("HTTP/1.1 200")) << path;
    }
    const std::string metrics = Ask(surface, "GET /metrics");
    EXPECT_THAT(metrics, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
    EXPECT_THAT(metrics, HasSubstr("etcd_server_health_success"));
    EXPECT_THAT(metrics, HasSubstr("grpc_server_started_total{"));
  }
}

TEST_F(NetServicesTest, MetricsAreCompressedForThoseWhoTakeThat) {
  Open();
  const std::string answer =
      Ask(Surface::kMetrics, "GET /metrics", "", "Accept-Encoding: gzip\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Encoding: gzip"));
  const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
  rpc::GzipDecompressor decompressor(body, 1 << 24);
  const auto done = decompressor.Step(1 << 24);
  ASSERT_TRUE(done.ok() && *done);
  EXPECT_THAT(std::string(decompressor.result()), HasSubstr("grpc_server_started_total{"));
}

TEST_F(NetServicesTest, VariablesAreServedToClients) {
  Open();
  for (const Surface surface : {Surface::kAll, Surface::kHttp}) {
    const std::string answer = Ask(surface, "GET /debug/vars");
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json; charset=utf-8"));
    EXPECT_THAT(answer, HasSubstr("\"raftState\":\"StateLeader\""));
    EXPECT_THAT(answer, HasSubstr("\"memstats\": {\"Alloc\":0"));
    EXPECT_THAT(Ask(surface, "POST /debug/vars"), StartsWith("HTTP/1.1 405"));
  }
  EXPECT_THAT(Ask(Surface::kMetrics, "GET /debug/vars"), StartsWith("HTTP/1.1 404"));
}

TEST_F(NetServicesTest, ProfilesAreServedIfTheyAreAskedFor) {
  config_.monitoring.enable_pprof = true;
  Open();
  EXPECT_THAT(Ask(Surface::kAll, "GET /debug/pprof/"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Ask(Surface::kAll, "GET /debug/pprof/other"), HasSubstr("Unknown profile"));
  EXPECT_THAT(Ask(Surface::kAll, "GET /debug/pprof/goroutine"), StartsWith("HTTP/1.1 501"));
  EXPECT_THAT(Ask(Surface::kAll, "GET /debug/pprof/symbol"), HasSubstr("num_symbols: 1"));
  EXPECT_THAT(Ask(Surface::kMetrics, "GET /debug/pprof/"), StartsWith("HTTP/1.1 404"));
}

TEST_F(NetServicesTest, WithoutTheFlagThereAreNoProfiles) {
  Open();
  EXPECT_THAT(Ask(Surface::kAll, "GET /debug/pprof/cmdline"), StartsWith("HTTP/1.1 404"));
}

TEST_F(NetServicesTest, OfMessagesTheirOwnBytesAreCounted) {
  Open();
  Ask(Surface::kAll, "GET /health");
  EXPECT_THAT(registry_.Scrape(), HasSubstr("etcd_network_client_grpc_received_bytes_total 0\n"));
  const etcdserverpb::PutRequest request = Put("a", "1");
  const auto answer = Call(Surface::kAll, v3::testing::kPut, request);
  ASSERT_TRUE(answer.ok());
  const std::string text = registry_.Scrape();
  EXPECT_THAT(text, HasSubstr("etcd_network_client_grpc_received_bytes_total " +
                              std::to_string(request.ByteSizeLong()) + "\n"));
  EXPECT_THAT(text, HasSubstr("etcd_network_client_grpc_sent_bytes_total " +
                              std::to_string(answer.response().ByteSizeLong()) + "\n"));
}

TEST_F(NetServicesTest, ScrapesThatNobodyHasTimeForAreRefused) {
  Open(/*worker_queue=*/0);
  const std::string answer = Ask(Surface::kMetrics, "GET /metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("too many scrapes at once"));
}

TEST_F(NetServicesTest, GrpcsOwnServicesAreThere) {
  Open();
  constexpr v3::testing::Method<etcdserverpb::StatusRequest, etcdserverpb::StatusRequest> kCheck{
      "/grpc.health.v1.Health/Check"};
  EXPECT_TRUE(Call(Surface::kAll, kCheck, {}).ok());
  constexpr v3::testing::Method<etcdserverpb::StatusRequest, etcdserverpb::StatusRequest>
      kReflection{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};
  EXPECT_NE(Call(Surface::kAll, kReflection, {}).status.code(), base::Code::kUnimplemented);
}

TEST_F(NetServicesTest, AMessageMayBeLargerThanARequestByHalfAMegabyte) {
  member_.options.max_request_bytes = 1000;
  Open();
  EXPECT_EQ(Call(Surface::kAll, v3::testing::kPut, Put("a", std::string(512 * 1024, 'v')))
                .status.message(),
            "etcdserver: request is too large");
  EXPECT_EQ(
      Call(Surface::kAll, v3::testing::kPut, Put("a", std::string(514 * 1024, 'v'))).status.code(),
      base::Code::kResourceExhausted);
}

TEST_F(NetServicesTest, StreamsAreBoundedByTheFlag) {
  config_.client_api.max_concurrent_streams = 7;
  Open();
  http::testing::RawClient& client = Connect(Surface::kGrpc);
  OnClient([&] { client.SendPreface(); });
  member_.RunFor(milliseconds(100));
  const auto settings = client.ReceivedFrames(http::testing::kSettings);
  ASSERT_FALSE(settings.empty());
  // SETTINGS_MAX_CONCURRENT_STREAMS.
  EXPECT_THAT(settings.at(0).payload, HasSubstr(std::string("\0\x03\0\0\0\x07", 6)));
}

TEST_F(NetServicesTest, PingsThatComeTooOftenEndTheConnection) {
  config_.client_api.keepalive_min_time = seconds(100);
  Open();
  http::testing::RawClient& client = Connect(Surface::kGrpc);
  OnClient([&] { client.SendPreface(); });
  for (int i = 0; i < 10; ++i) {
    OnClient([&] { client.Send(http::testing::Frame{http::testing::kPing, 0, 0, "12345678"}); });
    member_.RunFor(seconds(10));
  }
  EXPECT_EQ(client.GoAwayText(), "too_many_pings");
}

TEST_F(NetServicesTest, AClientThatDoesNotAnswerPingsIsGivenUp) {
  config_.client_api.keepalive_interval = seconds(10);
  config_.client_api.keepalive_timeout = seconds(5);
  Open();
  http::testing::RawClient& client = Connect(Surface::kGrpc);
  OnClient([&] { client.SendPreface(); });
  member_.RunFor(seconds(9));
  EXPECT_TRUE(client.ReceivedFrames(http::testing::kPing).empty());
  member_.RunFor(seconds(3));
  EXPECT_FALSE(client.ReceivedFrames(http::testing::kPing).empty());
  EXPECT_FALSE(client.ended());
  member_.RunFor(seconds(6));
  EXPECT_TRUE(client.ended());
  EXPECT_THAT(registry_.Scrape(), HasSubstr("cornerstore_http_keepalive_timeouts_total 1\n"));
}

TEST_F(NetServicesTest, ACallThatTookTooLongIsToldWithItsMethodAndItsClient) {
  config_.monitoring.warning_unary_request_duration = milliseconds(300);
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kRange, Get("a")).ok());
  EXPECT_EQ(LogLine("request stats"), "");
  member_.SetRaftPaused(true);
  const auto range = Call(Surface::kAll, v3::testing::kRange, Get("a"));
  EXPECT_EQ(range.status.code(), base::Code::kDeadlineExceeded);
  member_.RunFor(seconds(1));
  const std::string line = LogLine("request stats");
  EXPECT_THAT(line, HasSubstr("\"response type\":\"/etcdserverpb.KV/Range\""));
  EXPECT_THAT(line, HasSubstr("\"code\":\"Canceled\""));
  EXPECT_THAT(line, HasSubstr("\"remote\":\"client"));
  EXPECT_THAT(line, ::testing::ContainsRegex("\"time spent\":\"(4[.]9|5)"));
  EXPECT_THAT(member_.Metrics(), Not(HasSubstr("grpc_server_handling_seconds")));
}

TEST_F(NetServicesTest, StreamsAreNeverToldAsSlow) {
  config_.monitoring.warning_unary_request_duration = milliseconds(-1);
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kSnapshot, {}).ok());
  EXPECT_EQ(LogLine("request stats"), "");
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kRange, Get("a")).ok());
  EXPECT_NE(LogLine("request stats"), "");
}

TEST_F(NetServicesTest, ExtensiveMetricsTellHowLongEachMethodTook) {
  config_.monitoring.metrics = "extensive";
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kRange, Get("a")).ok());
  const std::string metrics = member_.Metrics();
  for (const auto& [method, count] : {std::pair("Range", "1"), {"Put", "0"}}) {
    EXPECT_THAT(
        metrics,
        HasSubstr(std::string("grpc_server_handling_seconds_count{grpc_method=\"") + method +
                  "\",grpc_service=\"etcdserverpb.KV\"," + "grpc_type=\"unary\"} " + count + "\n"));
  }
  EXPECT_THAT(metrics, HasSubstr("le=\"0.005\""));
}

TEST_F(NetServicesTest, CallsAndBytesAreCounted) {
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kRange, Get("a")).ok());
  ASSERT_FALSE(Call(Surface::kAll, v3::testing::kRange, Get("")).ok());
  const std::string metrics = registry_.Scrape();
  const std::string labels =
      "grpc_method=\"Range\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} ";
  EXPECT_THAT(metrics, HasSubstr("grpc_server_started_total{" + labels + "2\n"));
  EXPECT_THAT(metrics, HasSubstr("grpc_server_msg_received_total{" + labels + "2\n"));
  EXPECT_THAT(metrics, HasSubstr("grpc_server_msg_sent_total{" + labels + "1\n"));
  EXPECT_THAT(metrics, HasSubstr("{grpc_code=\"OK\"," + labels + "1\n"));
  EXPECT_THAT(metrics, HasSubstr("{grpc_code=\"InvalidArgument\"," + labels + "1\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("etcd_network_client_grpc_received_bytes_total 0\n")));
}

TEST_F(NetServicesTest, WhoDrainsIsNotReadyAndEndsWhenNobodyIsLeft) {
  Open();
  http::testing::RawClient& idle = Connect(Surface::kAll);
  OnClient([&] { idle.SendPreface(); });
  member_.RunFor(milliseconds(100));
  bool drained = false;
  member_.net_loop().Post([&] { services_->Drain([&drained] { drained = true; }); });
  ASSERT_TRUE(member_.RunUntil([&] { return drained; }));
  const std::string ready = Ask(Surface::kMetrics, "GET /readyz");
  EXPECT_THAT(ready, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(ready, HasSubstr("the member is stopping"));
  EXPECT_THAT(Ask(Surface::kMetrics, "GET /livez"), StartsWith("HTTP/1.1 200"));
}

TEST_F(NetServicesTest, WhoseDiskStandsStillIsNotReadyAndSaysSoAtOnce) {
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kPut, Put("a", "1")).ok());
  member_.SetLogStalled(true);
  std::shared_ptr<v3::testing::Answer<etcdserverpb::PutResponse>> put;
  OnClient([&] { put = clients_.back()->Start(v3::testing::kPut, Put("a", "2")); });
  ASSERT_TRUE(member_.RunUntil([this] { return member_.server().progress().log_stalls.load(); }));
  member_.SetRaftPaused(true);  // a linearizable read would wait
  const runtime::TimePoint begin = member_.scheduler().clock().Now();
  const std::string ready = Ask(Surface::kMetrics, "GET /readyz");
  EXPECT_LE(member_.scheduler().clock().Now() - begin, seconds(1));
  EXPECT_THAT(ready, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(ready, HasSubstr("[-]log_write failed: the disk of the log stands still"));
  member_.SetRaftPaused(false);
  member_.SetLogStalled(false);
  ASSERT_TRUE(member_.RunUntil([this] { return !member_.server().progress().log_stalls; }));
  EXPECT_TRUE(put->ok());
  EXPECT_THAT(Ask(Surface::kMetrics, "GET /readyz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(NetServicesTest, WhoDrainsWaitsForCallsUnderWay) {
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kPut, Put("a", "1")).ok());
  member_.SetRaftPaused(true);
  std::shared_ptr<v3::testing::Answer<etcdserverpb::PutResponse>> put;
  OnClient([&] { put = clients_.back()->Start(v3::testing::kPut, Put("a", "2")); });
  member_.RunFor(milliseconds(100));
  bool drained = false;
  member_.net_loop().Post([&] { services_->Drain([&drained] { drained = true; }); });
  member_.RunFor(seconds(1));
  EXPECT_FALSE(drained);
  member_.SetRaftPaused(false);
  ASSERT_TRUE(member_.RunUntil([&] { return drained; }));
  EXPECT_TRUE(put->ok());
}

TEST_F(NetServicesTest, OfWhatIsClosedNothingIsCountedAnyMore) {
  Open();
  ASSERT_TRUE(Call(Surface::kAll, v3::testing::kRange, Get("a")).ok());
  services_->Close();
  EXPECT_THAT(registry_.Scrape(), Not(HasSubstr("grpc_method=\"Range\"")));
}

TEST_F(NetServicesTest, ATlsListenerTakesItsCertificateWhenAConnectionComes) {
  Open();
  EXPECT_EQ(
      services_->ListeningOf({.address = {}, .surface = Surface::kAll, .plaintext = true}).tls,
      nullptr);
  const auto both = services_->ListeningOf(
      {.address = {}, .surface = Surface::kAll, .plaintext = true, .tls = true});
  EXPECT_NE(both.tls, nullptr);
  EXPECT_TRUE(both.plaintext_too);
  EXPECT_FALSE(
      services_->ListeningOf({.address = {}, .surface = Surface::kAll, .tls = true}).plaintext_too);
  EXPECT_FALSE(services_->ListeningOf({.address = {}, .surface = Surface::kGrpc}).protocols.http1);
  EXPECT_TRUE(services_->ListeningOf({.address = {}, .surface = Surface::kHttp}).protocols.http1);
}

}  // namespace
}  // namespace app
