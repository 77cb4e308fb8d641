#include <etcd/admission.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "client/testing/concurrency_fixture.h"
#include "proto/admission.pb.h"

// The calls about admission rules as users have them.

namespace etcd {
namespace {

namespace pb = admissionpb;
using std::chrono::milliseconds;

template <typename Message>
rpc::Message Answer(Message message) {
  message.mutable_header()->set_revision(7);
  return rpc::Message(message.SerializeAsString());
}

class AdmissionCallsTest : public client::testing::ConcurrencyFixture {
 protected:
  AdmissionCallsTest() {
    OnMember([this] {
      table_->AddUnary(kService, "RuleSet", [this](auto call, base::ByteView bytes) {
        pb::RuleSetRequest request;
        request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        rules_[request.rule().name()] = request.rule();
        call->Reply(Answer(pb::RuleSetResponse()));
      });
      table_->AddUnary(kService, "RuleDelete", [this](auto call, base::ByteView bytes) {
        pb::RuleDeleteRequest request;
        request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        if (rules_.erase(request.name()) > 0) return call->Reply(Answer(pb::RuleDeleteResponse()));
        call->Finish({base::Code::kResourceExhausted, "too early"},
                     {{"grpc-retry-pushback-ms", "300"}});
      });
      table_->AddUnary(kService, "RuleList", [this](auto call, base::ByteView) {
        pb::RuleListResponse answer;
        for (const auto& [name, rule] : rules_) *answer.add_rules() = rule;
        call->Reply(Answer(std::move(answer)));
      });
    });
  }

  static constexpr char kService[] = "admissionpb.Admission";
  std::map<std::string, pb::Rule> rules_;
  Admission admission_{client_.get()};
};

TEST_F(AdmissionCallsTest, ARuleIsSetListedAndDeletedAsItIs) {
  const AdmissionRule rule{"a.b", "ann", std::string("p\0", 2), 1, 2, milliseconds(3), 4};
  const auto set = admission_.RuleSet(rule);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_EQ(set->header.revision, 7);
  ASSERT_TRUE(admission_.RuleSetAsync({.name = "c"}).get().ok());
  const auto list = admission_.RuleList();
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->header.revision, 7);
  ASSERT_EQ(list->rules.size(), 2u);
  const AdmissionRule& got = list->rules[0];
  EXPECT_EQ(got.name, rule.name);
  EXPECT_EQ(got.user, rule.user);
  EXPECT_EQ(got.prefix, rule.prefix);
  EXPECT_EQ(got.requests_per_second, 1u);
  EXPECT_EQ(got.bytes_per_second, 2u);
  EXPECT_EQ(got.burst, milliseconds(3));
  EXPECT_EQ(got.memory_percent, 4u);
  ASSERT_TRUE(admission_.RuleDelete("a.b").ok());
  EXPECT_EQ(admission_.RuleListAsync().get()->rules.size(), 1u);
}

TEST_F(AdmissionCallsTest, ACallerSeesWhenToComeBack) {
  const Status status = admission_.RuleDelete("none").status();
  EXPECT_EQ(status, Status(Code::kResourceExhausted, "too early"));
  EXPECT_EQ(status.retry_after(), milliseconds(300));
  EXPECT_EQ(Status().retry_after(), std::nullopt);
}

TEST_F(AdmissionCallsTest, WhatNoMessageCanHoldIsNotSent) {
  EXPECT_EQ(admission_.RuleSet({.name = "\xff"}).status().code(), Code::kInternal);
  EXPECT_EQ(admission_.RuleSet({.user = "\xff"}).status().code(), Code::kInternal);
  EXPECT_EQ(admission_.RuleDelete("\xff").status().code(), Code::kInternal);
  OnMember([this] { EXPECT_TRUE(rules_.empty()); });
}

}  // namespace
}  // namespace etcd
