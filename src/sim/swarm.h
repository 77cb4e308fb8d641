#pragma once

#include "runtime/random.h"
#include "sim/plan.h"

namespace sim {

// Makes one of a swarm out of a plan (Groce et al., Swarm Testing): of its faults, of its kinds of
// work and of the ways in which its members behave, each is left out at chance, or made stronger or
// weaker. How many are left out is drawn, too: where most are, what is left strikes alone, and as
// often as it may.
void Swarm(runtime::Random& random, Plan* plan);

}  // namespace sim
