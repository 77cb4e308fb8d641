#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ctl/v2_keys.h"
#include "runtime/disk.h"

namespace utl {

// Makes a snapshot of v3, as `etcdutl snapshot restore` takes it, of a cluster that has these keys
// and nothing else. Keys that run out together share a lease. `path` must not exist yet; durable on
// return. Returns how many leases there are.
base::Result<size_t> WriteSnapshotOf(runtime::Disk& disk, const std::string& path,
                                     const std::vector<ctl::V2Key>& keys);

}  // namespace utl
