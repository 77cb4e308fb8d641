#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/identity/passwords.h"
#include "api/v2/access.h"
#include "api/v2/accounts.h"
#include "api/v2/call.h"
#include "proto/v2.pb.h"
#include "server/frontend.h"
#include "server/server.h"
#include "state/v2/store.h"

namespace v2 {

// /v2/auth of one loop: users, roles, and whether they count. Changes are made to what a
// linearizable read has found.
class AccountsApi {
 public:
  struct Parts {
    server::Server* server;
    server::Frontend* frontend;
    identity::Passwords* passwords;
    Access* access;
  };
  // All outlive this.
  explicit AccountsApi(const Parts& parts) : parts_(parts) {}

  // `path`: what follows /v2/auth/, decoded.
  static bool Has(base::ByteView path);
  // Of a path that there is. The cluster has a tree.
  void Serve(const std::shared_ptr<Call>& call, base::ByteView path);

 private:
  using CallRef = std::shared_ptr<Call>;
  // What has become of a change: an error of the store, or of the log.
  using OnChanged = std::function<void(const Error& error)>;
  using OnView = std::function<void(const View& view)>;

  void ServeEnable(const CallRef& call);
  void ServeUsers(const CallRef& call);
  void ServeUser(const CallRef& call, const std::string& name);
  void ServeRoles(const CallRef& call);
  void ServeRole(const CallRef& call, const std::string& name);
  // Goes on if root asks.
  void ForRoot(const CallRef& call, std::function<void()> then);

  void SetEnabled(const CallRef& call, bool enabled);
  void ShowUser(const CallRef& call, const std::string& name);
  void PutUser(const CallRef& call, const std::string& name);
  void CreateUser(const CallRef& call, User user, int status);
  void UpdateUser(const CallRef& call, const User& request);
  void SaveUser(const CallRef& call, const User& user, bool exists, int status);
  void DeleteUser(const CallRef& call, const std::string& name);
  void PutRole(const CallRef& call, const std::string& name);
  void CreateRole(const CallRef& call, const Role& role);
  void UpdateRole(const CallRef& call, const Role& request);
  void DeleteRole(const CallRef& call, const std::string& name);

  // Runs `then` with the tree as it is after all that was answered before.
  void WithView(const CallRef& call, OnView then);
  void Hash(const CallRef& call, const std::string& password,
            std::function<void(const std::string& hash)> then);
  // Below kAuth.
  void Put(const CallRef& call, const std::string& path, const std::string& value, bool exists,
           OnChanged then);
  // Answers; with `missing` if it is not there.
  void Delete(const CallRef& call, const std::string& path, const std::string& missing);
  void Propose(const CallRef& call, v2pb::Request request, OnChanged then);
  // Makes the directories of users and roles, if they are not there.
  void MakeDirectories(const CallRef& call, size_t step, std::function<void()> then);

  void Send(const CallRef& call, int status, const std::string& json) const;
  void Done(const CallRef& call) const;
  // An error of users and roles: begins with "auth: ".
  void Refuse(const CallRef& call, int status, const std::string& text) const;
  void Refuse(const CallRef& call, const base::Status& status) const;
  void RefuseBody(const CallRef& call, const std::string& text) const;
  // What went wrong is nothing that the caller can do something about.
  void Fail(const CallRef& call) const;

  const Parts parts_;
};

}  // namespace v2
