#include "client/range_view.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/rpc.pb.h"

namespace client {
namespace {

// The view lasts as long as the bytes.
bool Read(const std::string& bytes, RangeView* view) {
  return view->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

TEST(RangeViewTest, EverythingIsReadAndNothingIsCopied) {
  etcdserverpb::RangeStreamResponse message;
  etcdserverpb::RangeResponse& range = *message.mutable_range_response();
  range.mutable_header()->set_cluster_id(1);
  range.mutable_header()->set_member_id(2);
  range.mutable_header()->set_revision(3);
  range.mutable_header()->set_raft_term(4);
  for (int i = 0; i < 3; ++i) {
    mvccpb::KeyValue& kv = *range.add_kvs();
    kv.set_key("key" + std::to_string(i));
    kv.set_create_revision(10 + i);
    kv.set_mod_revision(20 + i);
    kv.set_version(30 + i);
    kv.set_value(std::string(100, 'v'));
    kv.set_lease(-40 - i);
  }
  range.set_more(true);
  range.set_count(7);
  const std::string bytes = message.SerializeAsString();
  RangeView view;
  ASSERT_TRUE(Read(bytes, &view));
  EXPECT_EQ(view.header, (etcd::ResponseHeader{1, 2, 3, 4}));
  ASSERT_EQ(view.kvs.size(), 3u);
  EXPECT_EQ(view.kvs[2].key, "key2");
  EXPECT_EQ(view.kvs[2].create_revision, 12);
  EXPECT_EQ(view.kvs[2].mod_revision, 22);
  EXPECT_EQ(view.kvs[2].version, 32);
  EXPECT_EQ(view.kvs[2].value, std::string(100, 'v'));
  EXPECT_EQ(view.kvs[2].lease, -42);
  EXPECT_GE(view.kvs[2].value.data(), bytes.data());
  EXPECT_LT(view.kvs[2].value.data(), bytes.data() + bytes.size());
  EXPECT_TRUE(view.more);
  EXPECT_EQ(view.count, 7);
}

TEST(RangeViewTest, NothingIsAnEmptyPart) {
  RangeView view;
  ASSERT_TRUE(Read("", &view));
  EXPECT_TRUE(view.kvs.empty());
  EXPECT_EQ(view.header, etcd::ResponseHeader{});
}

TEST(RangeViewTest, WhatALaterVersionMayAddIsPassedOver) {
  // Fields 9 of the message, of the answer and of its one pair.
  const std::string bytes = "\x48\x01\x0a\x09\x48\x01\x12\x05\x48\x01\x0a\x01k";
  RangeView view;
  ASSERT_TRUE(Read(bytes, &view));
  ASSERT_EQ(view.kvs.size(), 1u);
  EXPECT_EQ(view.kvs[0].key, "k");
}

TEST(RangeViewTest, WhatIsCutOffIsRefused) {
  etcdserverpb::RangeStreamResponse message;
  message.mutable_range_response()->mutable_header()->set_revision(300);
  message.mutable_range_response()->add_kvs()->set_key("key");
  const std::string bytes = message.SerializeAsString();
  for (size_t size = 1; size < bytes.size(); ++size) {
    RangeView view;
    EXPECT_FALSE(Read(bytes.substr(0, size), &view)) << size;
  }
}

TEST(RangeViewTest, AnAnswerHasAView) {
  const etcd::GetResponse response{
      .header = {1, 2, 3, 4}, .kvs = {{"k", 1, 2, 3, "v", 4}}, .more = true, .count = 5};
  const RangeView view = ViewOf(response);
  EXPECT_EQ(view.header, response.header);
  ASSERT_EQ(view.kvs.size(), 1u);
  EXPECT_EQ(view.kvs[0].key.data(), response.kvs[0].key.data());
  EXPECT_EQ(view.kvs[0].lease, 4);
  EXPECT_TRUE(view.more);
  EXPECT_EQ(view.count, 5);
}

}  // namespace
}  // namespace client
