#pragma once

#include <string_view>

#include "base/result.h"
#include "storage/backend/backend.h"

namespace schema {

// Whether databases of clusters of this version say what their schema is: from 3.6 on.
bool NamesSchema(std::string_view cluster_version);

// Has the database say which its schema is: that of the version of its cluster, or, as long as that
// is none which names a schema, that of `version`, "MAJOR.MINOR.PATCH". Durable on return.
// kFailedPrecondition, naming it, if what it says is a later minor version than `version` or none
// at all; then nothing has changed.
base::Status EnsureStorageVersion(std::string_view version, backend::Backend* database);

}  // namespace schema
