#include "runtime/unfinished.h"

#include <utility>

namespace runtime {
namespace {

UnfinishedKeeper* the_keeper = nullptr;

}  // namespace

base::Status Making(std::vector<std::string> names, base::Callback<base::Status()> change) {
  if (the_keeper == nullptr) return change();
  return the_keeper->Change(std::move(names), std::move(change));
}

void Making(std::vector<std::string> names) {
  Making(std::move(names), [] { return base::Status(); }).IgnoreError();
}

void KeepUnfinished(UnfinishedKeeper* keeper) {
  the_keeper = keeper;
}

}  // namespace runtime
