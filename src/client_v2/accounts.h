#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client_v2/cluster.h"

// Calls of /v2/auth.

namespace client_v2 {

struct User {
  std::string name;
  std::vector<std::string> roles;
};
struct Role {
  std::string name;
  std::vector<std::string> reads;
  std::vector<std::string> writes;

  friend bool operator==(const Role&, const Role&) = default;
};

enum class Change : uint8_t { kGrant, kRevoke };

class Accounts {
 public:
  // `cluster` outlives this.
  Accounts(Cluster* cluster, Deadline deadline) : cluster_(cluster), deadline_(deadline) {}

  std::optional<Failure> Enable(bool is_on);

  std::optional<Failure> ListUsers(std::vector<std::string>* names);
  std::optional<Failure> GetUser(const std::string& name, User* user);
  // Also changes the password of one that there is.
  std::optional<Failure> PutUser(const std::string& name, const std::string& password);
  std::optional<Failure> RemoveUser(const std::string& name);
  std::optional<Failure> ChangeRoles(const std::string& user, Change change,
                                     const std::vector<std::string>& roles);

  std::optional<Failure> ListRoles(std::vector<std::string>* names);
  std::optional<Failure> GetRole(const std::string& name, Role* role);
  std::optional<Failure> AddRole(const std::string& name);
  std::optional<Failure> RemoveRole(const std::string& name);
  struct Access {
    std::string path;
    bool read = false;
    bool write = false;
  };
  // `*now`: as it is then.
  std::optional<Failure> ChangeAccess(const std::string& role, Change change, const Access& access,
                                      Role* now);

 private:
  std::optional<Failure> Ask(const std::string& method, const std::string& path,
                             const std::optional<std::string>& body, Reply* reply);

  Cluster* const cluster_;
  const Deadline deadline_;
};

}  // namespace client_v2
