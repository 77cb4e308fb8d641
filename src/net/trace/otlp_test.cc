#include "net/trace/otlp.h"

#include <gtest/gtest.h>

#include "proto/otlp_collector.pb.h"

namespace trace {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using OtlpSpan = opentelemetry::proto::trace::v1::Span;

OtlpSpan Encoded(Span span) {
  Batch batch;
  batch.spans.push_back(std::move(span));
  ExportTraceServiceRequest request;
  EXPECT_TRUE(request.ParseFromString(EncodeBatch({}, batch)));
  return request.resource_spans(0).scope_spans(0).spans(0);
}

TEST(OtlpTest, EachPartOfASpanHasItsPlace) {
  Span span;
  span.trace = {1, 2};
  span.id = {3};
  span.parent = {4};
  span.parent_is_remote = true;
  span.flags = kSampledFlag;
  span.kind = Span::Kind::kServer;
  span.state = "a=b";
  span.name = "name";
  span.begin_unix_nanos = 5;
  span.end_unix_nanos = 7;
  span.attributes = {{"text", std::string("x")}, {"number", int64_t{-1}}, {"flag", true}};
  span.events = {{6, "moment"}};
  span.failed = true;
  span.failure = "why";
  const OtlpSpan out = Encoded(span);
  EXPECT_EQ(out.trace_id(), std::string("\1\2") + std::string(14, '\0'));
  EXPECT_EQ(out.span_id(), std::string("\3") + std::string(7, '\0'));
  EXPECT_EQ(out.parent_span_id(), std::string("\4") + std::string(7, '\0'));
  EXPECT_EQ(out.flags(), 0x301u);
  EXPECT_EQ(out.kind(), OtlpSpan::SPAN_KIND_SERVER);
  EXPECT_EQ(out.trace_state(), "a=b");
  EXPECT_EQ(out.name(), "name");
  EXPECT_EQ(out.start_time_unix_nano(), 5u);
  EXPECT_EQ(out.end_time_unix_nano(), 7u);
  ASSERT_EQ(out.attributes_size(), 3);
  EXPECT_EQ(out.attributes(0).value().string_value(), "x");
  EXPECT_EQ(out.attributes(1).value().int_value(), -1);
  EXPECT_TRUE(out.attributes(2).value().bool_value());
  ASSERT_EQ(out.events_size(), 1);
  EXPECT_EQ(out.events(0).name(), "moment");
  EXPECT_EQ(out.status().code(), opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_EQ(out.status().message(), "why");
}

TEST(OtlpTest, WhatIsNotThereIsEmpty) {
  const OtlpSpan out = Encoded(Span());
  EXPECT_EQ(out.parent_span_id(), "");
  EXPECT_EQ(out.kind(), OtlpSpan::SPAN_KIND_INTERNAL);
  EXPECT_EQ(out.status().code(), opentelemetry::proto::trace::v1::Status::STATUS_CODE_UNSET);
  EXPECT_EQ(out.flags(), 0x100u);
}

TEST(OtlpTest, BytesThatAreNoUtf8AreReplaced) {
  Span span;
  span.attributes = {{"key", std::string("a\xff\xfe b\xc3\xa4")}};
  EXPECT_EQ(Encoded(span).attributes(0).value().string_value(),
            "a\xEF\xBF\xBD\xEF\xBF\xBD b\xc3\xa4");
}

TEST(OtlpTest, ACollectorsAnswerIsBelievedWithinReason) {
  ExportTraceServiceResponse response;
  EXPECT_EQ(ReadTaken("", 5).rejected, 0u);
  EXPECT_EQ(ReadTaken("\xff\xff\xff", 5).rejected, 0u);
  response.mutable_partial_success()->set_rejected_spans(3);
  response.mutable_partial_success()->set_error_message(std::string(10'000, 'x'));
  EXPECT_EQ(ReadTaken(response.SerializeAsString(), 5).rejected, 3u);
  EXPECT_LE(ReadTaken(response.SerializeAsString(), 5).why.size(), 256u);
  response.mutable_partial_success()->set_rejected_spans(100);
  EXPECT_EQ(ReadTaken(response.SerializeAsString(), 5).rejected, 5u);
  response.mutable_partial_success()->set_rejected_spans(-1);
  EXPECT_EQ(ReadTaken(response.SerializeAsString(), 5).rejected, 0u);
}

}  // namespace
}  // namespace trace
