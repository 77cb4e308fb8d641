#pragma once

#include <functional>
#include <string>

#include "app/bootstrap.h"
#include "app/running_cluster.h"
#include "base/result.h"
#include "config/url.h"
#include "runtime/time.h"
#include "server/environment.h"
#include "server/options.h"

// A member that may not start as who it was (server/replacement.h) asks the others for another
// member in its place, before its start. All of this waits for them.

namespace app {

// POST `path` of a peer URL. Waits for the answer, `timeout` at most.
using PostToPeer = AskPeer;

struct SelfReplacement {
  const Bootstrapping& bootstrapping;  // how the others are found and asked
  PostToPeer post;
  const server::Environment& environment;  // its disk and open_backend
  const runtime::Clock& clock;
};

// Whether a member that has no log has had one: another member knows one at its peer URLs that has
// run, or it was being replaced. Then it must not start as if it were new.
base::Result<bool> HasLostLog(const SelfReplacement& with, const server::Options& options);

// Has the member replaced that does not start for `loss`, keeps its files aside, and tells
// `*options` as whom it joins. Asks again for half a minute, as long as that may help. The error is
// `loss`, with what the others have said, and its files are as they were.
base::Status ReplaceSelf(const SelfReplacement& with, const base::Status& loss,
                         server::Options* options);

}  // namespace app
