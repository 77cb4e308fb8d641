#include "api/v3/admission.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "api/v3/testing/all_methods.h"
#include "api/v3/testing/requests.h"
#include "api/v3/testing/secured_member.h"
#include "base/errors.h"
#include "state/admission/rules.h"

namespace v3 {
namespace {

using google::protobuf::MethodDescriptor;
using std::chrono::milliseconds;
using std::chrono::seconds;

admissionpb::Rule Of(const std::string& name, uint64_t requests) {
  admissionpb::Rule rule;
  rule.set_name(name);
  rule.set_requests_per_second(requests);
  return rule;
}

template <typename Member>
base::Status Set(Member& member, const admissionpb::Rule& rule) {
  admissionpb::RuleSetRequest request;
  *request.mutable_rule() = rule;
  return member.Call(testing::kRuleSet, request).status;
}

template <typename Member>
base::Status Delete(Member& member, const std::string& name) {
  admissionpb::RuleDeleteRequest request;
  request.set_name(name);
  return member.Call(testing::kRuleDelete, request).status;
}

etcdserverpb::RangeRequest GetRange(const std::string& begin, const std::string& end) {
  etcdserverpb::RangeRequest request = testing::Get(begin);
  request.set_range_end(end);
  return request;
}

bool IsRefused(const base::Status& status) {
  return status.code() == base::Code::kResourceExhausted &&
         status.message().starts_with("etcdserver: admission rule ");
}

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() {
    member_.options().extensions = {admission::kExtension};
    member_.StartAndWait();
  }
  testing::Answer<etcdserverpb::PutResponse> Put(const std::string& key,
                                                 const std::string& value = "v") {
    return member_.Call(testing::kPut, testing::Put(key, value));
  }
  // Asks until the rule has no room left.
  void UseUp(const std::string& key) {
    for (int i = 0; i < 1000; ++i) {
      if (!Put(key).ok()) return;
    }
    FAIL() << "nothing is refused";
  }
  std::string Names() {
    const auto answer = member_.Call(testing::kRuleList, {});
    EXPECT_TRUE(answer.ok());
    std::string names;
    for (const admissionpb::Rule& rule : answer.response().rules()) names += rule.name() + " ";
    return names;
  }
  // The text of the error, also where a message says it; empty if there is none.
  std::string Ask(const MethodDescriptor& method) {
    const std::string path = "/" + method.service()->full_name() + "/" + method.name();
    const std::string bytes = testing::RequestAboutSecret(method)->SerializeAsString();
    if (method.name() == "Watch") {
      const auto answer = member_.CallRaw(testing::kWatch, bytes);
      return answer.responses.empty() ? "" : answer.responses[0].cancel_reason();
    }
    const testing::Method<etcdserverpb::AuthEnableRequest, etcdserverpb::AuthEnableResponse> asked{
        path.c_str()};
    return std::string(member_.CallRaw(asked, bytes).status.message());
  }

  testing::ServedMember member_;
};

TEST_F(AdmissionTest, WhatComesTooEarlyIsToldWhenToComeBack) {
  ASSERT_TRUE(Set(member_, Of("all", 2)).ok());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Put("k").ok());
  const auto refused = Put("k");
  EXPECT_EQ(refused.status, base::Status(base::Code::kResourceExhausted,
                                         "etcdserver: admission rule all: too much of requests"));
  const int wait = std::stoi(std::string(refused.trailers.Get("grpc-retry-pushback-ms")));
  EXPECT_GT(wait, 0);
  EXPECT_LE(wait, 500);
  member_.member().RunFor(milliseconds(wait));
  EXPECT_TRUE(Put("k").ok());
}

TEST_F(AdmissionTest, APrefixIsFoundInWhateverARequestDoes) {
  admissionpb::Rule rule = Of("p", 1);
  rule.set_prefix("p/");
  ASSERT_TRUE(Set(member_, rule).ok());
  UseUp("p/a");
  EXPECT_TRUE(Put("p").ok());
  EXPECT_TRUE(member_.Call(testing::kRange, GetRange("a", "p/")).ok());
  EXPECT_TRUE(IsRefused(member_.Call(testing::kRange, GetRange("a", "p0")).status));
  etcdserverpb::DeleteRangeRequest all;
  all.set_key(std::string(1, '\0'));
  all.set_range_end(std::string(1, '\0'));
  EXPECT_TRUE(IsRefused(member_.Call(testing::kDeleteRange, all).status));
  usagepb::UsageRequest usage;
  EXPECT_TRUE(IsRefused(member_.Call(testing::kUsage, usage).status)) << "of all keys";
  usage.set_prefix("p/x");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kUsage, usage).status));
  usage.set_prefix("o");
  EXPECT_TRUE(member_.Call(testing::kUsage, usage).ok());
  etcdserverpb::TxnRequest compares;
  compares.add_compare()->set_key("p/x");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kTxn, compares).status));
  etcdserverpb::TxnRequest nested;
  auto* const inner = nested.add_failure()->mutable_request_txn();
  *inner->add_success()->mutable_request_put() = testing::Put("p/x", "v");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kTxn, nested).status));
  *inner->mutable_success(0)->mutable_request_put() = testing::Put("q", "v");
  EXPECT_TRUE(member_.Call(testing::kTxn, nested).ok());
}

