#include "state/auth/users.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/errors.h"
#include "base/varint.h"
#include "proto/auth.pb.h"
#include "proto/rpc.pb.h"
#include "state/auth/bcrypt.h"
#include "state/auth/key_range.h"
#include "state/auth/planted.h"
#include "storage/schema/schema.h"

// Why a record is replaced and never changed: others read it, on other threads.
//
// Why the first revision is saved, though nobody has changed anything: a member of etcd that gets
// this database in a snapshot counts from what it finds there, from 0 if there is nothing, and then
// applies requests that all others refuse.

namespace auth {
namespace {

constexpr backend::BucketId kAuth = schema::Id(schema::Bucket::kAuth);
constexpr backend::BucketId kUsers = schema::Id(schema::Bucket::kAuthUsers);
constexpr backend::BucketId kRoles = schema::Id(schema::Bucket::kAuthRoles);

base::Status Damaged(std::string_view what) {
  return {base::Code::kDataLoss, "bucket " + std::string(what)};
}

template <typename Record>
base::Status LoadInto(backend::Reader& reader, backend::BucketId bucket, std::string_view name,
                      SharedMap<Record>* records) {
  const auto cursor = reader.NewCursor(bucket);
  RETURN_IF_ERROR(cursor->Seek({}));
  while (cursor->valid()) {
    auto record = std::make_shared<Record>();
    const base::ByteView value = cursor->value();
    const bool is_one = record->ParseFromArray(value.data(), static_cast<int>(value.size()));
    if (!is_one || record->name() != cursor->key()) {
      return Damaged(std::string(name) + ": a record is none");
    }
    records->Set(cursor->key(), std::move(record));
    RETURN_IF_ERROR(cursor->Next());
  }
  return {};
}

// For what older members put into the log, as it was given: each member makes the same of it.
base::Result<std::string> HashOfPlain(const std::string& user, const std::string& password) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  const std::string text = user + '\0' + password;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return HashPassword(password, kBcryptCostDefault,
                      {reinterpret_cast<const char*>(digest.data()), kBcryptSaltBytes});
}

// bcrypt's text, of a request that adds a user or changes his password; nothing if it has none.
template <typename Request>
std::optional<std::string> PasswordOf(const Request& request) {
  if (request.password().empty() || !request.hashedpassword().empty()) {
    return base::Base64Decode(request.hashedpassword());
  }
  base::Result<std::string> hash = HashOfPlain(request.name(), request.password());
  return hash.ok() ? std::optional(*std::move(hash)) : std::nullopt;
}

// False if he has no such role.
bool TakeRole(authpb::User* user, std::string_view role) {
  auto* const roles = user->mutable_roles();
  const auto rest = std::remove(roles->begin(), roles->end(), role);
  if (rest == roles->end()) return false;
  roles->erase(rest, roles->end());
  return true;
}

// Compat: from 3.5 on.
bool IsRange(const KeyRange& range) {
  return !range.key.empty() && (range.is_single() || range.is_open() || range.key < range.end);
}

}  // namespace

base::Result<std::unique_ptr<Users>> Users::Load(backend::Reader& reader,
                                                 backend::WriteBuffer* buffer) {
  std::unique_ptr<Users> users(new Users(buffer));
  RETURN_IF_ERROR(users->LoadRecords(reader));
  users->Publish();
  return users;
}

base::Status Users::LoadRecords(backend::Reader& reader) {
  ASSIGN_OR_RETURN(const auto enabled, reader.Get(kAuth, schema::kAuthEnabled));
  view_.enabled = enabled == base::ByteView("\1", 1);
  ASSIGN_OR_RETURN(const auto revision, reader.Get(kAuth, schema::kAuthRevision));
  if (revision.has_value()) {
    if (revision->size() != sizeof(uint64_t)) return Damaged("auth: no revision");
    view_.revision = std::max(base::Load64Be(revision->data()), uint64_t{1});
    if (base::Planted(PlantedBug::kLoadForgetsRevision)) view_.revision = 1;
  } else {
    SaveRevision();
  }
  RETURN_IF_ERROR(LoadInto(reader, kUsers, "authUsers", &view_.users));
  return LoadInto(reader, kRoles, "authRoles", &view_.roles);
}

