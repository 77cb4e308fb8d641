#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "state/v2/store.h"

// Users and roles of the v2 API: files of the tree, below kAuth, in JSON, as etcd keeps them.

namespace v2 {

inline constexpr char kRootName[] = "root";
inline constexpr char kGuestName[] = "guest";

// Names; nothing is Go's nil, which is shown as null.
using Names = std::optional<std::vector<std::string>>;

// Keys, or their beginnings with a '*' at the end.
struct Patterns {
  Names read = {};
  Names write = {};

  bool empty() const {
    return (!read.has_value() || read->empty()) && (!write.has_value() || write->empty());
  }
};

struct Role {
  std::string name = {};
  Patterns patterns = {};
  // Of a request; what makes a role is kept with them, where they are empty.
  std::optional<Patterns> grant = {};
  std::optional<Patterns> revoke = {};

  bool MayUse(std::string_view key, bool writes, bool recursive) const;
};

struct User {
  std::string name = {};
  std::string password = {};  // what is kept of it; of a request the password itself
  Names roles = {};
  // Of a request alone.
  Names grant = {};
  Names revoke = {};
};

// Nothing for what is no such JSON.
std::optional<Role> ParseRole(base::ByteView json);
std::optional<User> ParseUser(base::ByteView json);
// {"role":"r","permissions":{"kv":{"read":[..],"write":[..]}}}, then "grant" and "revoke" if there
// are such, of the same form as "permissions".
std::string ToJson(const Role& role);
// {"user":"u","password":"..","roles":[..]}, an empty password left out.
std::string ToJson(const User& user);

// A user named root has the role root always, whatever is kept of it.
User WithRootRole(User user);

// What the tree has.
bool IsEnabled(const View& view);
bool HasDirectories(const View& view);
std::optional<Role> FindRole(const View& view, std::string_view name);
std::optional<User> FindUser(const View& view, std::string_view name);
// Ascending; root is a role always.
std::vector<std::string> RoleNames(const View& view);
std::vector<std::string> UserNames(const View& view);

// What a request makes of a role, or of a user, that is there: an error in etcd's words if that
// cannot be.
base::Result<Role> Merge(const Role& old, const Role& request);
// `password`: of the request, hashed; empty if it has none.
base::Result<User> Merge(const User& old, const User& request, const std::string& password);

}  // namespace v2