TEST_F(AdmissionTest, ThePrefixOfALocksOrAnElectionsKeysIsFoundByItsName) {
  admissionpb::Rule rule = Of("p", 1);
  rule.set_prefix("p/q/");
  rule.set_burst_milliseconds(1);
  ASSERT_TRUE(Set(member_, rule).ok());
  UseUp("p/q/");
  v3electionpb::LeaderRequest leader;
  leader.set_name("p");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kLeader, leader).status));
  leader.set_name("p/q");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kLeader, leader).status));
  leader.set_name("p/q2");
  EXPECT_FALSE(IsRefused(member_.Call(testing::kLeader, leader).status));
  v3lockpb::LockRequest lock;
  lock.set_name("p/q");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kLock, lock).status));
  v3electionpb::ProclaimRequest proclaim;
  proclaim.mutable_leader()->set_name("other");
  proclaim.mutable_leader()->set_key("p/q/1");
  EXPECT_TRUE(IsRefused(member_.Call(testing::kProclaim, proclaim).status));
}

// One that is new is counted, or stands here.
TEST_F(AdmissionTest, EveryMethodCountsButThoseThatAdministerOrMakeRoom) {
  const std::set<std::string> administration = {"Cluster", "Maintenance", "Auth", "Admission"};
  const std::set<std::string> free = {"Compact", "LeaseKeepAlive", "Unlock", "Resign"};
  admissionpb::Rule rule = Of("all", 1);
  rule.set_burst_milliseconds(1);
  ASSERT_TRUE(Set(member_, rule).ok());
  for (const MethodDescriptor* const method : testing::AllMethods()) {
    if (administration.contains(method->service()->name())) {
      EXPECT_EQ(CountingOf(method->service()->full_name(), method->name()).kind,
                Counting::Kind::kNot);
      continue;
    }
    UseUp("k");
    const bool is_refused = Ask(*method).find("admission rule all") != std::string::npos;
    EXPECT_EQ(is_refused, !free.contains(method->name())) << method->full_name();
  }
}

TEST_F(AdmissionTest, ARefusedWatchIsToldInItsAnswerAndTheStreamGoesOn) {
  admissionpb::Rule rule = Of("p", 1);
  rule.set_prefix("p/");
  rule.set_burst_milliseconds(1);
  ASSERT_TRUE(Set(member_, rule).ok());
  UseUp("p/");
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("p/a");
  const auto answer = member_.CallRaw(testing::kWatch, request.SerializeAsString());
  ASSERT_EQ(answer.responses.size(), 1u);
  EXPECT_TRUE(answer.responses[0].canceled());
  EXPECT_TRUE(answer.responses[0].cancel_reason().starts_with(
      "etcdserver: admission rule p: too much of requests, come back in "))
      << answer.responses[0].cancel_reason();
  EXPECT_FALSE(answer.finished) << "the stream goes on";
}

