#pragma once

#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <etcd/client.h>

namespace etcd {
inline namespace v1 {

enum class PermissionType : uint8_t { kRead = 0, kWrite = 1, kReadWrite = 2 };

// To a key, or to the keys from `key` up to `range_end`, which is as in a GetRequest.
struct Permission {
  PermissionType type = PermissionType::kRead;
  std::string key = {};
  std::string range_end = {};
};

struct AuthStatusResponse {
  ResponseHeader header = {};
  bool enabled = false;
  uint64_t auth_revision = 0;  // grows with each change of users, roles and permissions
};

struct AuthenticateResponse {
  ResponseHeader header = {};
  std::string token = {};
};

struct UserAddRequest {
  std::string name = {};
  std::string password = {};
  bool no_password = false;  // the user is known by the name in his certificate alone
};

struct UserGetResponse {
  ResponseHeader header = {};
  std::vector<std::string> roles = {};
};

struct UserListResponse {
  ResponseHeader header = {};
  std::vector<std::string> users = {};
};

struct RoleGetResponse {
  ResponseHeader header = {};
  std::vector<Permission> permissions = {};
};

struct RoleListResponse {
  ResponseHeader header = {};
  std::vector<std::string> roles = {};
};

// Of everything that changes users, roles or their use.
struct AuthChangeResponse {
  ResponseHeader header = {};
};

// The calls of a client about who may do what. Threads, errors and the three forms of a call are
// the client's, which outlives this. Once authentication is enabled they need the role "root", but
// for those that say so (kPermissionDenied). What is read is tried again as other reads are.
//
// A password is held by the call alone, and told to the member alone: use TLS.
class Auth {
 public:
  template <typename T>
  using Callback = Client::Callback<T>;

  explicit Auth(Client* client) : client_(*client) {}

  // Needs a user "root" that has the role "root" (kFailedPrecondition). From then on every call but
  // AuthStatus and Authenticate has to say who asks.
  Result<AuthChangeResponse> AuthEnable(const CallOptions& options = {});
  void AuthEnable(const CallOptions& options, Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> AuthEnableAsync(const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { AuthEnable(options, std::move(done)); });
  }

  Result<AuthChangeResponse> AuthDisable(const CallOptions& options = {});
  void AuthDisable(const CallOptions& options, Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> AuthDisableAsync(const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { AuthDisable(options, std::move(done)); });
  }

  // Anybody may ask.
  Result<AuthStatusResponse> AuthStatus(const CallOptions& options = {});
  void AuthStatus(const CallOptions& options, Callback<AuthStatusResponse> done);
  std::future<Result<AuthStatusResponse>> AuthStatusAsync(const CallOptions& options = {}) {
    return Client::Future<AuthStatusResponse>(
        [&](auto done) { AuthStatus(options, std::move(done)); });
  }

  // A token for `ClientOptions::token`, or for a client of another kind. A client that was made
  // with a password needs none: it asks by itself. kFailedPrecondition while authentication is off.
  Result<AuthenticateResponse> Authenticate(const std::string& name, const std::string& password,
                                            const CallOptions& options = {});
  void Authenticate(const std::string& name, const std::string& password,
                    const CallOptions& options, Callback<AuthenticateResponse> done);
  std::future<Result<AuthenticateResponse>> AuthenticateAsync(const std::string& name,
                                                              const std::string& password,
                                                              const CallOptions& options = {}) {
    return Client::Future<AuthenticateResponse>(
        [&](auto done) { Authenticate(name, password, options, std::move(done)); });
  }

  // ---- Users ----
  //
  // kFailedPrecondition if one that is added is there, or another is not.

  Result<AuthChangeResponse> UserAdd(const UserAddRequest& request,
                                     const CallOptions& options = {});
  void UserAdd(const UserAddRequest& request, const CallOptions& options,
               Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> UserAddAsync(const UserAddRequest& request,
                                                       const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { UserAdd(request, options, std::move(done)); });
  }

  Result<AuthChangeResponse> UserDelete(const std::string& name, const CallOptions& options = {});
  void UserDelete(const std::string& name, const CallOptions& options,
                  Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> UserDeleteAsync(const std::string& name,
                                                          const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { UserDelete(name, options, std::move(done)); });
  }

  // A user may ask for himself.
  Result<UserGetResponse> UserGet(const std::string& name, const CallOptions& options = {});
  void UserGet(const std::string& name, const CallOptions& options, Callback<UserGetResponse> done);
  std::future<Result<UserGetResponse>> UserGetAsync(const std::string& name,
                                                    const CallOptions& options = {}) {
    return Client::Future<UserGetResponse>(
        [&](auto done) { UserGet(name, options, std::move(done)); });
  }

  Result<UserListResponse> UserList(const CallOptions& options = {});
  void UserList(const CallOptions& options, Callback<UserListResponse> done);
  std::future<Result<UserListResponse>> UserListAsync(const CallOptions& options = {}) {
    return Client::Future<UserListResponse>([&](auto done) { UserList(options, std::move(done)); });
  }

  // The tokens of the user end; a client with the old password then fails.
  Result<AuthChangeResponse> UserChangePassword(const std::string& name,
                                                const std::string& password,
                                                const CallOptions& options = {});
  void UserChangePassword(const std::string& name, const std::string& password,
                          const CallOptions& options, Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> UserChangePasswordAsync(const std::string& name,
                                                                  const std::string& password,
                                                                  const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { UserChangePassword(name, password, options, std::move(done)); });
  }

  Result<AuthChangeResponse> UserGrantRole(const std::string& user, const std::string& role,
                                           const CallOptions& options = {});
  void UserGrantRole(const std::string& user, const std::string& role, const CallOptions& options,
                     Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> UserGrantRoleAsync(const std::string& user,
                                                             const std::string& role,
                                                             const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { UserGrantRole(user, role, options, std::move(done)); });
  }

  Result<AuthChangeResponse> UserRevokeRole(const std::string& user, const std::string& role,
                                            const CallOptions& options = {});
  void UserRevokeRole(const std::string& user, const std::string& role, const CallOptions& options,
                      Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> UserRevokeRoleAsync(const std::string& user,
                                                              const std::string& role,
                                                              const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { UserRevokeRole(user, role, options, std::move(done)); });
  }

  // ---- Roles ----
  //
  // The role "root" may do everything, and needs no permissions.

  Result<AuthChangeResponse> RoleAdd(const std::string& name, const CallOptions& options = {});
  void RoleAdd(const std::string& name, const CallOptions& options,
               Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> RoleAddAsync(const std::string& name,
                                                       const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { RoleAdd(name, options, std::move(done)); });
  }

  // Users lose it.
  Result<AuthChangeResponse> RoleDelete(const std::string& name, const CallOptions& options = {});
  void RoleDelete(const std::string& name, const CallOptions& options,
                  Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> RoleDeleteAsync(const std::string& name,
                                                          const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { RoleDelete(name, options, std::move(done)); });
  }

  // A user may ask for his own.
  Result<RoleGetResponse> RoleGet(const std::string& name, const CallOptions& options = {});
  void RoleGet(const std::string& name, const CallOptions& options, Callback<RoleGetResponse> done);
  std::future<Result<RoleGetResponse>> RoleGetAsync(const std::string& name,
                                                    const CallOptions& options = {}) {
    return Client::Future<RoleGetResponse>(
        [&](auto done) { RoleGet(name, options, std::move(done)); });
  }

  Result<RoleListResponse> RoleList(const CallOptions& options = {});
  void RoleList(const CallOptions& options, Callback<RoleListResponse> done);
  std::future<Result<RoleListResponse>> RoleListAsync(const CallOptions& options = {}) {
    return Client::Future<RoleListResponse>([&](auto done) { RoleList(options, std::move(done)); });
  }

  // Takes the place of one for the same range.
  Result<AuthChangeResponse> RoleGrantPermission(const std::string& role,
                                                 const Permission& permission,
                                                 const CallOptions& options = {});
  void RoleGrantPermission(const std::string& role, const Permission& permission,
                           const CallOptions& options, Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> RoleGrantPermissionAsync(
      const std::string& role, const Permission& permission, const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { RoleGrantPermission(role, permission, options, std::move(done)); });
  }

  // Of exactly this range, as it was granted (kFailedPrecondition if there is none).
  Result<AuthChangeResponse> RoleRevokePermission(const std::string& role, const std::string& key,
                                                  const std::string& range_end,
                                                  const CallOptions& options = {});
  void RoleRevokePermission(const std::string& role, const std::string& key,
                            const std::string& range_end, const CallOptions& options,
                            Callback<AuthChangeResponse> done);
  std::future<Result<AuthChangeResponse>> RoleRevokePermissionAsync(
      const std::string& role, const std::string& key, const std::string& range_end,
      const CallOptions& options = {}) {
    return Client::Future<AuthChangeResponse>(
        [&](auto done) { RoleRevokePermission(role, key, range_end, options, std::move(done)); });
  }

 private:
  Client::Impl* Impl();

  Client& client_;
};

}  // namespace v1
}  // namespace etcd
