#pragma once

#include "bench/control.h"
#include "bench/setup.h"

namespace bench {

// With --target-leader: has the setup go to the member that leads, and to no other. The texts are
// those of the benchmark of etcd 3.5, the last to have the flag.
cli::Outcome AimAtLeader(const cli::Invocation& invocation, const Control& control, Setup* setup);

}  // namespace bench
