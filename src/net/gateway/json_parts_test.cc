#include "net/gateway/json_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/wire.h"
#include "net/gateway/transcoder.h"
#include "proto/rpc.pb.h"

namespace gateway {
namespace {

using etcdserverpb::TxnResponse;

// An answer with all that there is: messages within messages, lists, long bytes, what is zero.
TxnResponse Answer() {
  TxnResponse txn;
  txn.mutable_header()->set_revision(7);
  txn.set_succeeded(true);
  txn.add_responses()->mutable_response_put();
  auto* const range = txn.add_responses()->mutable_response_range();
  for (size_t size : {0, 1, 2, 3, 4, 5, 300, 301, 302}) {
    auto* const pair = range->add_kvs();
    pair->set_key("key" + std::to_string(size));
    pair->set_mod_revision(int64_t{1} << 40);
    pair->set_value(std::string(size, static_cast<char>(size)));
    pair->set_lease(-1);
  }
  range->set_more(true);
  range->set_count(9);
  return txn;
}

// Told in parts of that many bytes.
base::Result<base::Bytes> InParts(const google::protobuf::Descriptor* type, base::ByteView bytes,
                                  size_t announced, size_t part) {
  JsonParts parts(type, announced);
  base::Bytes json;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(part, bytes.size()))) {
    RETURN_IF_ERROR(parts.Add(bytes.substr(0, part), &json));
  }
  if (!parts.done()) return base::Status(base::Code::kInternal, "not done");
  return json;
}

TEST(JsonPartsTest, HoweverAMessageComesItIsTheSame) {
  const std::string bytes = Answer().SerializeAsString();
  const auto* const type = TxnResponse::descriptor();
  const base::Bytes whole = ToJson(*type, bytes).value();
  EXPECT_TRUE(whole.starts_with(
      R"({"header":{"revision":"7"},"succeeded":true,"responses":[{"response_put":{}},)"
      R"({"response_range":{"kvs":[{"key":"a2V5MA==","mod_revision":"1099511627776","lease":"-1"},)"
      R"({"key":"a2V5MQ==","mod_revision":"1099511627776","value":"AQ==","lease":"-1"},)"))
      << whole;
  EXPECT_TRUE(whole.ends_with(R"(}],"more":true,"count":"9"}}]})")) << whole;
  for (size_t part = 1; part <= bytes.size(); ++part) {
    EXPECT_EQ(InParts(type, bytes, bytes.size(), part).value(), whole) << part;
  }
}

TEST(JsonPartsTest, NoMoreThanAFieldsBeginningWaitsToBeTold) {
  etcdserverpb::RangeResponse response;
  response.add_kvs()->set_value(std::string(30'000, 'v'));
  const std::string bytes = response.SerializeAsString();
  JsonParts parts(etcdserverpb::RangeResponse::descriptor(), bytes.size());
  size_t told = 0;
  for (size_t at = 0; at < bytes.size(); at += 1000) {
    base::Bytes json;
    ASSERT_TRUE(parts.Add(base::ByteView(bytes).substr(at, 1000), &json).ok());
    told += json.size();
    EXPECT_GE(told + 40, std::min(at + 1000, bytes.size()) * 4 / 3);
  }
  EXPECT_TRUE(parts.done());
}

TEST(JsonPartsTest, WhatIsUnknownIsPassedOver) {
  base::Bytes bytes;
  base::WireWriter writer(&bytes);
  writer.Varint(900, 7);
  writer.Bytes(901, std::string(1000, 'u'));
  bytes += base::Bytes("\x0d\1\2\3\4", 5);  // field 1, fixed32
  writer.Bytes(etcdserverpb::RangeRequest::kKeyFieldNumber, "a");
  writer.Bytes(902, "");
  for (const size_t part : {size_t{1}, size_t{7}, bytes.size()}) {
    EXPECT_EQ(InParts(etcdserverpb::RangeRequest::descriptor(), bytes, bytes.size(), part).value(),
              R"({"key":"YQ=="})");
  }
}

TEST(JsonPartsTest, WhatIsNoSuchMessageIsRefused) {
  const auto* const type = TxnResponse::descriptor();
  const std::string bytes = Answer().SerializeAsString();
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(InParts(type, bytes.substr(0, size), bytes.size(), size).ok()) << size;
  }
  EXPECT_FALSE(InParts(type, bytes + bytes, bytes.size(), 100).ok()) << "more than announced";
  EXPECT_FALSE(ToJson(*type, "\x0b").ok()) << "a group";
  EXPECT_FALSE(ToJson(*type, base::ByteView("\x10\1\x0a\0", 4)).ok())
      << "succeeded before the header";
  EXPECT_FALSE(ToJson(*type, "\x10\1\x10\1").ok()) << "twice";
  EXPECT_FALSE(ToJson(*type, std::string(11, '\xff')).ok());
}

}  // namespace
}  // namespace gateway
