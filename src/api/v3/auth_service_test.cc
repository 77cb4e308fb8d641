#include "api/v3/auth_service.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/secured_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

namespace errors = base::errors;
using testing::Get;
using testing::Put;
using testing::SecuredMember;
using testing::ServedMember;

etcdserverpb::AuthenticateRequest Credentials(const std::string& user,
                                              const std::string& password) {
  etcdserverpb::AuthenticateRequest request;
  request.set_name(user);
  request.set_password(password);
  return request;
}

TEST(AuthServiceTest, AuthenticationIsOffAtFirst) {
  ServedMember member;
  member.StartAndWait();
  const auto status = member.Call(testing::kAuthStatus, {});
  ASSERT_TRUE(status.ok());
  EXPECT_FALSE(status.response().enabled());
  EXPECT_EQ(status.response().authrevision(), 1u);
  EXPECT_EQ(status.response().header().revision(), 1);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("root", "secret")).status,
            errors::kAuthNotEnabled);
  EXPECT_EQ(member.Call(testing::kAuthEnable, {}).status, errors::kRootUserNotExist);
  // Nobody asks for tokens.
  member.SetToken("nonsense");
  EXPECT_TRUE(member.Call(testing::kPut, Put("a")).ok());
}

TEST(AuthServiceTest, WithoutALeaderNothingIsSaid) {
  ServedMember member;
  member.StartAlone();
  EXPECT_EQ(member.Call(testing::kAuthStatus, {}).status, errors::kDeadlineExceeded);
  etcdserverpb::AuthUserAddRequest user;
  user.set_name("root");
  user.set_password("secret");
  EXPECT_EQ(member.Call(testing::kUserAdd, user).status, errors::kDeadlineExceeded);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("root", "secret")).status,
            errors::kTimeout);
}

TEST(AuthServiceTest, WhoLogsInIsKnownByHisToken) {
  SecuredMember member;
  EXPECT_EQ(member.Call(testing::kPut, Put("r/a")).status, errors::kUserEmpty);
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).status, errors::kUserEmpty);
  member.SetToken("nonsense");
  EXPECT_EQ(member.Call(testing::kPut, Put("r/a")).status, errors::kInvalidAuthToken);
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).status, errors::kInvalidAuthToken);
  EXPECT_EQ(member.Call(testing::kAuthStatus, {}).status, errors::kInvalidAuthToken);
  member.LogIn("root");
  EXPECT_TRUE(member.Call(testing::kPut, Put("r/a", "1")).ok());
  EXPECT_TRUE(member.Call(testing::kAuthStatus, {}).response().enabled());
  member.LogIn("ann");
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).response().kvs(0).value(), "1");
  EXPECT_EQ(member.Call(testing::kRange, Get("s")).status, errors::kPermissionDenied);
  EXPECT_EQ(member.Call(testing::kPut, Put("r/a")).status, errors::kPermissionDenied);
  EXPECT_TRUE(member.Call(testing::kPut, Put("w/a")).ok());
}

TEST(AuthServiceTest, TheTokenMayStandInEitherField) {
  SecuredMember member;
  const std::string token = member.TokenOf("root");
  for (const auto& [field, text] : {std::pair<std::string, std::string>{"token", token},
                                    {"authorization", token},
                                    {"authorization", "Bearer " + token}}) {
    rpc::ClientCall::Options options;
    options.metadata.Add(field, text);
    EXPECT_TRUE(member.Call(testing::kPut, Put("a"), options).ok()) << field;
  }
}

TEST(AuthServiceTest, AWrongPasswordLetsNobodyIn) {
  SecuredMember member;
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("ann", "wrong")).status,
            errors::kAuthFailed);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("bob", "ann")).status,
            errors::kAuthFailed);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("ann", "")).status,
            errors::kAuthFailed);
  EXPECT_TRUE(member.Call(testing::kAuthenticate, Credentials("ann", "ann")).ok());
}

TEST(AuthServiceTest, AUserWithoutAPasswordDoesNotLogIn) {
  SecuredMember member;
  member.LogIn("root");
  etcdserverpb::AuthUserAddRequest add;
  add.set_name("bob");
  add.set_password("secret");
  add.mutable_options()->set_no_password(true);
  ASSERT_TRUE(member.Call(testing::kUserAdd, add).ok());
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("bob", "secret")).status,
            errors::kNoPasswordUser);
}

TEST(AuthServiceTest, ATokenEndsWithThePassword) {
  SecuredMember member;
  const std::string token = member.TokenOf("ann");
  member.LogIn("root");
  etcdserverpb::AuthUserChangePasswordRequest change;
  change.set_name("ann");
  change.set_password("other");
  ASSERT_TRUE(member.Call(testing::kUserChangePassword, change).ok());
  member.SetToken(token);
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).status, errors::kInvalidAuthToken);
  EXPECT_EQ(member.Call(testing::kAuthenticate, Credentials("ann", "ann")).status,
            errors::kAuthFailed);
  EXPECT_TRUE(member.Call(testing::kAuthenticate, Credentials("ann", "other")).ok());
}

