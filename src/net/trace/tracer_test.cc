#include "net/trace/tracer.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/channel.h"
#include "net/rpc/server.h"

namespace trace {
namespace {

using http::testing::World;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kTraceText[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpanText[] = "b7ad6b7169203331";

std::string Parent(const char* flags) {
  return std::string("00-") + kTraceText + "-" + kSpanText + "-" + flags;
}

std::string TextOf(const rpc::SpanAttributes& attributes, std::string_view key) {
  for (const auto& [name, value] : attributes) {
    if (name == key && std::holds_alternative<std::string>(value)) {
      return std::get<std::string>(value);
    }
  }
  return "none";
}

class LateService final : public http::Service {
 public:
  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    return table->OnRequest(exchange);
  }
  std::unique_ptr<rpc::Server> table;
};

// Never answers, and begins a span for each message.
class SpanPerMessage final : public rpc::CallHandler {
 public:
  explicit SpanPerMessage(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {}
  void OnMessage(base::ByteView message) override {
    if (call_->trace() == nullptr) return;
    if (message == "end") {
      call_->trace()->End(last_);
      call_->trace()->End(last_);  // nothing more happens
      return;
    }
    last_ = call_->trace()->Begin("below", {{"text", std::string(message)}});
    call_->trace()->AddEvent("moment");
  }
  void OnHalfClose() override { call_->Finish({}); }

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
  uint32_t last_ = 0;
};

class IgnoringClient final : public rpc::ClientHandler {
 public:
  void OnMessage(base::ByteView) override {}
  void OnFinished(const base::Status&, const http::Headers&) override {}
};

// A server whose calls are traced, and a client of it.
class TracerTest : public ::testing::Test {
 protected:
  ~TracerTest() override {
    world_.Do([&] { channel_.reset(); });
    world_.DestroyServer();
    service_.table.reset();
    tracer_.reset();
    EXPECT_EQ(room_.bytes(), BytesOf(batches_));
  }