base::Status Users::Enable() {
  if (view_.enabled) return {};
  const auto& root = view_.users.Find(kRoot);
  if (root == nullptr) return base::errors::kRootUserNotExist;
  if (!HasRole(*root, kRoot)) return base::errors::kRootRoleNotExist;
  view_.enabled = true;
  SaveEnabled();
  Publish();
  return {};
}

void Users::Disable() {
  if (!view_.enabled) return;
  view_.enabled = false;
  SaveEnabled();
  Change();
  if (base::Planted(PlantedBug::kDisablingKeepsTokens)) return;
  if (observer_ != nullptr) observer_->OnAllChanged();
}

base::Result<std::string> Users::LogIn(const std::string& user, std::string_view prefix,
                                       base::Index index) {
  if (!view_.enabled) return base::Status(base::errors::kAuthNotEnabled);
  const auto& record = view_.users.Find(user);
  if (record == nullptr || record->options().no_password()) {
    return base::Status(base::errors::kAuthFailed);
  }
  if (prefix.empty()) return std::string();
  // Compat: of the entry before; all members must make the same of it.
  std::string token = std::string(prefix) + '.' + ToString(base::Index(index.value() - 1));
  if (observer_ != nullptr) observer_->OnToken(user, token);
  return token;
}

base::Status Users::AddUser(const etcdserverpb::AuthUserAddRequest& request) {
  if (request.name().empty()) return base::errors::kUserEmpty;
  if (view_.users.Find(request.name()) != nullptr) return base::errors::kUserExists;
  authpb::User user;
  user.set_name(request.name());
  *user.mutable_options() = request.options();
  if (!user.options().no_password()) {
    const std::optional<std::string> password = PasswordOf(request);
    if (!password.has_value()) return base::errors::kNoPasswordUser;
    user.set_password(*password);
  }
  Put(std::move(user));
  Change();
  return {};
}

base::Status Users::DeleteUser(const std::string& user) {
  if (view_.enabled && user == kRoot) return base::errors::kInvalidAuthManagement;
  if (view_.users.Find(user) == nullptr) return base::errors::kUserNotFound;
  view_.users.Erase(user);
  buffer_.Delete(kUsers, user);
  Change();
  if (base::Planted(PlantedBug::kDeletedUserKeepsTokens)) return {};
  if (observer_ != nullptr) observer_->OnUserChanged(user);
  return {};
}

base::Status Users::ChangePassword(const etcdserverpb::AuthUserChangePasswordRequest& request) {
  const auto& record = view_.users.Find(request.name());
  if (record == nullptr) return base::errors::kUserNotFound;
  authpb::User user = *record;
  user.clear_password();
  if (!user.options().no_password()) {
    const std::optional<std::string> password = PasswordOf(request);
    if (!password.has_value()) return base::errors::kNoPasswordUser;
    user.set_password(*password);
  }
  Put(std::move(user));
  Change();
  if (base::Planted(PlantedBug::kNewPasswordKeepsTokens)) return {};
  if (observer_ != nullptr) observer_->OnUserChanged(request.name());
  return {};
}

base::Status Users::GrantRole(const std::string& user, const std::string& role) {
  const auto& record = view_.users.Find(user);
  if (record == nullptr) return base::errors::kUserNotFound;
  // Compat: the root role need not be there.
  if (role != kRoot && view_.roles.Find(role) == nullptr) return base::errors::kRoleNotFound;
  if (HasRole(*record, role)) return {};
  authpb::User changed = *record;
  changed.add_roles(role);
  std::sort(changed.mutable_roles()->begin(), changed.mutable_roles()->end());
  Put(std::move(changed));
  Change();
  return {};
}

base::Status Users::RevokeRole(const std::string& user, const std::string& role) {
  if (view_.enabled && user == kRoot && role == kRoot) return base::errors::kInvalidAuthManagement;
  const auto& record = view_.users.Find(user);
  if (record == nullptr) return base::errors::kUserNotFound;
  authpb::User changed = *record;
  if (!TakeRole(&changed, role)) return base::errors::kRoleNotGranted;
  Put(std::move(changed));
  Change();
  return {};
}

