#pragma once

#include <string>

#include "base/result.h"
#include "base/status.h"
#include "ctl/contexts.h"

namespace ctl {

// Where contexts are kept: below $XDG_CONFIG_HOME, or ~/.config; empty if there is no home.
std::string ContextFilePath();

// What the file has, nothing if there is none. One that has a secret and that others may read is
// refused.
base::Result<Contexts> LoadContexts(const std::string& path);

// Durable when it returns; the file before is there until then. Nobody else may read it.
base::Status SaveContexts(const std::string& path, const Contexts& contexts);

}  // namespace ctl
