#include "dump/proto_text.h"

#include <gtest/gtest.h>

#include "base/wire.h"
#include "proto/raft_internal.pb.h"

namespace dump {
namespace {

TEST(ProtoTextTest, FieldsAreInTheOrderOfTheirDeclaration) {
  etcdserverpb::InternalRaftRequest request;
  request.mutable_put()->set_value("v");
  request.mutable_put()->set_key("k");
  request.mutable_header()->set_id(7);
  EXPECT_EQ(ProtoText(request), R"(header:{ID:7} put:{key:"k" value:"v"})");
}

TEST(ProtoTextTest, EmptyMessagesAndZerosOfAChoiceAreShown) {
  etcdserverpb::InternalRaftRequest request;
  EXPECT_EQ(ProtoText(request), "");
  request.mutable_auth_enable();
  EXPECT_EQ(ProtoText(request), "auth_enable:{}");
  etcdserverpb::Compare compare;
  compare.set_target(etcdserverpb::Compare::MOD);
  compare.set_mod_revision(0);
  EXPECT_EQ(ProtoText(compare), "target:MOD mod_revision:0");
}

TEST(ProtoTextTest, RepeatedFieldsHaveTheirNameEachTime) {
  etcdserverpb::InternalRaftRequest request;
  auto* const txn = request.mutable_txn();
  txn->add_success()->mutable_request_delete_range()->set_key("a");
  txn->add_success()->mutable_request_put();
  txn->add_failure();
  EXPECT_EQ(
      ProtoText(request),
      R"(txn:{success:{request_delete_range:{key:"a"}} success:{request_put:{}} failure:{}})");
  etcdserverpb::ExtensionsSetRequest extensions;
  extensions.add_names("x");
  extensions.add_member_ids(3);
  extensions.add_member_ids(4);
  EXPECT_EQ(ProtoText(extensions), R"(names:"x" member_ids:3 member_ids:4)");
}

TEST(ProtoTextTest, ValuesAreThoseOfGo) {
  etcdserverpb::RangeRequest range;
  range.set_limit(-5);
  range.set_sort_order(etcdserverpb::RangeRequest::ASCEND);
  range.set_sort_target(static_cast<etcdserverpb::RangeRequest::SortTarget>(9));
  range.set_keys_only(true);
  EXPECT_EQ(ProtoText(range), "limit:-5 sort_order:ASCEND sort_target:9 keys_only:true");
}

TEST(ProtoTextTest, WhatIsNotKnownIsShownByItsNumber) {
  base::Bytes bytes;
  base::WireWriter writer(&bytes);
  writer.Varint(77, 5);
  writer.Bytes(78, "b\n");
  bytes += std::string("\xfd\x04", 2) + std::string("\x0f\0\0\0", 4);  // field 79, 32 bits
  etcdserverpb::RangeRequest range;
  ASSERT_TRUE(range.ParseFromString(bytes));
  EXPECT_EQ(ProtoText(range), "77:5 78:\"b\\n\" 79:0xf");
}

TEST(ProtoTextTest, StringsAreEscapedAsGoDoes) {
  EXPECT_EQ(ProtoString("plain ~"), "\"plain ~\"");
  EXPECT_EQ(ProtoString("\"\\\n\r\t"), R"("\"\\\n\r\t")");
  EXPECT_EQ(ProtoString(std::string("\0\x1f\x7f\xff", 4)), R"("\x00\x1f\x7f\xff")");
  EXPECT_EQ(ProtoString("\xc2\x85\xc3\xa4\xe2\x82\xac"), "\"\\u0085\xc3\xa4\xe2\x82\xac\"");
}

}  // namespace
}  // namespace dump
