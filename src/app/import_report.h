#pragma once

#include <cstdint>
#include <optional>

#include "observe/log.h"
#include "runtime/time.h"

namespace app {

// Tells operators every few seconds how far the import of etcd's database is, for
// server::Environment::on_import. One import, one thread at a time.
class ImportReport {
 public:
  // Both outlive it.
  ImportReport(const runtime::Clock* clock, const observe::Logger* logger)
      : clock_(*clock), logger_(*logger) {}

  // Bytes of the file.
  void operator()(uint64_t done, uint64_t total);

 private:
  const runtime::Clock& clock_;
  const observe::Logger& logger_;
  std::optional<runtime::TimePoint> told_;  // when it was called first, or has told something last
};

}  // namespace app
