#include "app/worker_answer.h"

#include <memory>
#include <utility>

namespace app {

void AnswerFromWorker(runtime::Workers& workers, runtime::Loop* loop, http::Responder responder,
                      base::Callback<http::PlainResponse()> make) {
  struct Work {
    base::Callback<http::PlainResponse()> make;
    http::PlainResponse response;
  };
  const auto work = std::make_shared<Work>(Work{std::move(make), {}});
  const bool accepted =
      workers.Run([work] { work->response = work->make(); }, loop,
                  [work, responder]() mutable { responder.Send(std::move(work->response)); });
  if (!accepted) responder.Send(http::TextResponse(503, "too many scrapes at once"));
}

}  // namespace app
