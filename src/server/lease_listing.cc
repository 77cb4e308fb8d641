#include "server/lease_listing.h"

#include <algorithm>
#include <optional>

#include "base/errors.h"
#include "server/apply_loop.h"
#include "server/lease_keeper.h"
#include "state/leases/leases.h"

namespace server {

void LeaseListing::Ask(OnList on_list) {
  asked_.push_back(std::move(on_list));
  if (askers_.empty()) Begin();
}

void LeaseListing::Begin() {
  askers_ = std::exchange(asked_, {});
  found_.clear();
  FindMore();
}

void LeaseListing::FindMore() {
  std::optional<base::LeaseId> last;
  if (!found_.empty()) last = found_.back().second;
  const std::vector<base::LeaseId> ids = apply_loop_.leases().IdsAfter(last, kListedOfTurn);
  const auto ends = keeper_.EndsOf(ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    found_.emplace_back(ends.has_value() ? (*ends)[i] : runtime::TimePoint(), ids[i]);
  }
  if (ids.size() < kListedOfTurn) return Sort();
  environment_.apply_loop->Post([this] { FindMore(); });
}

void LeaseListing::Sort() {
  const auto ids = std::make_shared<std::vector<base::LeaseId>>();
  const bool accepted = environment_.bulk_workers->Run(
      [ids, found = std::exchange(found_, {})]() mutable {
        std::sort(found.begin(), found.end());
        ids->reserve(found.size());
        for (const auto& [end, id] : found) ids->push_back(id);
      },
      environment_.apply_loop, [this, ids] { Finish(Ids(ids)); });
  if (!accepted) Finish(base::Status(base::errors::kTooManyRequests));
}

void LeaseListing::Finish(const base::Result<Ids>& ids) {
  for (OnList& on_list : std::exchange(askers_, {})) on_list(ids);
  // One of them may have asked again, and begun the next.
  if (askers_.empty() && !asked_.empty()) Begin();
}

}  // namespace server
