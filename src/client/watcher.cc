#include "client/watcher.h"

#include <utility>

#include "client/endings.h"

namespace client {
namespace {

using base::Status;

Status WhyNotBegun(const Watch& watch, const Watcher::Options& options, const Session& session) {
  if (options.canceled) return Canceled();
  if (options.timeout <= runtime::Duration(0)) return DeadlineExceeded();
  etcdserverpb::WatchRequest request;
  *request.mutable_create_request() = watch.NextRequest();
  return session.CheckRequestSize(request.ByteSizeLong());
}

}  // namespace

Watcher::Handle Watcher::Start(const etcd::WatchRequest& request, const Options& options,
                               Watch::Sink sink, Watch::Done done) {
  const auto watch = std::make_shared<Watch>(request, session_.settings().max_receive_bytes,
                                             std::move(sink), std::move(done));
  if (const Status status = WhyNotBegun(*watch, options, session_); !status.ok()) {
    watch->End({.status = status});
    return {};
  }
  WatchStream& stream = StreamFor(options.require_leader);
  if (options.timeout != Session::kNoTimeout) {
    auto timer = session_.loop().NewTimer([this, &stream, handle = Handle(watch)] {
      const std::shared_ptr<Watch> late = handle.lock();
      if (late == nullptr) return;
      stream.End(late, {.status = DeadlineExceeded(), .cause = session_.WhyNobodyAnswers()});
    });
    timer->Arm(options.timeout);
    watch->SetTimer(std::move(timer));
  }
  stream.Add(watch);
  return watch;
}

void Watcher::Cancel(const Handle& handle) {
  const std::shared_ptr<Watch> watch = handle.lock();
  if (watch == nullptr) return;
  for (WatchStream* const stream : {&stream_, &stream_with_leader_}) {
    stream->End(watch, {.status = Canceled()});
  }
}

}  // namespace client
