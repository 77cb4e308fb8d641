#pragma once

#include <memory>

#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/backend/lmdb_environment.h"

namespace backend {

// A reader that keeps its environment.
base::Result<std::unique_ptr<Reader>> NewLmdbReader(std::shared_ptr<LmdbEnvironment> environment,
                                                    LmdbEnvironment::Place place);

}  // namespace backend