  void Open(int64_t per_million, size_t batch_spans = 512) {
    service_.table =
        std::make_unique<rpc::Server>(&world_.server_loop(), &plain_, rpc::MessageLimits{});
    service_.table->AddUnary("a.B", "Unary", [this](auto call, base::ByteView request) {
      if (call->trace() != nullptr) {
        call->trace()->Begin("work", {{"size", int64_t(request.size())}, {"flag", true}});
        call->trace()->AddEvent("first");
      }
      call->Finish(status_);
      EXPECT_EQ(call->trace(), nullptr);
    });
    service_.table->AddStreaming("a.B", "Stream", rpc::Kind::kBidiStreaming, [](auto call) {
      return std::make_unique<SpanPerMessage>(std::move(call));
    });
    tracer_ = std::make_unique<Tracer>(Tracer::Options{.sampler = Sampler(per_million),
                                                       .seed = 1,
                                                       .batch_spans = batch_spans,
                                                       .open_bytes_max = 30'000},
                                       &world_.server_loop(), &room_, [this](Batch batch) {
                                         batches_.push_back(std::move(batch));
                                       });
    service_.table->SetTracer(tracer_.get());
    world_.Do([&] {
      rpc::Channel::Options options;
      options.endpoints = {World::kAddress};
      channel_ = std::make_unique<rpc::Channel>(&world_.client_loop(), &world_.client_network(),
                                                std::move(options));
    });
  }

  void Call(const http::Headers& metadata = {}) {
    world_.Do([&] {
      rpc::ClientCall::Options options;
      options.metadata = metadata;
      channel_->CallUnary("/a.B/Unary", std::move(options), rpc::Message(base::ByteView("abc")),
                          [](const base::Status&, base::ByteView) {});
    });
    world_.Settle();
  }
  std::shared_ptr<rpc::ClientCall> Stream() {
    std::shared_ptr<rpc::ClientCall> call;
    world_.Do(
        [&] { call = channel_->Start("/a.B/Stream", {}, std::make_unique<IgnoringClient>()); });
    world_.Settle();
    return call;
  }
  void Send(rpc::ClientCall& call, base::ByteView text) {
    world_.Do([&] { call.Send(rpc::Message(text)); });
    world_.Settle();
  }

  // All that have left, in the order of their ends.
  std::vector<Span> Spans() {
    world_.DoAtServer([&] { tracer_->Flush(); });
    std::vector<Span> spans;
    for (const Batch& batch : batches_) {
      spans.insert(spans.end(), batch.spans.begin(), batch.spans.end());
    }
    return spans;
  }
  static size_t BytesOf(const std::vector<Batch>& batches) {
    size_t bytes = 0;
    for (const Batch& batch : batches) bytes += batch.bytes;
    return bytes;
  }

  base::Status status_;
  SpanRoom room_{100'000};
  http::PlainService plain_{1000};
  LateService service_;
  World world_{&service_};
  std::vector<Batch> batches_;
  std::unique_ptr<Tracer> tracer_;
  std::unique_ptr<rpc::Channel> channel_;
};

TEST_F(TracerTest, ACallHasASpanAndItsWorkOneBelow) {
  Open(1'000'000);
  Call();
  const auto spans = Spans();
  ASSERT_EQ(spans.size(), 2u);
  const Span& work = spans[0];
  const Span& call = spans[1];
  EXPECT_EQ(call.name, "a.B/Unary");
  EXPECT_EQ(call.kind, Span::Kind::kServer);
  EXPECT_EQ(call.parent, SpanId());
  EXPECT_EQ(call.flags, kSampledFlag);
  EXPECT_EQ(TextOf(call.attributes, "rpc.method"), "a.B/Unary");
  EXPECT_EQ(TextOf(call.attributes, "rpc.system.name"), "grpc");
  EXPECT_EQ(TextOf(call.attributes, "server.address"), World::kAddress.host);
  EXPECT_EQ(TextOf(call.attributes, "rpc.response.status_code"), "OK");
  EXPECT_FALSE(call.failed);
  EXPECT_EQ(work.name, "work");
  EXPECT_EQ(work.kind, Span::Kind::kInternal);
  EXPECT_EQ(work.parent, call.id);
  EXPECT_EQ(work.trace, call.trace);
  EXPECT_NE(work.id, call.id);
  ASSERT_EQ(work.events.size(), 1u);
  EXPECT_EQ(work.events[0].name, "first");
}

TEST_F(TracerTest, ASampledParentIsContinued) {
  Open(0);
  Call();
  Call({{"traceparent", Parent("00")}});
  Call({{"traceparent", "00-nonsense"}});
  Call({{"traceparent", Parent("03")}, {"tracestate", "a=b"}});
  const auto spans = Spans();
  ASSERT_EQ(spans.size(), 2u);
  const TraceContext parent = *ParseTraceparent(Parent("01"));
  EXPECT_EQ(spans[1].trace, parent.trace);
  EXPECT_EQ(spans[1].parent, parent.span);
  EXPECT_TRUE(spans[1].parent_is_remote);
  EXPECT_EQ(spans[1].flags, kSampledFlag | kRandomFlag);
  EXPECT_EQ(spans[0].state, "a=b");
  EXPECT_FALSE(spans[0].parent_is_remote);
}

TEST_F(TracerTest, AnUnsampledParentIsNot) {
  Open(1'000'000);
  Call({{"traceparent", Parent("00")}});
  EXPECT_TRUE(Spans().empty());
}

TEST_F(TracerTest, OnlyTheServersFaultsAreFailures) {
  Open(1'000'000);
  status_ = {base::Code::kNotFound, "there is none"};
  Call();
  status_ = {base::Code::kUnavailable, "no leader"};
  Call();
  const auto spans = Spans();
  ASSERT_EQ(spans.size(), 4u);
  EXPECT_EQ(TextOf(spans[1].attributes, "rpc.response.status_code"), "NOT_FOUND");
  EXPECT_FALSE(spans[1].failed);
  EXPECT_TRUE(spans[3].failed);
  EXPECT_EQ(spans[3].failure, "no leader");
}

TEST_F(TracerTest, SpansOfAStreamEndByThemselvesOrWithIt) {
  Open(1'000'000);
  const auto call = Stream();
  Send(*call, "one");
  Send(*call, "two");
  Send(*call, "end");
  ASSERT_EQ(Spans().size(), 1u);
  EXPECT_EQ(TextOf(Spans()[0].attributes, "text"), "two");
  world_.RunFor(seconds(1));
  world_.Do([&] { call->Cancel(); });
  world_.Settle();
  const auto spans = Spans();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(TextOf(spans[1].attributes, "text"), "one");
  EXPECT_GE(spans[1].end_unix_nanos - spans[1].begin_unix_nanos, 1'000'000'000);
  EXPECT_EQ(TextOf(spans[2].attributes, "rpc.response.status_code"), "CANCELLED");
}

TEST_F(TracerTest, AJumpOfTheWallsClockIsNoTime) {
  Open(1'000'000);
  const auto call = Stream();
  world_.scheduler().SetWallOffset(std::chrono::hours(-5));
  world_.Do([&] { call->HalfClose(); });
  world_.Settle();
  const auto spans = Spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_GT(spans[0].end_unix_nanos, spans[0].begin_unix_nanos);
}

TEST_F(TracerTest, LongTextsAreCut) {
  Open(1'000'000);
  const auto call = Stream();
  Send(*call, base::Bytes(50'000, 'x'));
  Send(*call, "end");
  EXPECT_EQ(TextOf(Spans()[0].attributes, "text").size(), Tracer::kTextBytesMax);
}

TEST_F(TracerTest, OfManyThatGoOnOnlyTheFirstAreKept) {
  Open(1'000'000);
  const auto call = Stream();
  world_.Do([&] {
    for (int i = 0; i < 200; ++i) call->Send(rpc::Message(base::ByteView("x")));
  });
  world_.RunFor(seconds(1));
  EXPECT_GT(room_.dropped(), 0u);
  const uint64_t dropped = room_.dropped();
  Call();  // has no room either
  EXPECT_EQ(room_.dropped(), dropped + 1);
  world_.Do([&] { call->Cancel(); });
  world_.Settle();
  EXPECT_EQ(Spans().size(), 201 - dropped);
  Call();
  EXPECT_EQ(Spans().size(), 203 - dropped) << "there is room again";
}

TEST_F(TracerTest, ABatchLeavesWhenItIsFullOrAfterAWhile) {
  Open(1'000'000, /*batch_spans=*/4);
  Call();
  EXPECT_TRUE(batches_.empty());
  Call();
  ASSERT_EQ(batches_.size(), 1u);
  EXPECT_EQ(batches_[0].spans.size(), 4u);
  Call();
  EXPECT_EQ(batches_.size(), 1u);
  world_.RunFor(seconds(5));
  EXPECT_EQ(batches_.size(), 2u);
}

TEST_F(TracerTest, WhatDoesNotFitIsDropped) {
  Open(1'000'000);
  for (int i = 0; i < 200; ++i) Call();
  EXPECT_GT(room_.dropped(), 0u);
  EXPECT_LE(room_.bytes(), 100'000u);
  EXPECT_EQ(Spans().size() + room_.dropped(), 400u);
}

}  // namespace
}  // namespace trace
