#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunGet(const Invocation& invocation);
Outcome RunPut(const Invocation& invocation);
Outcome RunDelete(const Invocation& invocation);
Outcome RunTxn(const Invocation& invocation);
Outcome RunCompaction(const Invocation& invocation);

}  // namespace ctl
