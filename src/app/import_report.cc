#include "app/import_report.h"

#include <chrono>

namespace app {
namespace {

constexpr runtime::Duration kInterval = std::chrono::seconds(3);

}  // namespace

void ImportReport::operator()(uint64_t done, uint64_t total) {
  const runtime::TimePoint now = clock_.Now();
  if (!told_.has_value()) told_ = now;
  if (now - *told_ < kInterval) return;
  told_ = now;
  logger_.Info("the import of etcd's database goes on",
               {{"read-bytes", done},
                {"db-size-bytes", total},
                {"percent", total == 0 ? 100 : done * 100 / total}});
}

}  // namespace app
