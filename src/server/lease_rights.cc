#include "server/lease_rights.h"

#include <utility>
#include <vector>

#include "server/apply_loop.h"
#include "server/frontend.h"
#include "state/apply/request_rights.h"
#include "state/leases/leases.h"

namespace server {

struct LeaseRights::Walk {
  auth::Identity who;
  auth::Access access;
  OnChecked on_checked;
  std::optional<base::LeaseId> last = {};  // that was checked
};

void LeaseRights::Check(base::LeaseId id, auth::Identity who, auth::Access access,
                        OnChecked on_checked) {
  loop_.Post(
      [this, id, who = std::move(who), access, on_checked = std::move(on_checked)]() mutable {
        on_checked(apply::CheckLeaseKeys(frontend_.judge(), who, access, apply_loop_.leases(), id));
      });
}

void LeaseRights::CheckAll(auth::Identity who, auth::Access access, OnChecked on_checked) {
  auto walk = std::make_shared<Walk>(Walk{std::move(who), access, std::move(on_checked)});
  loop_.Post([this, walk = std::move(walk)] { Continue(walk); });
}

void LeaseRights::Continue(const std::shared_ptr<Walk>& walk) {
  const leases::Leases& leases = apply_loop_.leases();
  const std::vector<base::LeaseId> ids = leases.IdsAfter(walk->last, kCheckedOfTurn);
  for (const base::LeaseId id : ids) {
    const base::Status may =
        apply::CheckLeaseKeys(frontend_.judge(), walk->who, walk->access, leases, id);
    if (!may.ok()) return walk->on_checked(may);
  }
  if (ids.size() < kCheckedOfTurn) return walk->on_checked({});
  walk->last = ids.back();
  loop_.PostSlice([this, walk] { Continue(walk); });
}

}  // namespace server
