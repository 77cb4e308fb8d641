#include "bench/watch_streams.h"

#include <utility>

#include "bench/results.h"

namespace bench {

WatchStreams::WatchStreams(Fleet* fleet, Control* control, size_t connections, size_t streams)
    : fleet_(*fleet), control_(*control) {
  fleet_.RunAndWait(0, [&] {
    for (size_t i = 0; i < streams; ++i) {
      watchers_.push_back(
          std::make_unique<client::Watcher>(&fleet_.connection(i % connections).session()));
    }
  });
}

WatchStreams::~WatchStreams() {
  fleet_.RunAndWait(0, [this] {
    closing_ = true;
    watchers_.clear();
  });
}

void WatchStreams::Start(size_t stream, const etcd::WatchRequest& request,
                         client::Watch::Sink sink) {
  watchers_[stream]->Start(request, {}, std::move(sink),
                           [this](const client::Watch::Ending& ending) {
                             if (closing_) return;
                             const std::lock_guard lock(mutex_);
                             failure_ = ErrorText(ending.status);
                             control_.parker().Unpark();
                           });
}

std::string WatchStreams::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace bench
