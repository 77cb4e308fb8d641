#include "state/auth/rights.h"

#include <algorithm>
#include <utility>

#include "state/auth/planted.h"

namespace auth {

bool HasRole(const authpb::User& user, std::string_view role) {
  return std::find(user.roles().begin(), user.roles().end(), role) != user.roles().end();
}

Rights::Rights(const View& view, std::shared_ptr<const authpb::User> user)
    : user_(std::move(user)), is_root_(HasRole(*user_, kRoot)) {
  std::vector<KeyRange> read;
  std::vector<KeyRange> written;
  for (const std::string& name : user_->roles()) {
    roles_.push_back(view.roles.Find(name));
    if (roles_.back() == nullptr) continue;
    for (const authpb::Permission& permission : roles_.back()->keypermission()) {
      const KeyRange range{permission.key(), permission.range_end()};
      const auto type = permission.permtype();
      const bool both = type == authpb::Permission::READWRITE;
      if (both || type == authpb::Permission::READ) read.push_back(range);
      if (both || type == authpb::Permission::WRITE) written.push_back(range);
    }
  }
  read_ = IntervalSet(read);
  written_ = IntervalSet(written);
}

bool Rights::Allow(Access access, const KeyRange& range) const {
  return is_root_ || (access == Access::kRead ? read_ : written_).Contains(range);
}

bool Rights::HoldIn(const View& view) const {
  if (view.users.Find(user_->name()) != user_) return false;
  if (base::Planted(PlantedBug::kRightsOutliveTheirRoles)) return true;
  for (int i = 0; i < user_->roles_size(); ++i) {
    if (view.roles.Find(user_->roles(i)) != roles_[static_cast<size_t>(i)]) return false;
  }
  return true;
}

}  // namespace auth
