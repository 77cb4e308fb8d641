#include "ctl/measured_puts.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "runtime/posix/clock.h"

namespace ctl {
namespace {

// What takes longer has failed.
const etcd::CallOptions kOfPut{.timeout = std::chrono::seconds(30)};

}  // namespace

MeasuredPuts::MeasuredPuts(const Clients* clients, std::string prefix, const PutSizes& sizes,
                           const LoadOptions& options, runtime::posix::Parker* parker)
    : clients_(*clients),
      prefix_(std::move(prefix)),
      sizes_(sizes),
      parker_(*parker),
      random_(runtime::posix::EntropySeed()),
      thread_("measured-puts", 1),
      loop_(*thread_.NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)) {
  loop_.Post([this, options] {
    load_ = std::make_unique<Load>(
        &loop_, options,
        [this](size_t client, uint64_t, Load::Done done) { Begin(client, std::move(done)); },
        [this](const LoadEnding& ending) {
          if (ending.status.ok()) latencies_.Record(ending.latency);
        },
        [this] { End(); });
    load_->Start(loop_.clock().Now());
  });
}

LoadReport MeasuredPuts::Wait(const std::function<bool()>& is_enough) {
  while (!ended_) {
    parker_.Park();
    if (!is_enough()) continue;
    loop_.Post([this] {
      if (load_ != nullptr) load_->Stop();
    });
  }
  return report_;
}

void MeasuredPuts::Begin(size_t client, Load::Done one_done) {
  const auto done = std::make_shared<Load::Done>(std::move(one_done));
  std::string key(sizes_.key, '\0');
  const uint64_t number = random_.Next();
  std::memcpy(key.data(), &number, sizeof number);
  clients_[client]->Put(
      {.key = prefix_ + key, .value = std::string(sizes_.value, '\0')}, kOfPut,
      [this, done](const etcd::Result<etcd::PutResponse>& put) {
        ++answered_;
        std::string error = put.ok() ? "" : put.status().ToString();
        loop_.Post([this, done, error = std::move(error)] { OnDone(error, done); });
      });
}

void MeasuredPuts::OnDone(const std::string& error, const std::shared_ptr<Load::Done>& done) {
  if (error.empty()) return (*done)({}, 0);
  ++errors_[error];
  (*done)(base::Status(base::Code::kUnknown, error), 0);
}

void MeasuredPuts::End() {
  report_ = {.done = latencies_.count(),
             .errors = errors_,
             .seconds = std::chrono::duration<double>(load_->took()).count(),
             .slowest = std::chrono::duration<double>(latencies_.largest()).count(),
             .deviation = latencies_.DeviationSeconds()};
  // It ends on its loop, and not inside its own call.
  loop_.Post([this] {
    load_.reset();
    ended_ = true;
    parker_.Unpark();
  });
}

}  // namespace ctl
