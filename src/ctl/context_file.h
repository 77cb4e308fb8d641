#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/status.h"
#include "ctl/contexts.h"
#include "runtime/disk.h"

namespace ctl {

// Where contexts are kept: below $XDG_CONFIG_HOME, or ~/.config; empty if there is no home.
std::string ContextFilePath();

// What the file has, nothing if there is none. One that has a secret and that others may read is
// refused.
base::Result<Contexts> LoadContexts(const std::string& path);

// Keeps others from changing the file, as long as the result lives: from before it is loaded until
// it is saved. Waits for those who do, for ten seconds.
base::Result<std::unique_ptr<runtime::File>> LockContexts(const std::string& path);

// Durable when it returns; the file before is there until then. Nobody else may read it.
base::Status SaveContexts(const std::string& path, const Contexts& contexts);

}  // namespace ctl
