#include "api/v3/method_access.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/secured_member.h"
#include "base/errors.h"
#include "proto/v3election.pb.h"
#include "proto/v3lock.pb.h"

// Every method of every service is asked, as the .proto files have them, by nobody and by somebody
// who may do nothing that it asks for. One that is new is refused, or stands in a list here.

namespace v3 {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using testing::SecuredMember;

constexpr int64_t kLease = 7;

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* const file : {etcdserverpb::RangeRequest::descriptor()->file(),
                                 v3lockpb::LockRequest::descriptor()->file(),
                                 v3electionpb::CampaignRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto* const service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) methods.push_back(service->method(j));
    }
  }
  return methods;
}

// A request about the key "secret" and the lease that it is with, so far as it can be.
void Fill(Message* request) {
  const std::map<std::string, std::string> texts = {
      {"key", "secret"},    {"name", "secret"},
      {"role", "secret"},   {"user", "secret"},
      {"value", "any"},     {"password", "any"},
      {"version", "3.6.0"}, {"peerURLs", "http://other:2380"}};
  const auto* const reflection = request->GetReflection();
  const Descriptor* const descriptor = request->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* const field = descriptor->field(i);
    const bool is_text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (is_text && texts.contains(field->name())) {
      const std::string& text = texts.at(field->name());
      if (field->is_repeated()) {
        reflection->AddString(request, field, text);
      } else {
        reflection->SetString(request, field, text);
      }
    }
    const bool is_lease = field->name() == "lease" || field->name() == "ID";
    if (is_lease && field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      reflection->SetInt64(request, field, kLease);
    }
    if (field->name() == "keys") reflection->SetBool(request, field, true);
    const std::set<std::string> inner = {"perm", "create_request", "leader"};
    if (inner.contains(field->name())) Fill(reflection->MutableMessage(request, field));
  }
}

class MethodAccessTest : public ::testing::Test {
 protected:
  MethodAccessTest() {
    member_.LogIn("root");
    etcdserverpb::LeaseGrantRequest grant;
    grant.set_id(kLease);
    grant.set_ttl(3600);
    CHECK(member_.Call(testing::kLeaseGrant, grant).ok());
    etcdserverpb::PutRequest put = testing::Put("secret", "value");
    put.set_lease(kLease);
    CHECK(member_.Call(testing::kPut, put).ok());
    member_.SetToken("");
  }

  // The text of the error, also where a message says it; empty if there is none.
  std::string Ask(const MethodDescriptor& method) {
    const Message* const prototype =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
    const std::unique_ptr<Message> request(prototype->New());
    Fill(request.get());
    if (auto* const txn = dynamic_cast<etcdserverpb::TxnRequest*>(request.get())) {
      txn->add_failure()->mutable_request_range()->set_key("secret");
    }
    const std::string path = "/" + method.service()->full_name() + "/" + method.name();
    const std::string bytes = request->SerializeAsString();
    if (method.name() == "Watch") {
      const auto answer = member_.CallRaw(testing::kWatch, bytes);
      if (!answer.responses.empty()) return answer.responses[0].cancel_reason();
      return std::string(answer.status.message());
    }
    // What others answer beside the header are unknown fields of this one.
    const testing::Method<etcdserverpb::AuthEnableRequest, etcdserverpb::AuthEnableResponse> asked{
        path.c_str()};
    const auto answer = member_.CallRaw(asked, bytes);
    EXPECT_TRUE(answer.finished) << path;
    return std::string(answer.status.message());
  }

  SecuredMember member_;
};

bool EndsWith(const std::string& text, const base::errors::Error& error) {
  return text.ends_with(error.text);
}

TEST_F(MethodAccessTest, NobodyIsLetIn) {
  const std::map<std::string, std::string> open = {
      {"AuthStatus", ""}, {"Authenticate", std::string(base::errors::kAuthFailed.text)}};
  for (const MethodDescriptor* const method : AllMethods()) {
    const std::string told = Ask(*method);
    if (open.contains(method->name())) {
      EXPECT_EQ(told, open.at(method->name()));
    } else {
      EXPECT_TRUE(EndsWith(told, base::errors::kUserEmpty)) << method->full_name() << ": " << told;
    }
  }
}

TEST_F(MethodAccessTest, AUserIsLetInToWhatIsHis) {
  // These are for every user.
  const std::set<std::string> allowed = {"AuthStatus", "MemberList", "Status", "Alarm"};
  // For every user, and refused for another reason.
  const std::map<std::string, std::string> other = {
      {"Authenticate", std::string(base::errors::kAuthFailed.text)},
      {"LeaseGrant", std::string(base::errors::kLeaseExists.text)}};
  member_.LogIn("ann");
  for (const MethodDescriptor* const method : AllMethods()) {
    const std::string told = Ask(*method);
    if (allowed.contains(method->name())) {
      EXPECT_EQ(told, "") << method->full_name();
    } else if (other.contains(method->name())) {
      EXPECT_EQ(told, other.at(method->name()));
    } else {
      EXPECT_TRUE(EndsWith(told, base::errors::kPermissionDenied))
          << method->full_name() << ": " << told;
    }
  }
}

TEST_F(MethodAccessTest, WhatIsNotATokenLetsNobodyIn) {
  for (const char* const token : {"x", ".", "a.b", "abcdefghijklmnop.1", "a.b.c"}) {
    member_.SetToken(token);
    for (const MethodDescriptor* const method : AllMethods()) {
      if (method->name() == "Authenticate") continue;
      EXPECT_TRUE(EndsWith(Ask(*method), base::errors::kInvalidAuthToken)) << method->full_name();
    }
  }
}

TEST(MethodAccessDeathTest, AMethodThatIsForgottenEndsTheProcess) {
  EXPECT_DEATH(AccessOf("etcdserverpb.KV", "Forgotten"), "");
}

}  // namespace
}  // namespace v3
