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
        &loop_, options, [this](size_t client, Load::Done done) { Begin(client, std::move(done)); },
        [this](const LoadReport& report) { End(report); });
    load_->Start();
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

void MeasuredPuts::Begin(size_t client, Load::Done done) {
  std::string key(sizes_.key, '\0');
  const uint64_t number = random_.Next();
  std::memcpy(key.data(), &number, sizeof number);
  clients_[client]->Put({.key = prefix_ + key, .value = std::string(sizes_.value, '\0')}, kOfPut,
                        [this, done = std::move(done)](const etcd::Result<etcd::PutResponse>& put) {
                          ++answered_;
                          done(put.ok() ? "" : put.status().ToString());
                        });
}

void MeasuredPuts::End(const LoadReport& report) {
  report_ = report;
  // It ends on its loop, and not inside its own call.
  loop_.Post([this] {
    load_.reset();
    ended_ = true;
    parker_.Unpark();
  });
}

}  // namespace ctl