TEST(AuthServiceTest, APasswordThatIsTooLongIsRefusedAsByGo) {
  SecuredMember member;
  member.LogIn("root");
  etcdserverpb::AuthUserAddRequest add;
  add.set_name("bob");
  add.set_password(std::string(73, 'p'));
  EXPECT_EQ(member.Call(testing::kUserAdd, add).status.message(),
            "bcrypt: password length exceeds 72 bytes");
}

// What root gives or takes counts for the next request, with the same token.
TEST(AuthServiceTest, ATokenStandsForWhatItsUserMayNow) {
  SecuredMember member;
  const std::string ann = member.TokenOf("ann");
  member.LogIn("root");
  etcdserverpb::AuthRoleGrantPermissionRequest grant;
  grant.set_name("ann");
  grant.mutable_perm()->set_key("x");
  ASSERT_TRUE(member.Call(testing::kRoleGrantPermission, grant).ok());
  member.SetToken(ann);
  EXPECT_TRUE(member.Call(testing::kRange, Get("x")).ok());
  member.LogIn("root");
  etcdserverpb::AuthRoleRevokePermissionRequest revoke;
  revoke.set_role("ann");
  revoke.set_key("x");
  ASSERT_TRUE(member.Call(testing::kRoleRevokePermission, revoke).ok());
  member.SetToken(ann);
  EXPECT_EQ(member.Call(testing::kRange, Get("x")).status, errors::kPermissionDenied);
}

TEST(AuthServiceTest, EverybodyMayLookAtHimself) {
  SecuredMember member;
  member.LogIn("ann");
  etcdserverpb::AuthUserGetRequest user;
  user.set_name("ann");
  EXPECT_EQ(member.Call(testing::kUserGet, user).response().roles(0), "ann");
  user.set_name("root");
  EXPECT_EQ(member.Call(testing::kUserGet, user).status, errors::kPermissionDenied);
  etcdserverpb::AuthRoleGetRequest role;
  role.set_role("ann");
  EXPECT_EQ(member.Call(testing::kRoleGet, role).response().perm_size(), 2);
  role.set_role("root");
  EXPECT_EQ(member.Call(testing::kRoleGet, role).status, errors::kPermissionDenied);
  EXPECT_EQ(member.Call(testing::kUserList, {}).status, errors::kPermissionDenied);
  EXPECT_EQ(member.Call(testing::kRoleList, {}).status, errors::kPermissionDenied);
}

TEST(AuthServiceTest, RootLooksAtAll) {
  SecuredMember member;
  member.LogIn("root");
  const auto users = member.Call(testing::kUserList, {}).response().users();
  EXPECT_EQ(std::vector<std::string>(users.begin(), users.end()),
            (std::vector<std::string>{"ann", "root"}));
  const auto roles = member.Call(testing::kRoleList, {}).response().roles();
  EXPECT_EQ(std::vector<std::string>(roles.begin(), roles.end()),
            (std::vector<std::string>{"ann", "root"}));
  etcdserverpb::AuthRoleGetRequest role;
  role.set_role("root");
  const auto root = member.Call(testing::kRoleGet, role).response();
  EXPECT_EQ(root.perm(0).key(), "");
  EXPECT_EQ(root.perm(0).range_end(), std::string(1, '\0'));
  EXPECT_EQ(root.perm(0).permtype(), authpb::Permission::READWRITE);
  role.set_role("none");
  EXPECT_EQ(member.Call(testing::kRoleGet, role).status, errors::kRoleNotFound);
  etcdserverpb::AuthUserGetRequest user;
  user.set_name("none");
  EXPECT_EQ(member.Call(testing::kUserGet, user).status, errors::kUserNotFound);
}

TEST(AuthServiceTest, ARestartForgetsTokensAndNobodysRights) {
  SecuredMember member;
  member.LogIn("root");
  ASSERT_TRUE(member.Call(testing::kPut, Put("r/a", "1")).ok());
  const std::string token = member.TokenOf("ann");
  // So that the entries of the log-ins are in the database.
  member.member().RunFor(std::chrono::seconds(1));
  member.Restart();
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).status, errors::kUserEmpty);
  member.SetToken(token);
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).status, errors::kInvalidAuthToken);
  member.LogIn("ann");
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).response().kvs(0).value(), "1");
}

TEST(AuthServiceTest, ATokenOfAnEntryThatNeverComesIsRefusedInTime) {
  SecuredMember member;
  member.SetToken("abcdefghijklmnop.18446744073709551615");
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a")).status, errors::kInvalidAuthToken);
  rpc::ClientCall::Options options = member.Within(std::chrono::seconds(1));
  EXPECT_EQ(member.Call(testing::kRange, Get("r/a"), options).status.code(),
            base::Code::kDeadlineExceeded);
}

