#pragma once

#include "client_v2/answers.h"
#include "ctl_v2/command.h"

namespace ctl_v2 {

// mk, mkdir, rm, rmdir, get, ls, set, setdir, update, updatedir.
std::vector<Command> KeyCommands();

// In the form that --output says.
void PrintEvent(const Call& call, const client_v2::Event& event);

}  // namespace ctl_v2
