#pragma once

#include "base/callback.h"
#include "net/http/plain.h"
#include "runtime/loop.h"
#include "runtime/workers.h"

namespace app {

// Has a worker make the answer to a request of `loop`, for what reads files or takes long. 503 if
// the workers' queue is full.
void AnswerFromWorker(runtime::Workers& workers, runtime::Loop* loop, http::Responder responder,
                      base::Callback<http::PlainResponse()> make);

}  // namespace app
