#pragma once

#include <string>
#include <vector>

#include "base/callback.h"
#include "base/status.h"

namespace runtime {

// Calls `change`, which makes, moves or removes what the program has in the making. Once it has
// succeeded, `names` are what of that is there, files and directories: who keeps account of it
// (KeepUnfinished) removes them, in this order, when a signal is about to end the program. They
// take the place of the names before: a program makes one thing at a time, on one thread.
//
// Of a program that is killed otherwise what it was making stays. Nobody can tell then whose it is,
// so that the next one leaves it alone.
base::Status Making(std::vector<std::string> names, base::Callback<base::Status()> change);
// The same where nothing is to be changed: `names` are about to be made, or are whole.
void Making(std::vector<std::string> names);

class UnfinishedKeeper {
 public:
  virtual ~UnfinishedKeeper() = default;
  // As Making, and no signal ends the program while `change` runs.
  virtual base::Status Change(std::vector<std::string> names,
                              base::Callback<base::Status()> change) = 0;
};

// From now on; until then nobody keeps account. Null: nobody any more. `keeper` stays.
void KeepUnfinished(UnfinishedKeeper* keeper);

}  // namespace runtime
