#include "state/auth/users.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/base64.h"
#include "base/errors.h"
#include "proto/auth.pb.h"
#include "proto/rpc.pb.h"
#include "state/auth/bcrypt.h"
#include "state/auth/judge.h"
#include "storage/mvcc/testing/store_harness.h"

namespace auth {
namespace {

namespace errors = base::errors;

constexpr base::ByteView kOpen{"\0", 1};
constexpr char kSalt[] = "0123456789abcdef";

std::string HashOf(const std::string& password) {
  return HashPassword(password, kBcryptCostMin, {kSalt, kBcryptSaltBytes}).value();
}

// What an observer was told, in order.
struct Told final : Observer {
  void OnToken(const std::string& user, const std::string& token) override {
    calls.push_back("token " + user + " " + token);
  }
  void OnUserChanged(const std::string& user) override { calls.push_back("changed " + user); }
  void OnAllChanged() override { calls.push_back("all"); }

  std::vector<std::string> calls;
};

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() { Load(); }

  void Load() {
    users_ = Users::Load(*harness_.database().NewReader().value(), &harness_.buffer()).value();
    users_->SetObserver(&told_);
    judge_.emplace(&users_->published());
  }
  void Restart() {
    harness_.EndEntry();
    harness_.Commit();
    harness_.Reopen();
    Load();
  }
  void Store(schema::Bucket bucket, base::ByteView key, base::ByteView value) {
    backend::Batch batch;
    batch.Put(schema::Id(bucket), key, value);
    ASSERT_TRUE(harness_.database().Commit(batch).ok());
  }

