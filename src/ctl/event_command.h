#pragma once

#include <etcd/watch.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ctl {

// Runs a program for an event, and waits until it ends. It inherits standard output and error, and
// the environment with ETCD_WATCH_REVISION, ETCD_WATCH_EVENT_TYPE, ETCD_WATCH_KEY and
// ETCD_WATCH_VALUE; the last three are quoted as by Go. It has nothing to read. Returns nothing, or
// in Go's words how it failed. `command` is not empty.
std::string RunForEvent(const std::vector<std::string>& command, int64_t revision,
                        const etcd::Event& event);

// "PUT" or "DELETE".
std::string EventTypeName(etcd::Event::Type type);

}  // namespace ctl
