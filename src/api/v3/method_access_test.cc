#include "api/v3/method_access.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/v3/testing/all_methods.h"
#include "api/v3/testing/requests.h"
#include "api/v3/testing/secured_member.h"
#include "base/errors.h"

// Every method of every service is asked by nobody and by somebody
// who may do nothing that it asks for. One that is new is refused, or stands in a list here.

namespace v3 {
namespace {

using google::protobuf::MethodDescriptor;
using testing::AllMethods;
using testing::kSecretLease;
using testing::SecuredMember;

class MethodAccessTest : public ::testing::Test {
 protected:
  MethodAccessTest() {
    member_.LogIn("root");
    etcdserverpb::LeaseGrantRequest grant;
    grant.set_id(kSecretLease);
    grant.set_ttl(3600);
    CHECK(member_.Call(testing::kLeaseGrant, grant).ok());
    etcdserverpb::PutRequest put = testing::Put("secret", "value");
    put.set_lease(kSecretLease);
    CHECK(member_.Call(testing::kPut, put).ok());
    member_.SetToken("");
  }

  // The text of the error, also where a message says it; empty if there is none.
  std::string Ask(const MethodDescriptor& method) {
    const std::string path = "/" + method.service()->full_name() + "/" + method.name();
    const std::string bytes = testing::RequestAboutSecret(method)->SerializeAsString();
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
