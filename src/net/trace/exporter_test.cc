#include "net/trace/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/server.h"
#include "observe/testing/memory_sink.h"
#include "proto/otlp_collector.pb.h"

namespace trace {
namespace {

using http::testing::World;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using Response = opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;

constexpr size_t kSpanBytes = 100;

// A collector's two doors.
class Doors final : public http::Service {
 public:
  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    return table->OnRequest(exchange);
  }
  std::unique_ptr<rpc::Server> table;
};

class ExporterTest : public ::testing::Test {
 protected:
  ExporterTest() {
    doors_.table =
        std::make_unique<rpc::Server>(&world_.server_loop(), &plain_, rpc::MessageLimits{});
    doors_.table->AddUnary("opentelemetry.proto.collector.trace.v1.TraceService", "Export",
                           [this](auto call, base::ByteView request) {
                             ++requests_;
                             if (hangs_) return held_.push_back(std::move(call));
                             if (!status_.ok()) return call->Finish(status_);
                             Keep(request);
                             call->Reply(rpc::Message(response_));
                           });
    plain_.Handle("/v1/traces",
                  [this](const http::PlainRequest& request, http::Responder responder) {
                    ++requests_;
                    if (hangs_) return held_by_http_.push_back(std::move(responder));
                    type_ = request.head.Get("content-type");
                    if (http_status_ == 200) Keep(request.body);
                    http::PlainResponse response;
                    response.status = http_status_;
                    response.body = response_;
                    responder.Send(std::move(response));
                  });
  }
  ~ExporterTest() override {
    world_.Do([&] { exporter_.reset(); });
    EXPECT_EQ(room_.bytes(), 0u);
    held_.clear();
    held_by_http_.clear();
    world_.DestroyServer();
    doors_.table.reset();
  }

  CollectorParts Parts(const runtime::Address& address = World::kAddress) {
    return {.loop = &world_.client_loop(), .network = &world_.client_network(), .address = address};
  }
  void Open(std::unique_ptr<Collector> (*make)(ExporterTest*)) {
    world_.Do([&] {
      exporter_ = std::make_unique<Exporter>(
          Exporter::Options{.resource = {{"service.name", "store"}}},
          Exporter::Parts{&world_.client_loop(), &room_, &logger_, &registry_}, make(this));
    });
  }
  void OpenGrpc() {
    Open([](ExporterTest* test) { return NewGrpcCollector(test->Parts()); });
  }
  void OpenHttp() {
    Open([](ExporterTest* test) { return NewHttpCollector(test->Parts(), "/v1/traces", nullptr); });
  }

