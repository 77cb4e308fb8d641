#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/loop.h"
#include "server/environment.h"

namespace server {

class ApplyLoop;
class LeaseKeeper;

// Lists all leases, of which there may be a million: in slices of the apply loop's time, and put
// into their order by a worker. One list is made at a time; those who ask meanwhile share the next,
// so that they take no more memory and time than one.
//
// A lease that is granted, or gone, while a list is made may be in it or not. Belongs to the apply
// loop.
class LeaseListing {
 public:
  // All outlive this.
  LeaseListing(const Environment& environment, ApplyLoop* apply_loop, const LeaseKeeper* keeper)
      : environment_(environment), apply_loop_(*apply_loop), keeper_(*keeper) {}

  using Ids = std::shared_ptr<const std::vector<base::LeaseId>>;
  using OnList = base::Callback<void(base::Result<Ids> ids)>;
  // The one that runs out first comes first, if this member leads; else in the order of ids.
  // kTooManyRequests if the workers have no room. `on_list` runs on the apply loop.
  void Ask(OnList on_list);

  static constexpr size_t kListedOfTurn = 1'000;

 private:
  // What was found, with its end.
  using Found = std::vector<std::pair<runtime::TimePoint, base::LeaseId>>;

  void Begin();
  void FindMore();
  void Sort();
  void Finish(const base::Result<Ids>& ids);

  const Environment environment_;
  ApplyLoop& apply_loop_;
  const LeaseKeeper& keeper_;
  std::vector<OnList> asked_;   // wait for the list after this one
  std::vector<OnList> askers_;  // of the list being made; empty: none is
  Found found_;
};

}  // namespace server