TEST(AuthServiceTest, WhoGivesUpWaitingForALockLeavesNothingBehind) {
  SecuredMember member;
  member.LogIn("root");
  for (const int64_t lease : {7, 8}) {
    etcdserverpb::LeaseGrantRequest grant;
    grant.set_id(lease);
    grant.set_ttl(3600);
    ASSERT_TRUE(member.Call(testing::kLeaseGrant, grant).ok());
  }
  v3lockpb::LockRequest lock;
  lock.set_name("l");
  lock.set_lease(7);
  ASSERT_TRUE(member.Call(testing::kLock, lock).ok());
  lock.set_lease(8);
  EXPECT_EQ(member.Call(testing::kLock, lock, member.Within(std::chrono::seconds(1))).status.code(),
            base::Code::kDeadlineExceeded);
  etcdserverpb::RangeRequest queue = Get("l/");
  queue.set_range_end("l0");
  member.member().RunFor(std::chrono::seconds(1));
  EXPECT_EQ(member.Call(testing::kRange, queue).response().count(), 1);
}

// Of its token's entry; the service of watches is not there any more when the waiting ends.
TEST(AuthServiceTest, AWatchThatWaitsEndsWithItsMember) {
  SecuredMember member;
  member.SetToken("abcdefghijklmnop.1000000");
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("r/");
  const auto watch = member.Begin(testing::kWatch, request);
  member.member().RunFor(std::chrono::milliseconds(100));
  EXPECT_FALSE(watch->finished);
  member.Kill();
}

// The value that is to be kept from him was written after he lost his right.
TEST(AuthServiceTest, AWatchEndsWithItsRight) {
  SecuredMember member;
  member.LogIn("ann");
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("r/a");
  const auto watch = member.Begin(testing::kWatch, request);
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 1; }));
  EXPECT_FALSE(watch->response().canceled());
  member.LogIn("root");
  ASSERT_TRUE(member.Call(testing::kPut, Put("r/a", "1")).ok());
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 2; }));
  etcdserverpb::AuthUserRevokeRoleRequest revoke;
  revoke.set_name("ann");
  revoke.set_role("ann");
  ASSERT_TRUE(member.Call(testing::kUserRevokeRole, revoke).ok());
  ASSERT_TRUE(member.Call(testing::kPut, Put("r/a", "secret")).ok());
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 3; }));
  EXPECT_TRUE(watch->response().canceled());
  EXPECT_EQ(watch->response().events_size(), 0);
  EXPECT_EQ(watch->response().cancel_reason(),
            "rpc error: code = PermissionDenied desc = etcdserver: permission denied");
}

TEST(AuthServiceTest, AWatchOfNothingEndsWithItsRightToo) {
  SecuredMember member;
  member.LogIn("ann");
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("r/a");
  const auto watch = member.Begin(testing::kWatch, request);
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 1; }));
  member.LogIn("root");
  etcdserverpb::AuthUserDeleteRequest remove;
  remove.set_name("ann");
  ASSERT_TRUE(member.Call(testing::kUserDelete, remove).ok());
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 2; }));
  EXPECT_TRUE(watch->response().canceled());
}

// A further one of the same stream asks anew by what its client is known.
TEST(AuthServiceTest, AStreamOfATokenThatCountsNoMoreGetsNoFurtherWatch) {
  SecuredMember member;
  rpc::ClientCall::Options options;
  options.metadata.Add("token", member.TokenOf("ann"));
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("r/a");
  std::shared_ptr<testing::Answer<etcdserverpb::WatchResponse>> watch;
  member.OnClient([&] {
    watch = member.client().Start(testing::kWatch, request, options, testing::Sending::kGoesOn);
  });
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 1; }));
  member.LogIn("root");
  etcdserverpb::AuthUserChangePasswordRequest change;
  change.set_name("ann");
  change.set_password("other");
  ASSERT_TRUE(member.Call(testing::kUserChangePassword, change).ok());
  member.OnClient([&] { watch->call->Send(rpc::Message(request.SerializeAsString())); });
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 2; }));
  EXPECT_EQ(watch->response().cancel_reason(),
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token");
  ASSERT_TRUE(member.Call(testing::kPut, Put("r/a", "1")).ok());
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 3; }));
  EXPECT_EQ(watch->response().events(0).kv().value(), "1");
  member.OnClient([&] { watch->call->Cancel(); });
}

TEST(AuthServiceTest, AWatchThatIsStillAllowedGoesOn) {
  SecuredMember member;
  member.LogIn("ann");
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key("r/a");
  const auto watch = member.Begin(testing::kWatch, request);
  member.LogIn("root");
  etcdserverpb::AuthRoleAddRequest role;
  role.set_name("other");
  ASSERT_TRUE(member.Call(testing::kRoleAdd, role).ok());
  ASSERT_TRUE(member.Call(testing::kPut, Put("r/a", "1")).ok());
  ASSERT_TRUE(member.member().RunUntil([&] { return watch->responses.size() == 2; }));
  EXPECT_EQ(watch->response().events(0).kv().value(), "1");
}

}  // namespace
}  // namespace v3