  void Take(const std::vector<std::string>& names) {
    Batch batch;
    for (const std::string& name : names) {
      if (!room_.Take(kSpanBytes)) continue;
      batch.spans.emplace_back().name = name;
      batch.bytes += kSpanBytes;
    }
    if (!batch.spans.empty()) exporter_->Take(std::move(batch));
  }
  void Keep(base::ByteView bytes) {
    Request request;
    ASSERT_TRUE(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    for (const auto& span : request.resource_spans(0).scope_spans(0).spans()) {
      names_ += span.name() + " ";
    }
    last_ = request;
  }
  double Metric(const std::string& series) {
    const std::string text = registry_.Scrape();
    const size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  size_t LinesWith(const std::string& text) {
    size_t count = 0;
    for (const std::string& line : sink_.lines()) count += line.find(text) != std::string::npos;
    return count;
  }

  http::PlainService plain_{1 << 20};
  Doors doors_;
  World world_{&doors_};
  SpanRoom room_{10 * kSpanBytes};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&world_.client_loop().clock(), &sink_, {}};
  observe::Registry registry_;
  std::unique_ptr<Exporter> exporter_;
  // What the collector says.
  base::Status status_;
  base::Bytes response_;
  int http_status_ = 200;
  bool hangs_ = false;
  // And what it has got.
  int requests_ = 0;
  std::string names_;
  std::string type_;
  Request last_;
  std::vector<std::shared_ptr<rpc::ServerCall>> held_;
  std::vector<http::Responder> held_by_http_;
};

constexpr char kExported[] = "cornerstore_trace_spans_exported_total";
constexpr char kRefused[] = R"(cornerstore_trace_spans_dropped_total{reason="refused"})";
constexpr char kFull[] = R"(cornerstore_trace_spans_dropped_total{reason="queue_full"})";

TEST_F(ExporterTest, SendsBatchesInTheirOrder) {
  OpenGrpc();
  Take({"a", "b"});
  Take({"c"});
  world_.Settle();
  EXPECT_EQ(names_, "a b c ");
  EXPECT_EQ(requests_, 2);
  const auto& resource = last_.resource_spans(0).resource();
  ASSERT_EQ(resource.attributes_size(), 1);
  EXPECT_EQ(resource.attributes(0).value().string_value(), "store");
  EXPECT_EQ(Metric(kExported), 3);
  EXPECT_EQ(room_.bytes(), 0u);
}

TEST_F(ExporterTest, PostsToThePath) {
  OpenHttp();
  Take({"a", "b"});
  world_.Settle();
  EXPECT_EQ(names_, "a b ");
  EXPECT_EQ(type_, "application/x-protobuf");
}

TEST_F(ExporterTest, ACollectorThatIsAwayGetsAllLater) {
  for (const bool by_http : {false, true}) {
    names_.clear();
    world_.Do([&] { exporter_.reset(); });
    by_http ? OpenHttp() : OpenGrpc();
    world_.wires().Cut("client", "server");
    Take({"a"});
    Take({"b"});
    world_.RunFor(minutes(1));
    EXPECT_EQ(names_, "");
    EXPECT_GT(LinesWith("failed to send traces"), 0u);
    world_.wires().JoinAll();
    world_.RunFor(minutes(1));
    EXPECT_EQ(names_, "a b ");
    EXPECT_GT(LinesWith("traces are sent again"), 0u);
  }
}

TEST_F(ExporterTest, ItIsTriedLessAndLessOften) {
  OpenGrpc();
  status_ = {base::Code::kUnavailable, "later"};
  Take({"a"});
  world_.RunFor(minutes(10));
  EXPECT_GT(requests_, 15);
  EXPECT_LT(requests_, 40);
  EXPECT_LE(LinesWith("failed to send traces"), 11u);
  status_ = {};
  world_.RunFor(seconds(40));
  EXPECT_EQ(names_, "a ");
}

TEST_F(ExporterTest, ABatchThatIsRefusedIsDropped) {
  OpenGrpc();
  status_ = {base::Code::kInvalidArgument, "not like this"};
  Take({"a", "b"});
  world_.Settle();
  status_ = {};
  Take({"c"});
  world_.Settle();
  EXPECT_EQ(names_, "c ");
  EXPECT_EQ(Metric(kRefused), 2);
  EXPECT_EQ(LinesWith("traces were refused by the collector\",\"error\":\"not like this"), 1u);
}

TEST_F(ExporterTest, StatusesOfHttpSayWhetherToTryAgain) {
  OpenHttp();
  http_status_ = 503;
  Take({"a"});
  world_.Settle();
  http_status_ = 200;
  world_.RunFor(seconds(5));
  EXPECT_EQ(names_, "a ");
  http_status_ = 404;
  Take({"b"});
  world_.Settle();
  EXPECT_EQ(Metric(kRefused), 1);
  EXPECT_EQ(room_.bytes(), 0u);
}

TEST_F(ExporterTest, SpansThatWereRefusedOfABatchAreCounted) {
  Response response;
  response.mutable_partial_success()->set_rejected_spans(2);
  response.mutable_partial_success()->set_error_message("too old");
  response_ = response.SerializeAsString();
  OpenGrpc();
  Take({"a", "b", "c"});
  world_.Settle();
  EXPECT_EQ(Metric(kExported), 1);
  EXPECT_EQ(Metric(kRefused), 2);
  EXPECT_EQ(LinesWith("too old"), 1u);
}

TEST_F(ExporterTest, WhatDoesNotFitIsDroppedAndTold) {
  OpenGrpc();
  world_.wires().Cut("client", "server");
  for (int i = 0; i < 15; ++i) Take({"x"});
  world_.RunFor(minutes(2));
  EXPECT_EQ(Metric(kFull), 5);
  EXPECT_EQ(LinesWith("spans of traces were dropped"), 1u);
  world_.wires().JoinAll();
  world_.RunFor(minutes(2));
  EXPECT_EQ(Metric(kExported), 10);
}

TEST_F(ExporterTest, NobodyWaitsForOneThatDoesNotAnswer) {
  OpenGrpc();
  hangs_ = true;
  Take({"a"});
  world_.RunFor(seconds(11));
  EXPECT_EQ(LinesWith("failed to send traces"), 1u);
  hangs_ = false;
  world_.RunFor(seconds(40));
  EXPECT_EQ(names_, "a ");
}

TEST_F(ExporterTest, ACollectorThatIsDestroyedTellsNothing) {
  hangs_ = true;
  for (const bool by_http : {false, true}) {
    std::unique_ptr<Collector> collector;
    int told = 0;
    world_.Do([&] {
      collector =
          by_http ? NewHttpCollector(Parts(), "/v1/traces", nullptr) : NewGrpcCollector(Parts());
      collector->Send("request", [&](const Collector::Outcome&) { ++told; });
    });
    world_.RunFor(seconds(1));
    world_.Do([&] { collector.reset(); });
    EXPECT_EQ(told, 0) << (by_http ? "by HTTP" : "by gRPC");
  }
  EXPECT_EQ(requests_, 2);
}

TEST_F(ExporterTest, ItEndsWhileACollectorDoesNotAnswer) {
  hangs_ = true;
  for (const bool by_http : {false, true}) {
    by_http ? OpenHttp() : OpenGrpc();
    Take({"a"});
    world_.RunFor(seconds(1));
    world_.Do([&] { exporter_.reset(); });
    EXPECT_EQ(room_.bytes(), 0u);
  }
  EXPECT_EQ(requests_, 2);
  EXPECT_EQ(LinesWith("failed to send traces"), 0u);
}

TEST_F(ExporterTest, ADrainSendsWhatIsThere) {
  OpenGrpc();
  bool is_drained = false;
  Take({"a"});
  Take({"b"});
  world_.Do([&] { exporter_->Drain([&] { is_drained = true; }); });
  world_.Settle();
  EXPECT_TRUE(is_drained);
  EXPECT_EQ(names_, "a b ");
}

TEST_F(ExporterTest, ADrainOfNothingIsDoneAtOnce) {
  OpenGrpc();
  bool is_drained = false;
  world_.Do([&] { exporter_->Drain([&] { is_drained = true; }); });
  EXPECT_TRUE(is_drained);
}

TEST_F(ExporterTest, ADrainGivesUpACollectorThatIsAway) {
  OpenGrpc();
  status_ = {base::Code::kUnavailable, "later"};
  Take({"a"});
  world_.RunFor(minutes(1));
  const int before = requests_;
  bool is_drained = false;
  world_.Do([&] { exporter_->Drain([&] { is_drained = true; }); });
  world_.Settle();
  EXPECT_TRUE(is_drained);
  EXPECT_EQ(requests_, before + 1) << "it is asked once more";
}

}  // namespace
}  // namespace trace
