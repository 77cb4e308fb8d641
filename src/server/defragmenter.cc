#include "server/defragmenter.h"

#include <utility>

#include "base/errors.h"
#include "runtime/workers.h"
#include "storage/backend/read_failure.h"

namespace server {
namespace {

void LogDefragmented(const observe::Logger& logger, const backend::Sizes& before,
                     const backend::Sizes& after, runtime::Duration took) {
  const auto difference = [](uint64_t from, uint64_t to) {
    return static_cast<int64_t>(to - from);
  };
  logger.Info("finished defragmenting directory",
              {{"current-db-size-bytes-diff", difference(before.allocated, after.allocated)},
               {"current-db-size-bytes", after.allocated},
               {"current-db-size-in-use-bytes-diff", difference(before.in_use, after.in_use)},
               {"current-db-size-in-use-bytes", after.in_use},
               {"took", took}});
}

// The log has more, such as paths.
base::Status WhatClientsAreTold(backend::Backend& database, const base::Status& status) {
  switch (status.code()) {
    case base::Code::kDataLoss:
      return backend::ReadFailure(database, status);
    case base::Code::kResourceExhausted:
      return {status.code(), "etcdserver: there is no room to defragment the database"};
    case base::Code::kCanceled:
      return base::errors::kStopped;
    default:
      return {status.code(), "etcdserver: the database could not be defragmented"};
  }
}

}  // namespace

void Defragmenter::Run(OnDone on_done) {
  environment_.apply_loop->Post([this, on_done = std::move(on_done)]() mutable {
    waiting_.push_back(std::move(on_done));
    if (!runs_) Begin();
  });
}

void Defragmenter::Begin() {
  const auto work = std::make_shared<Work>();
  work->state = apply_loop_.state().Get();
  work->asked = std::exchange(waiting_, {});
  work->start = environment_.apply_loop->clock().Now();
  work->before = work->state->database().sizes();
  work->status = base::errors::kTooManyRequests;
  runs_ = environment_.bulk_workers->Run(
      [this, work] {
        work->status = work->state->database().Defragment([this](uint64_t) { return !stopping_; });
      },
      environment_.apply_loop, [this, work] { End(*work); });
  if (!runs_) {
    for (OnDone& on_done : work->asked) on_done(work->status);
    return;
  }
  environment_.logger->Info("starting defragment");
  metrics_.defragmenting.Set(1);
}

void Defragmenter::End(Work& work) {
  backend::Backend& database = work.state->database();
  runs_ = false;
  metrics_.defragmenting.Set(0);
  base::Status told;
  if (work.status.ok()) {
    const runtime::Duration took = environment_.apply_loop->clock().Now() - work.start;
    metrics_.seconds.Observe(took);
    LogDefragmented(*environment_.logger, work.before, database.sizes(), took);
  } else {
    environment_.logger->Warn("failed to defragment", {{"error", work.status.message()}});
    told = WhatClientsAreTold(database, work.status);
  }
  for (OnDone& on_done : work.asked) on_done(told);
  if (!waiting_.empty()) Begin();
}

}  // namespace server
