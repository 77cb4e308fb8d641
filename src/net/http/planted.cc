#include "net/http/planted.h"

#ifdef RAFT_PLANT_BUGS
namespace http {
namespace {

PlantedBug planted_bug = PlantedBug::kNone;

}  // namespace

void Plant(PlantedBug bug) {
  planted_bug = bug;
}

bool Planted(PlantedBug bug) {
  return planted_bug == bug;
}

}  // namespace http
#endif
