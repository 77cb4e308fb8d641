#pragma once

namespace base {

// Deliberate bugs, one at a time of each kind, so that the simulator can prove that it would notice
// them. `Bug` is an enum with kNone. They exist in the program etcd-sim-planted alone, which is
// compiled with PLANT_BUGS; elsewhere Planted is constant false and the branches vanish.

#ifdef PLANT_BUGS
namespace internal {
template <typename Bug>
inline Bug planted_bug = Bug::kNone;
}  // namespace internal

// Chooses the bug of everything in the process; kNone heals it. Not thread-safe.
template <typename Bug>
void Plant(Bug bug) {
  internal::planted_bug<Bug> = bug;
}
template <typename Bug>
bool Planted(Bug bug) {
  return internal::planted_bug<Bug> == bug;
}
#else
template <typename Bug>
constexpr bool Planted(Bug) {
  return false;
}
#endif

}  // namespace base
