#include "api/v3/auth_service.h"

#include <gtest/gtest.h>

#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using testing::ServedMember;

etcdserverpb::AuthenticateRequest Credentials() {
  etcdserverpb::AuthenticateRequest request;
  request.set_name("root");
  request.set_password("secret");
  return request;
}

TEST(AuthServiceTest, AuthenticationIsOff) {
  ServedMember member;
  member.StartAndWait();
  const auto status = member.Call(testing::kAuthStatus, {});
  ASSERT_TRUE(status.ok());
  EXPECT_FALSE(status.response().enabled());
  EXPECT_EQ(status.response().authrevision(), 1u);
  EXPECT_EQ(status.response().header().revision(), 1);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials()).status,
            base::errors::kAuthNotEnabled);
}

TEST(AuthServiceTest, WithoutALeaderNothingIsSaid) {
  ServedMember member;
  member.StartAlone();
  EXPECT_EQ(member.Call(testing::kAuthStatus, {}).status, base::errors::kTimeout);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials()).status, base::errors::kTimeout);
}

}  // namespace
}  // namespace v3
