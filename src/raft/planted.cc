#include "raft/planted.h"

#ifdef RAFT_PLANT_BUGS
namespace raft {
namespace {

PlantedBug planted_bug = PlantedBug::kNone;

}  // namespace

void Plant(PlantedBug bug) {
  planted_bug = bug;
}

bool Planted(PlantedBug bug) {
  return planted_bug == bug;
}

}  // namespace raft
#endif
