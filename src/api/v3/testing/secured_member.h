#pragma once

#include <string>

#include "api/v3/testing/served_member.h"
#include "base/check.h"

namespace v3::testing {

// A served member with authentication enabled. There is root, and a user `ann`, who may read what
// begins with "r/" and write what begins with "w/"; each has his name for a password.
class SecuredMember : public ServedMember {
 public:
  // `extensions` are understood beyond etcd's requests.
  explicit SecuredMember(members::Extensions extensions = {}) {
    options().extensions = std::move(extensions);
    StartAndWait();
    for (const char* const name : {"root", "ann"}) {
      etcdserverpb::AuthUserAddRequest user;
      user.set_name(name);
      user.set_password(name);
      CHECK(Call(kUserAdd, user).ok());
      etcdserverpb::AuthRoleAddRequest role;
      role.set_name(name);
      CHECK(Call(kRoleAdd, role).ok());
      etcdserverpb::AuthUserGrantRoleRequest grant;
      grant.set_user(name);
      grant.set_role(name);
      CHECK(Call(kUserGrantRole, grant).ok());
    }
    Permit(authpb::Permission::READ, "r/", "r0");
    Permit(authpb::Permission::WRITE, "w/", "w0");
    CHECK(Call(kAuthEnable, {}).ok());
  }

  // Of a new log-in.
  std::string TokenOf(const std::string& user) {
    etcdserverpb::AuthenticateRequest request;
    request.set_name(user);
    request.set_password(user);
    const auto answer = Call(kAuthenticate, request);
    CHECK(answer.ok());
    return answer.response().token();
  }
  // The user asks from now on.
  void LogIn(const std::string& user) { SetToken(TokenOf(user)); }

  // The process ends and begins anew; nobody has logged in.
  void Restart() {
    SetToken("");
    Kill();
    StartAndWait();
  }

 private:
  void Permit(authpb::Permission::Type type, const std::string& key, const std::string& end) {
    etcdserverpb::AuthRoleGrantPermissionRequest request;
    request.set_name("ann");
    request.mutable_perm()->set_permtype(type);
    request.mutable_perm()->set_key(key);
    request.mutable_perm()->set_range_end(end);
    CHECK(Call(kRoleGrantPermission, request).ok());
  }
};

}  // namespace v3::testing
