#include "app/refused_connections.h"

#include <utility>

namespace app {
namespace {

constexpr runtime::Duration kLogInterval = std::chrono::seconds(10);

constexpr observe::Family kRefused{
    "cornerstore_connections_refused_total",
    "Connections that were refused because the file descriptors left are kept for files."};

}  // namespace

RefusedConnections::RefusedConnections(const observe::Logger* logger, const runtime::Clock* clock,
                                       observe::Registry* registry)
    : logger_(*logger), clock_(*clock), count_(registry->AddCounter(kRefused)) {}

void RefusedConnections::Add() {
  count_.Add();
  ++untold_;
  const runtime::TimePoint now = clock_.Now();
  if (told_at_.has_value() && now - *told_at_ < kLogInterval) return;
  told_at_ = now;
  logger_.Warn("refused connections: the file descriptors that are left are kept for files",
               {{"connections", std::exchange(untold_, 0)}});
}

}  // namespace app
