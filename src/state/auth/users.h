#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "runtime/published.h"
#include "state/auth/observer.h"
#include "state/auth/view.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace etcdserverpb {
class AuthRoleGrantPermissionRequest;
class AuthRoleRevokePermissionRequest;
class AuthUserAddRequest;
class AuthUserChangePasswordRequest;
}  // namespace etcdserverpb

namespace auth {

// The users, their roles and what these permit, in memory and, through the write buffer, in the
// database. Belongs to the apply loop, but for published(); changes are parts of the entry being
// applied, and are published with it. Who may make them was checked.
//
// Compat: a refusal changes nothing, and has etcd's code and text; the records are etcd's, byte for
// byte.
class Users {
 public:
  // kDataLoss, naming the record, for one that cannot be believed. `buffer` outlives this.
  static base::Result<std::unique_ptr<Users>> Load(backend::Reader& reader,
                                                   backend::WriteBuffer* buffer);

  const View& view() const { return view_; }
  const runtime::Published<const View>& published() const { return published_; }
  // Null: nobody. Outlives this.
  void SetObserver(Observer* observer) { observer_ = observer; }

  // kRootUserNotExist, kRootRoleNotExist; OK if it is enabled.
  base::Status Enable();
  void Disable();

  // A user whose password was checked, for the entry at `index`, has logged in. kAuthNotEnabled, or
  // kAuthFailed if he cannot any more. With a `prefix` the token by which he is known from now on:
  // it, a dot, and the index of the entry before; without it none.
  base::Result<std::string> LogIn(const std::string& user, std::string_view prefix,
                                  base::Index index);

  // kUserEmpty, kUserExists, kNoPasswordUser.
  base::Status AddUser(const etcdserverpb::AuthUserAddRequest& request);
  // kUserNotFound; kInvalidAuthManagement for the root user while authentication is enabled.
  base::Status DeleteUser(const std::string& user);
  base::Status ChangePassword(const etcdserverpb::AuthUserChangePasswordRequest& request);
  // kUserNotFound, kRoleNotFound; OK if the user has it.
  base::Status GrantRole(const std::string& user, const std::string& role);
  // kInvalidAuthManagement for root's role while authentication is enabled; kUserNotFound,
  // kRoleNotGranted.
  base::Status RevokeRole(const std::string& user, const std::string& role);

  // kRoleEmpty, kRoleExists.
  base::Status AddRole(const std::string& role);
  // kInvalidAuthManagement for the root role while authentication is enabled; kRoleNotFound.
  // Nobody has it any more.
  base::Status DeleteRole(const std::string& role);
  // kPermissionNotGiven, kInvalidAuthManagement for a range that is none, kRoleNotFound.
  base::Status GrantPermission(const etcdserverpb::AuthRoleGrantPermissionRequest& request);
  // kRoleNotFound, kPermissionNotGranted.
  base::Status RevokePermission(const etcdserverpb::AuthRoleRevokePermissionRequest& request);

 private:
  explicit Users(backend::WriteBuffer* buffer) : buffer_(*buffer) {}

  base::Status LoadRecords(backend::Reader& reader);
  void Put(authpb::User user);
  void Put(authpb::Role role);
  void SaveEnabled();
  void SaveRevision();
  // The users and roles are others.
  void Change();
  void Publish();

  backend::WriteBuffer& buffer_;
  Observer* observer_ = nullptr;
  View view_;
  runtime::Published<const View> published_;
};

}  // namespace auth
