#include "api/v2/beginning.h"

#include <utility>

#include "base/errors.h"
#include "state/v2/store.h"

namespace v2 {

void WithTree(server::Server* server, server::Frontend* frontend, OnTree then) {
  if (frontend->tree() != nullptr) return then({});
  // Why the loop is taken now: the answer may come from the end of the member, which the frontend
  // does not outlive.
  server->extensions().Enable(kExtension, [frontend, loop = &frontend->loop(),
                                           then = std::move(then)](const base::Status& status) {
    loop->Post([frontend, then, status] {
      const bool lacks_tree = status.ok() && frontend->tree() == nullptr;
      then(lacks_tree ? base::Status(base::errors::kStopped) : status);
    });
  });
}

}  // namespace v2
