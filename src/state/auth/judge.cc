#include "state/auth/judge.h"

#include "base/coverage_mark.h"
#include "base/errors.h"
#include "state/auth/planted.h"

namespace auth {
namespace {

// Of users who are gone some may be kept until there are more than that.
constexpr size_t kKeptMin = 1'000;

}  // namespace

base::Status Judge::CheckKeys(const Identity& who, Access access, const KeyRange& range) {
  const View& view = this->view();
  if (!view.enabled) return {};
  if (who.is_nobody()) return base::errors::kUserEmpty;
  const bool is_old = who.revision < view.revision;
  if (is_old && !base::Planted(PlantedBug::kOldRevisionIsTaken)) {
    base::Mark<"auth: a token is of an older revision">();
    return base::errors::kAuthOldRevision;
  }
  const Rights* const rights = RightsOf(view, who.user);
  const bool may = rights != nullptr && rights->Allow(access, range);
  return may ? base::Status() : base::errors::kPermissionDenied;
}

base::Status Judge::CheckUser(const Identity& who) {
  const View& view = this->view();
  if (!view.enabled) return {};
  if (who.is_nobody() || who.user.empty()) return base::errors::kUserEmpty;
  if (view.users.Find(who.user) == nullptr) return base::errors::kPermissionDenied;
  return {};
}

base::Status Judge::CheckRoot(const Identity& who) {
  const View& view = this->view();
  if (!view.enabled) return {};
  if (who.is_nobody() || who.user.empty()) return base::errors::kUserEmpty;
  const auto& user = view.users.Find(who.user);
  if (user == nullptr) return base::errors::kUserNotFound;
  return HasRole(*user, kRoot) ? base::Status() : base::errors::kPermissionDenied;
}

const Rights* Judge::RightsOf(const View& view, const std::string& user) {
  const auto found = kept_.find(user);
  if (found != kept_.end() && found->second.revision == view.revision) {
    return &found->second.rights;
  }
  const auto& record = view.users.Find(user);
  if (record == nullptr) return nullptr;
  if (kept_.size() > view.users.size() + kKeptMin) kept_.clear();
  Kept& kept = kept_[user];
  kept.rights.Update(view, record);
  kept.revision = view.revision;
  return &kept.rights;
}

}  // namespace auth