base::Status Users::AddRole(const std::string& role) {
  if (role.empty()) return base::errors::kRoleEmpty;
  if (view_.roles.Find(role) != nullptr) return base::errors::kRoleExists;
  authpb::Role record;
  record.set_name(role);
  Put(std::move(record));
  Change();
  return {};
}

base::Status Users::DeleteRole(const std::string& role) {
  if (view_.enabled && role == kRoot) return base::errors::kInvalidAuthManagement;
  if (view_.roles.Find(role) == nullptr) return base::errors::kRoleNotFound;
  view_.roles.Erase(role);
  buffer_.Delete(kRoles, role);
  for (const std::string& name : view_.users.Names()) {
    const auto& record = view_.users.Find(name);
    if (!HasRole(*record, role)) continue;
    authpb::User user = *record;
    TakeRole(&user, role);
    Put(std::move(user));
  }
  Change();
  return {};
}

// Compat: of several permissions that begin with one key only the first can be replaced, as etcd
// finds it; what it does not find it adds.
base::Status Users::GrantPermission(const etcdserverpb::AuthRoleGrantPermissionRequest& request) {
  if (!request.has_perm()) return base::errors::kPermissionNotGiven;
  const authpb::Permission& given = request.perm();
  if (!IsRange({given.key(), given.range_end()})) return base::errors::kInvalidAuthManagement;
  const auto& record = view_.roles.Find(request.name());
  if (record == nullptr) return base::errors::kRoleNotFound;
  authpb::Role role = *record;
  auto* const permissions = role.mutable_keypermission();
  const auto at = std::lower_bound(
      permissions->begin(), permissions->end(), given.key(),
      [](const authpb::Permission& p, const std::string& key) { return p.key() < key; });
  const bool is_there =
      at != permissions->end() && at->key() == given.key() && at->range_end() == given.range_end();
  if (is_there) {
    at->set_permtype(given.permtype());
  } else {
    authpb::Permission* const added = role.add_keypermission();
    added->set_permtype(given.permtype());
    added->set_key(given.key());
    added->set_range_end(given.range_end());
    const auto place = std::upper_bound(
        permissions->begin(), permissions->end() - 1, given.key(),
        [](const std::string& key, const authpb::Permission& p) { return key < p.key(); });
    std::rotate(place, permissions->end() - 1, permissions->end());
  }
  Put(std::move(role));
  Change();
  return {};
}

base::Status Users::RevokePermission(const etcdserverpb::AuthRoleRevokePermissionRequest& request) {
  const auto& record = view_.roles.Find(request.role());
  if (record == nullptr) return base::errors::kRoleNotFound;
  authpb::Role role = *record;
  auto* const permissions = role.mutable_keypermission();
  const auto rest = std::remove_if(
      permissions->begin(), permissions->end(), [&request](const authpb::Permission& permission) {
        return permission.key() == request.key() && permission.range_end() == request.range_end();
      });
  if (rest == permissions->end()) return base::errors::kPermissionNotGranted;
  permissions->erase(rest, permissions->end());
  Put(std::move(role));
  Change();
  return {};
}

void Users::Put(authpb::User user) {
  buffer_.Put(kUsers, user.name(), user.SerializeAsString());
  const std::string name = user.name();
  view_.users.Set(name, std::make_shared<const authpb::User>(std::move(user)));
}

void Users::Put(authpb::Role role) {
  buffer_.Put(kRoles, role.name(), role.SerializeAsString());
  const std::string name = role.name();
  view_.roles.Set(name, std::make_shared<const authpb::Role>(std::move(role)));
}

void Users::SaveEnabled() {
  buffer_.Put(kAuth, schema::kAuthEnabled, base::ByteView(view_.enabled ? "\1" : "\0", 1));
}

void Users::SaveRevision() {
  std::array<char, sizeof(uint64_t)> revision;
  base::Store64Be(revision.data(), view_.revision);
  buffer_.Put(kAuth, schema::kAuthRevision, {revision.data(), revision.size()});
}

void Users::Change() {
  ++view_.revision;
  SaveRevision();
  Publish();
}

void Users::Publish() {
  published_.Set(std::make_shared<const View>(view_));
}

}  // namespace auth
