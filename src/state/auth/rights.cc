#include "state/auth/rights.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "state/auth/planted.h"

namespace auth {
namespace {

using Roles = std::vector<std::shared_ptr<const authpb::Role>>;

struct Ranges {
  std::vector<KeyRange> read;
  std::vector<KeyRange> written;
};

// Those of `roles` that are not among `others`; those that are twice in one are taken to be two.
std::vector<const authpb::Role*> Without(const Roles& roles, const Roles& others) {
  const auto sorted = [](const Roles& of) {
    std::vector<const authpb::Role*> pointers;
    for (const auto& role : of) {
      if (role != nullptr) pointers.push_back(role.get());
    }
    std::sort(pointers.begin(), pointers.end(), std::less<>());
    return pointers;
  };
  const auto all = sorted(roles);
  const auto without = sorted(others);
  std::vector<const authpb::Role*> left;
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                      std::back_inserter(left), std::less<>());
  return left;
}

// The bytes of the keys are the roles'.
Ranges RangesOf(const std::vector<const authpb::Role*>& roles) {
  Ranges ranges;
  for (const authpb::Role* const role : roles) {
    for (const authpb::Permission& permission : role->keypermission()) {
      const KeyRange range{permission.key(), permission.range_end()};
      const auto type = permission.permtype();
      const bool both = type == authpb::Permission::READWRITE;
      if (both || type == authpb::Permission::READ) ranges.read.push_back(range);
      if (both || type == authpb::Permission::WRITE) ranges.written.push_back(range);
    }
  }
  return ranges;
}

}  // namespace

bool HasRole(const authpb::User& user, std::string_view role) {
  return std::find(user.roles().begin(), user.roles().end(), role) != user.roles().end();
}

std::vector<Rights::Role> Rights::RolesIn(const View& view, const authpb::User& user) const {
  std::vector<Role> roles;
  roles.reserve(static_cast<size_t>(user.roles_size()));
  for (const std::string& name : user.roles()) {
    // Most names of most views mean what they meant.
    const bool is_known = user_.get() == &user && view.roles.IsAsAt(marks_, name);
    roles.push_back(is_known ? roles_[roles.size()] : view.roles.Find(name));
  }
  return roles;
}

void Rights::Update(const View& view, std::shared_ptr<const authpb::User> user) {
  if (base::Planted(PlantedBug::kRightsOutliveTheirRoles) && user == user_) return;
  std::vector<Role> roles = RolesIn(view, *user);
  const Ranges out = RangesOf(Without(roles_, roles));
  const Ranges in = RangesOf(Without(roles, roles_));
  read_.Replace(out.read, in.read);
  written_.Replace(out.written, in.written);
  is_root_ = HasRole(*user, kRoot);
  user_ = std::move(user);
  roles_ = std::move(roles);
  marks_ = view.roles.marks();
}

bool Rights::Allow(Access access, const KeyRange& range) const {
  return is_root_ || (access == Access::kRead ? read_ : written_).Contains(range);
}

}  // namespace auth
