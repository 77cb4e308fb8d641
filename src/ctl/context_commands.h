#pragma once

#include <string>

#include "ctl/command.h"
#include "ctl/contexts.h"

namespace ctl {

// Names for clusters, and how each is reached; see contexts.h. These ask no cluster.
Outcome RunContextSet(const Invocation& invocation);
Outcome RunContextUse(const Invocation& invocation);
Outcome RunContextList(const Invocation& invocation);
Outcome RunContextShow(const Invocation& invocation);
Outcome RunContextDelete(const Invocation& invocation);

// That none has this name.
Outcome NoContext(const Contexts& contexts, const std::string& name);

}  // namespace ctl
