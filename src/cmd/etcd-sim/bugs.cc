#include "cmd/etcd-sim/bugs.h"

#include "api/identity/planted.h"
#include "api/watch/planted.h"
#include "client/planted.h"
#include "net/http/planted.h"
#include "raft/planted.h"
#include "server/planted.h"
#include "state/admission/planted.h"
#include "state/apply/planted.h"
#include "state/auth/planted.h"
#include "state/leases/planted.h"
#include "state/v2/planted.h"

namespace {

// Calls `take` with the last bug of each module, until it has taken one.
template <typename Take>
bool AnyModule(Take take) {
  return take(raft::kPlantedBugLast) || take(http::kPlantedBugLast) ||
         take(watch::kPlantedBugLast) || take(server::kPlantedBugLast) ||
         take(leases::kPlantedBugLast) || take(auth::kPlantedBugLast) ||
         take(apply::kPlantedBugLast) || take(identity::kPlantedBugLast) ||
         take(admission::kPlantedBugLast) || take(v2::kPlantedBugLast) ||
         take(client::kPlantedBugLast);
}

}  // namespace

uint64_t BugCount() {
  uint64_t count = 0;
  AnyModule([&count](auto last) {
    count += static_cast<uint64_t>(last);
    return false;
  });
  return count;
}

#ifdef PLANT_BUGS
bool PlantBug(uint64_t number) {
  if (number == 0) return false;
  return AnyModule([&number](auto last) {
    const auto count = static_cast<uint64_t>(last);
    if (number > count) {
      number -= count;
      return false;
    }
    base::Plant(static_cast<decltype(last)>(number));
    return true;
  });
}
#else
bool PlantBug(uint64_t /*number*/) {
  return false;
}
#endif
