#include <etcd/usage.h>
#include <gtest/gtest.h>

#include <string>

#include "client/testing/concurrency_fixture.h"
#include "proto/usage.pb.h"

// What fills the store, as users are told.

namespace etcd {
namespace {

class UsageCallsTest : public client::testing::ConcurrencyFixture {
 protected:
  UsageCallsTest() {
    OnMember([this] {
      table_->AddUnary("usagepb.Usage", "Usage", [this](auto call, base::ByteView bytes) {
        asked_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        usagepb::UsageResponse answer;
        answer.mutable_header()->set_revision(7);
        usagepb::Group& group = *answer.add_groups();
        group.set_prefix(asked_.prefix() + "x/");
        group.set_keys(1);
        group.set_bytes(2);
        group.set_revisions(3);
        answer.add_groups()->set_keys(4);
        call->Reply(rpc::Message(answer.SerializeAsString()));
      });
    });
  }

  usagepb::UsageRequest asked_;
  Usage usage_{client_.get()};
};

TEST_F(UsageCallsTest, WhatIsAskedAndAnsweredIsToldAsItIs) {
  const std::string prefix("p\0\xff", 3);
  const auto answer = usage_.Of({.prefix = prefix, .delimiter = ".", .limit = 9});
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  OnMember([&] {
    EXPECT_EQ(asked_.prefix(), prefix);
    EXPECT_EQ(asked_.delimiter(), ".");
    EXPECT_EQ(asked_.limit(), 9u);
  });
  EXPECT_EQ(answer->header.revision, 7);
  ASSERT_EQ(answer->groups.size(), 2u);
  EXPECT_EQ(answer->groups[0].prefix, prefix + "x/");
  EXPECT_EQ(answer->groups[0].keys, 1);
  EXPECT_EQ(answer->groups[0].bytes, 2);
  EXPECT_EQ(answer->groups[0].revisions, 3);
  EXPECT_EQ(answer->groups[1].prefix, "");
  EXPECT_EQ(answer->groups[1].keys, 4);
  EXPECT_EQ(usage_.OfAsync({}).get()->groups[0].prefix, "x/");
}

}  // namespace
}  // namespace etcd