  base::Status AddUser(const std::string& name, const std::string& password = "secret") {
    etcdserverpb::AuthUserAddRequest request;
    request.set_name(name);
    request.set_hashedpassword(base::Base64Encode(HashOf(password), base::Base64::kPadded));
    return users_->AddUser(request);
  }
  base::Status Grant(const std::string& role, authpb::Permission::Type type, base::ByteView key,
                     base::ByteView end = {}) {
    etcdserverpb::AuthRoleGrantPermissionRequest request;
    request.set_name(role);
    request.mutable_perm()->set_permtype(type);
    request.mutable_perm()->set_key(std::string(key));
    request.mutable_perm()->set_range_end(std::string(end));
    return users_->GrantPermission(request);
  }
  base::Status Revoke(const std::string& role, base::ByteView key, base::ByteView end = {}) {
    etcdserverpb::AuthRoleRevokePermissionRequest request;
    request.set_role(role);
    request.set_key(std::string(key));
    request.set_range_end(std::string(end));
    return users_->RevokePermission(request);
  }
  void EnableWithRoot() {
    ASSERT_TRUE(AddUser("root").ok());
    ASSERT_TRUE(users_->GrantRole("root", "root").ok());
    ASSERT_TRUE(users_->Enable().ok());
  }
  // A user `name` with a role of that name.
  void AddUserWithRole(const std::string& name) {
    ASSERT_TRUE(AddUser(name).ok());
    ASSERT_TRUE(users_->AddRole(name).ok());
    ASSERT_TRUE(users_->GrantRole(name, name).ok());
  }
  base::Status Check(const std::string& user, Access access, const KeyRange& range) {
    return judge_->CheckKeys({user, users_->view().revision}, access, range);
  }
  // "type key end" of each, with '~' for the open end.
  std::vector<std::string> PermissionsOf(const std::string& role) {
    std::vector<std::string> all;
    for (const auto& permission : users_->view().roles.Find(role)->keypermission()) {
      const bool is_open = permission.range_end() == kOpen;
      all.push_back(authpb::Permission::Type_Name(permission.permtype()) + " " + permission.key() +
                    " " + (is_open ? "~" : permission.range_end()));
    }
    return all;
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kLmdb};
  Told told_;
  std::unique_ptr<Users> users_;
  std::optional<Judge> judge_;
};

constexpr auto kRead = authpb::Permission::READ;
constexpr auto kWrite = authpb::Permission::WRITE;
constexpr auto kReadWrite = authpb::Permission::READWRITE;

TEST_F(UsersTest, NobodyNeedsToBeAUserUntilItIsEnabled) {
  EXPECT_EQ(users_->view().revision, 1u);
  EXPECT_TRUE(judge_->CheckKeys({}, Access::kWrite, {"a"}).ok());
  EXPECT_TRUE(judge_->CheckUser({}).ok());
  EXPECT_TRUE(judge_->CheckRoot({}).ok());
  EXPECT_EQ(users_->Enable(), errors::kRootUserNotExist);
  ASSERT_TRUE(AddUser("root").ok());
  EXPECT_EQ(users_->Enable(), errors::kRootRoleNotExist);
  ASSERT_TRUE(users_->GrantRole("root", "root").ok());
  EXPECT_EQ(users_->view().revision, 3u);
  EXPECT_TRUE(users_->Enable().ok());
  EXPECT_TRUE(users_->Enable().ok());
  EXPECT_EQ(users_->view().revision, 3u);
  EXPECT_EQ(judge_->CheckKeys({}, Access::kWrite, {"a"}), errors::kUserEmpty);
  EXPECT_EQ(judge_->CheckUser({}), errors::kUserEmpty);
  EXPECT_EQ(judge_->CheckRoot({}), errors::kUserEmpty);
  EXPECT_EQ(judge_->CheckUser({"gone", 3}), errors::kPermissionDenied);
  EXPECT_EQ(judge_->CheckRoot({"gone", 3}), errors::kUserNotFound);
  users_->Disable();
  users_->Disable();
  EXPECT_EQ(users_->view().revision, 4u);
  EXPECT_TRUE(judge_->CheckKeys({}, Access::kWrite, {"a"}).ok());
  EXPECT_EQ(told_.calls, (std::vector<std::string>{"all"}));
}

TEST_F(UsersTest, ARestartKnowsAll) {
  EnableWithRoot();
  AddUserWithRole("ann");
  ASSERT_TRUE(Grant("ann", kRead, "a", "c").ok());
  const uint64_t revision = users_->view().revision;
  const std::string record = users_->view().users.Find("ann")->SerializeAsString();
  Restart();
  EXPECT_TRUE(users_->view().enabled);
  EXPECT_EQ(users_->view().revision, revision);
  EXPECT_EQ(users_->view().users.Names(), (std::vector<std::string>{"ann", "root"}));
  EXPECT_EQ(users_->view().users.Find("ann")->SerializeAsString(), record);
  EXPECT_TRUE(Check("ann", Access::kRead, {"b"}).ok());
  EXPECT_EQ(Check("ann", Access::kWrite, {"b"}), errors::kPermissionDenied);
  users_->Disable();
  ASSERT_TRUE(users_->DeleteUser("ann").ok());
  ASSERT_TRUE(users_->DeleteRole("ann").ok());
  Restart();
  EXPECT_FALSE(users_->view().enabled);
  EXPECT_EQ(users_->view().users.Names(), (std::vector<std::string>{"root"}));
  EXPECT_TRUE(users_->view().roles.empty());
}

// A member of etcd counts from what it finds in a snapshot.
TEST_F(UsersTest, TheFirstRevisionIsSavedBeforeAnythingIsChanged) {
  Restart();
  const auto saved = harness_.database().NewReader().value()->Get(schema::Id(schema::Bucket::kAuth),
                                                                  schema::kAuthRevision);
  EXPECT_EQ(saved.value(), base::ByteView("\0\0\0\0\0\0\0\1", 8));
}

TEST_F(UsersTest, RefusesRecordsThatAreNone) {
  Store(schema::Bucket::kAuthUsers, "ann", "\xff");
  EXPECT_EQ(
      Users::Load(*harness_.database().NewReader().value(), &harness_.buffer()).status().message(),
      "bucket authUsers: a record is none");
}

TEST_F(UsersTest, RefusesARecordOfAnotherName) {
  authpb::Role role;
  role.set_name("bob");
  Store(schema::Bucket::kAuthRoles, "ann", role.SerializeAsString());
  EXPECT_EQ(
      Users::Load(*harness_.database().NewReader().value(), &harness_.buffer()).status().code(),
      base::Code::kDataLoss);
}

TEST_F(UsersTest, RefusesARevisionThatIsNone) {
  Store(schema::Bucket::kAuth, schema::kAuthRevision, "1");
  EXPECT_EQ(
      Users::Load(*harness_.database().NewReader().value(), &harness_.buffer()).status().code(),
      base::Code::kDataLoss);
}

TEST_F(UsersTest, UsersComeAndGo) {
  EXPECT_EQ(AddUser(""), errors::kUserEmpty);
  ASSERT_TRUE(AddUser("ann").ok());
  EXPECT_EQ(AddUser("ann"), errors::kUserExists);
  EXPECT_EQ(users_->DeleteUser("bob"), errors::kUserNotFound);
  EXPECT_EQ(users_->view().revision, 2u);
  EXPECT_TRUE(users_->DeleteUser("ann").ok());
  EXPECT_EQ(users_->view().revision, 3u);
  EXPECT_EQ(told_.calls, (std::vector<std::string>{"changed ann"}));
  EnableWithRoot();
  EXPECT_EQ(users_->DeleteUser("root"), errors::kInvalidAuthManagement);
  EXPECT_EQ(users_->RevokeRole("root", "root"), errors::kInvalidAuthManagement);
  EXPECT_EQ(users_->DeleteRole("root"), errors::kInvalidAuthManagement);
}

TEST_F(UsersTest, KeepsWhatBcryptMakesOfPasswords) {
  ASSERT_TRUE(AddUser("ann", "one").ok());
  EXPECT_TRUE(IsPasswordOf(users_->view().users.Find("ann")->password(), "one"));
  etcdserverpb::AuthUserChangePasswordRequest change;
  change.set_name("ann");
  change.set_hashedpassword(base::Base64Encode(HashOf("two"), base::Base64::kPadded));
  ASSERT_TRUE(users_->GrantRole("ann", "root").ok());
  ASSERT_TRUE(users_->ChangePassword(change).ok());
  EXPECT_TRUE(IsPasswordOf(users_->view().users.Find("ann")->password(), "two"));
  EXPECT_EQ(users_->view().users.Find("ann")->roles_size(), 1);
  EXPECT_EQ(told_.calls, (std::vector<std::string>{"changed ann"}));
  change.set_hashedpassword("!");
  EXPECT_EQ(users_->ChangePassword(change), errors::kNoPasswordUser);
  change.set_name("bob");
  EXPECT_EQ(users_->ChangePassword(change), errors::kUserNotFound);
}

// As members before 3.5 have put it into the log.
TEST_F(UsersTest, EveryMemberMakesTheSameOfAPlainPassword) {
  etcdserverpb::AuthUserAddRequest request;
  request.set_name("ann");
  request.set_password("secret");
  ASSERT_TRUE(users_->AddUser(request).ok());
  const std::string hash = users_->view().users.Find("ann")->password();
  EXPECT_TRUE(IsPasswordOf(hash, "secret"));
  ASSERT_TRUE(users_->DeleteUser("ann").ok());
  ASSERT_TRUE(users_->AddUser(request).ok());
  EXPECT_EQ(users_->view().users.Find("ann")->password(), hash);
}

TEST_F(UsersTest, AUserMayHaveNoPassword) {
  EnableWithRoot();
  etcdserverpb::AuthUserAddRequest request;
  request.set_name("ann");
  request.set_hashedpassword("!");
  request.mutable_options()->set_no_password(true);
  ASSERT_TRUE(users_->AddUser(request).ok());
  EXPECT_EQ(users_->view().users.Find("ann")->password(), "");
  EXPECT_EQ(users_->LogIn("ann", "x", base::Index(5)).status(), errors::kAuthFailed);
}

TEST_F(UsersTest, WhoHasLoggedInIsKnownByAToken) {
  EXPECT_EQ(users_->LogIn("root", "x", base::Index(5)).status(), errors::kAuthNotEnabled);
  EnableWithRoot();
  EXPECT_EQ(users_->LogIn("root", "x", base::Index(5)).value(), "x.4");
  EXPECT_EQ(users_->LogIn("root", "", base::Index(6)).value(), "");
  EXPECT_EQ(users_->LogIn("ann", "y", base::Index(7)).status(), errors::kAuthFailed);
  EXPECT_EQ(told_.calls, (std::vector<std::string>{"token root x.4"}));
}

TEST_F(UsersTest, RolesAreGrantedAndRevoked) {
  ASSERT_TRUE(AddUser("ann").ok());
  EXPECT_EQ(users_->GrantRole("bob", "r"), errors::kUserNotFound);
  EXPECT_EQ(users_->GrantRole("ann", "r"), errors::kRoleNotFound);
  EXPECT_EQ(users_->AddRole(""), errors::kRoleEmpty);
  ASSERT_TRUE(users_->AddRole("r").ok());
  ASSERT_TRUE(users_->AddRole("a").ok());
  EXPECT_EQ(users_->AddRole("r"), errors::kRoleExists);
  ASSERT_TRUE(users_->GrantRole("ann", "r").ok());
  ASSERT_TRUE(users_->GrantRole("ann", "a").ok());
  const uint64_t revision = users_->view().revision;
  EXPECT_TRUE(users_->GrantRole("ann", "a").ok());
  EXPECT_EQ(users_->view().revision, revision);
  EXPECT_EQ(users_->view().users.Find("ann")->roles(0), "a");
  EXPECT_EQ(users_->view().users.Find("ann")->roles(1), "r");
  EXPECT_EQ(users_->RevokeRole("bob", "r"), errors::kUserNotFound);
  EXPECT_TRUE(users_->RevokeRole("ann", "r").ok());
  EXPECT_EQ(users_->RevokeRole("ann", "r"), errors::kRoleNotGranted);
  EXPECT_TRUE(users_->DeleteRole("a").ok());
  EXPECT_EQ(users_->DeleteRole("a"), errors::kRoleNotFound);
  EXPECT_EQ(users_->view().users.Find("ann")->roles_size(), 0);
}

TEST_F(UsersTest, PermissionsAreGrantedAndRevoked) {
  ASSERT_TRUE(users_->AddRole("r").ok());
  EXPECT_EQ(users_->GrantPermission({}), errors::kPermissionNotGiven);
  EXPECT_EQ(Grant("r", kRead, ""), errors::kInvalidAuthManagement);
  EXPECT_EQ(Grant("r", kRead, "b", "a"), errors::kInvalidAuthManagement);
  EXPECT_EQ(Grant("r", kRead, "b", "b"), errors::kInvalidAuthManagement);
  EXPECT_EQ(Grant("s", kRead, "b"), errors::kRoleNotFound);
  ASSERT_TRUE(Grant("r", kRead, "b").ok());
  ASSERT_TRUE(Grant("r", kWrite, "c", kOpen).ok());
  ASSERT_TRUE(Grant("r", kReadWrite, "a", "c").ok());
  ASSERT_TRUE(Grant("r", kReadWrite, "b", "d").ok());
  ASSERT_TRUE(Grant("r", kWrite, "b").ok());
  EXPECT_EQ(PermissionsOf("r"),
            (std::vector<std::string>{"READWRITE a c", "WRITE b ", "READWRITE b d", "WRITE c ~"}));
  EXPECT_EQ(Revoke("s", "b"), errors::kRoleNotFound);
  EXPECT_EQ(Revoke("r", "b", "e"), errors::kPermissionNotGranted);
  EXPECT_TRUE(Revoke("r", "b", "d").ok());
  EXPECT_EQ(PermissionsOf("r"),
            (std::vector<std::string>{"READWRITE a c", "WRITE b ", "WRITE c ~"}));
}

TEST_F(UsersTest, RightsAreThoseOfAllRolesTogether) {
  EnableWithRoot();
  AddUserWithRole("ann");
  ASSERT_TRUE(users_->AddRole("more").ok());
  ASSERT_TRUE(Grant("ann", kReadWrite, "a", "c").ok());
  ASSERT_TRUE(Grant("more", kRead, "c", "e").ok());
  EXPECT_EQ(Check("ann", Access::kRead, {"a", "e"}), errors::kPermissionDenied);
  ASSERT_TRUE(users_->GrantRole("ann", "more").ok());
  EXPECT_TRUE(Check("ann", Access::kRead, {"a", "e"}).ok());
  EXPECT_EQ(Check("ann", Access::kWrite, {"a", "e"}), errors::kPermissionDenied);
  EXPECT_TRUE(Check("root", Access::kWrite, {kOpen, kOpen}).ok());
  ASSERT_TRUE(Grant("more", kWrite, "c", kOpen).ok());
  EXPECT_TRUE(Check("ann", Access::kWrite, {"a", kOpen}).ok());
  ASSERT_TRUE(users_->DeleteRole("more").ok());
  EXPECT_EQ(Check("ann", Access::kRead, {"c"}), errors::kPermissionDenied);
  EXPECT_EQ(Check("bob", Access::kRead, {"a"}), errors::kPermissionDenied);
  ASSERT_TRUE(users_->DeleteUser("ann").ok());
  EXPECT_EQ(Check("ann", Access::kRead, {"a"}), errors::kPermissionDenied);
}

TEST_F(UsersTest, WhoWasKnownBeforeTheLastChangeIsAskedAgain) {
  EnableWithRoot();
  const Identity root{"root", users_->view().revision};
  ASSERT_TRUE(users_->AddRole("r").ok());
  EXPECT_EQ(judge_->CheckKeys(root, Access::kRead, {"a"}), errors::kAuthOldRevision);
  EXPECT_TRUE(judge_->CheckRoot(root).ok());
  EXPECT_TRUE(judge_->CheckUser(root).ok());
}

TEST_F(UsersTest, OnlyWhoHasItsRoleIsRoot) {
  EnableWithRoot();
  AddUserWithRole("ann");
  const Identity ann{"ann", users_->view().revision};
  EXPECT_EQ(judge_->CheckRoot(ann), errors::kPermissionDenied);
  EXPECT_TRUE(judge_->CheckUser(ann).ok());
  ASSERT_TRUE(users_->GrantRole("ann", "root").ok());
  EXPECT_TRUE(judge_->CheckRoot(ann).ok());
}

TEST_F(UsersTest, ReadersKeepTheViewThatTheyHave) {
  EnableWithRoot();
  const auto before = users_->published().Get();
  ASSERT_TRUE(AddUser("ann").ok());
  EXPECT_EQ(before->users.size(), 1u);
  EXPECT_EQ(users_->published().Get()->users.size(), 2u);
}

TEST(Bcrypt, IsGosBcrypt) {
  // Made by golang.org/x/crypto/bcrypt.
  EXPECT_TRUE(
      IsPasswordOf("$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine"));
  EXPECT_FALSE(
      IsPasswordOf("$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmin"));
  EXPECT_FALSE(IsPasswordOf("", ""));
  EXPECT_FALSE(IsPasswordOf("secret", "secret"));
  EXPECT_FALSE(IsPasswordOf("$2a$10$", "secret"));
}

TEST(Bcrypt, TakesPasswordsAsGoDoes) {
  EXPECT_TRUE(HashOf("").starts_with("$2a$04$"));
  EXPECT_TRUE(IsPasswordOf(HashOf(""), ""));
  EXPECT_FALSE(IsPasswordOf(HashOf(""), "a"));
  const std::string longest(kBcryptPasswordBytesMax, 'p');
  EXPECT_TRUE(IsPasswordOf(HashOf(longest), longest + "q"));
  const auto too_long = HashPassword(longest + "q", 4, {kSalt, kBcryptSaltBytes});
  EXPECT_EQ(too_long.status(),
            base::Status(base::Code::kUnknown, "bcrypt: password length exceeds 72 bytes"));
  const std::string zero("a\0b", 3);
  EXPECT_EQ(HashPassword(zero, 4, {kSalt, kBcryptSaltBytes}).status().code(),
            base::Code::kInvalidArgument);
  EXPECT_FALSE(IsPasswordOf(HashOf("a"), zero));
}

}  // namespace
}  // namespace auth
