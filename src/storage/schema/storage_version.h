#pragma once

#include <string_view>

#include "base/result.h"
#include "storage/backend/backend.h"

namespace schema {

// Has the database say that its schema is that of `version`, "MAJOR.MINOR.PATCH": durable on
// return. kFailedPrecondition, naming it, if what it says is a later minor version or none at all;
// then nothing has changed.
base::Status EnsureStorageVersion(std::string_view version, backend::Backend* database);

}  // namespace schema
