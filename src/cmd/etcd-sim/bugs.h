#pragma once

#include <cstdint>

// The deliberate bugs (planted.h of several modules), numbered from 1 on, module by module.

// How many there are.
uint64_t BugCount();

// Plants one in the whole process. False if there is none of that number, or none in this program:
// only etcd-sim-planted has them.
bool PlantBug(uint64_t number);