TEST_F(AdmissionTest, WhatIsReadCountsAndMayBeADebt) {
  ASSERT_TRUE(Put("k", std::string(100'000, 'x')).ok());
  admissionpb::Rule rule;
  rule.set_name("bytes");
  rule.set_bytes_per_second(50'000);
  ASSERT_TRUE(Set(member_, rule).ok());
  EXPECT_TRUE(member_.Call(testing::kRange, testing::Get("k")).ok());
  const auto refused = member_.Call(testing::kRange, testing::Get("k"));
  EXPECT_EQ(refused.status.message(), "etcdserver: admission rule bytes: too much of bytes");
  const int wait = std::stoi(std::string(refused.trailers.Get("grpc-retry-pushback-ms")));
  EXPECT_NEAR(wait, 1000, 50);
  member_.member().RunFor(milliseconds(wait));
  EXPECT_TRUE(member_.Call(testing::kRange, testing::Get("k")).ok());
}

TEST_F(AdmissionTest, RulesAreListedReplacedAndDeletedAndSurviveARestart) {
  EXPECT_EQ(Names(), "");
  EXPECT_EQ(Delete(member_, "a"), admission::kRuleNotFound);
  EXPECT_TRUE(member_.server().state()->members().extensions().empty());
  ASSERT_TRUE(Set(member_, Of("b", 1)).ok());
  ASSERT_TRUE(Set(member_, Of("a", 1'000'000)).ok());
  EXPECT_EQ(Names(), "a b ");
  EXPECT_EQ(Delete(member_, "c"), admission::kRuleNotFound);
  member_.Kill();
  member_.StartAndWait();
  EXPECT_EQ(Names(), "a b ");
  UseUp("k");
  ASSERT_TRUE(Delete(member_, "b").ok());
  EXPECT_TRUE(Put("k").ok());
  EXPECT_EQ(Set(member_, Of("", 1)).message(), "etcdserver: admission rule has no name");
  EXPECT_EQ(Names(), "a ");
}

TEST_F(AdmissionTest, AMemberThatDoesNotUnderstandThemIsNamed) {
  member_.Kill();
  member_.options().extensions = {};
  member_.StartAndWait();
  const base::Status status = Set(member_, Of("a", 1));
  EXPECT_EQ(status.code(), base::Code::kFailedPrecondition);
  EXPECT_TRUE(status.message().starts_with("not all members understand admission: "))
      << status.message();
  EXPECT_EQ(Names(), "");
}

class UsersAdmissionTest : public ::testing::Test {
 protected:
  // The requests of a user who may read "r/".
  base::Status Read() { return member_.Call(testing::kRange, testing::Get("r/a")).status; }
  void SetAsRoot(const admissionpb::Rule& rule) {
    member_.LogIn("root");
    ASSERT_TRUE(Set(member_, rule).ok());
  }

  testing::SecuredMember member_{{admission::kExtension}};
};

TEST_F(UsersAdmissionTest, RootAloneSetsAndSeesThem) {
  for (const char* const user : {"", "ann"}) {
    user[0] == '\0' ? member_.SetToken("") : member_.LogIn(user);
    const base::errors::Error expected =
        user[0] == '\0' ? base::errors::kUserEmpty : base::errors::kPermissionDenied;
    EXPECT_EQ(Set(member_, Of("a", 1)), expected);
    EXPECT_EQ(Delete(member_, "a"), expected);
    EXPECT_EQ(member_.Call(testing::kRuleList, {}).status, expected);
  }
  SetAsRoot(Of("a", 1));
}

TEST_F(UsersAdmissionTest, AUsersRuleIsNobodyElses) {
  admissionpb::Rule rule = Of("ann", 1);
  rule.set_user("ann");
  SetAsRoot(rule);
  member_.LogIn("ann");
  EXPECT_TRUE(Read().ok());
  EXPECT_TRUE(Read().ok());
  EXPECT_TRUE(IsRefused(Read()));
  // What he may not do counts, too, and says that he may not.
  member_.member().RunFor(seconds(1));
  EXPECT_EQ(member_.Call(testing::kRange, testing::Get("x")).status,
            base::errors::kPermissionDenied);
  EXPECT_TRUE(IsRefused(Read()));
  member_.LogIn("root");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Read().ok());
  member_.SetToken("no.token");
  EXPECT_EQ(Read(), base::errors::kInvalidAuthToken);
}

TEST_F(UsersAdmissionTest, WhoMayNotTouchAPrefixTakesNothingFromThoseWhoMay) {
  admissionpb::Rule rule = Of("jobs", 2);
  rule.set_prefix("r/");
  SetAsRoot(rule);
  for (int i = 0; i < 10; ++i) {
    member_.SetToken("");
    EXPECT_EQ(Read(), base::errors::kUserEmpty);
    member_.LogIn("ann");
    EXPECT_EQ(member_.Call(testing::kRange, testing::GetAll()).status,
              base::errors::kPermissionDenied);
  }
  EXPECT_TRUE(Read().ok());
  member_.LogIn("root");
  EXPECT_TRUE(Read().ok());
  EXPECT_TRUE(Read().ok());
  EXPECT_TRUE(IsRefused(Read()));
}

TEST_F(UsersAdmissionTest, WhoHoldsHisShareOfTheMemoryIsRefusedUntilHeLetsGo) {
  member_.Kill();
  member_.http_options().member_budget = std::make_shared<http::SharedBudget>(size_t{1} << 20);
  member_.StartAndWait();
  admissionpb::Rule rule;
  rule.set_name("held");
  rule.set_user("root");
  rule.set_memory_percent(1);
  SetAsRoot(rule);
  v3lockpb::LockRequest lock;
  lock.set_name("w/");
  std::vector<std::shared_ptr<testing::Answer<v3lockpb::LockResponse>>> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(member_.Begin(testing::kLock, lock));
    member_.member().RunFor(milliseconds(100));
    if (waiting.back()->finished && IsRefused(waiting.back()->status)) break;
  }
  ASSERT_TRUE(waiting.back()->finished);
  EXPECT_EQ(waiting.back()->status.message(),
            "etcdserver: admission rule held: too much of memory");
  EXPECT_EQ(waiting.back()->trailers.Get("grpc-retry-pushback-ms"), "1000");
  member_.OnClient([&] {
    for (const auto& answer : waiting) {
      if (!answer->finished) answer->call->Cancel();
    }
  });
  member_.member().RunFor(seconds(1));
  EXPECT_TRUE(Read().ok());
}

TEST(CountingDeathTest, AMethodThatIsForgottenEndsTheProcess) {
  EXPECT_DEATH(CountingOf("etcdserverpb.KV", "Forgotten"), "");
}

}  // namespace
}  // namespace v3
