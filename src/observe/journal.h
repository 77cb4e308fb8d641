#pragma once

#include <memory>

#include "base/result.h"

namespace spdlog::sinks {
class sink;
}  // namespace spdlog::sinks

namespace observe {

// Sends lines to systemd's journal, each with its level as a priority, PACKAGE (the folder of its
// caller) and SYSLOG_IDENTIFIER (the program's name); to standard error those that it does not
// take. Fails, in etcd's words, if there is no journal.
base::Result<std::shared_ptr<spdlog::sinks::sink>> OpenJournal();

}  // namespace observe
