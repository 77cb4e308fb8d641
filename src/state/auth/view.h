#pragma once

#include <cstdint>
#include <memory>

#include "state/auth/shared_map.h"

namespace authpb {
class Role;
class User;
}  // namespace authpb

namespace auth {

// Users and roles at one moment, as they lie in the database. It does not change.
struct View {
  bool enabled = false;
  // One more after each change of users and roles, and when authentication is disabled; the first
  // is 1.
  uint64_t revision = 1;
  SharedMap<authpb::User> users;
  SharedMap<authpb::Role> roles;

  // Differs between any two views of one member of which somebody may do less or more; above 0.
  uint64_t stamp() const { return revision << 1 | (enabled ? 1 : 0); }
};

// The user who may do all once he has the role of the same name.
inline constexpr char kRoot[] = "root";

// Whether a user is given a role.
bool HasRole(const authpb::User& user, std::string_view role);

}  // namespace auth
