#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

#include "observe/log.h"
#include "runtime/time.h"

namespace observe {

struct LogEntry {
  Level level;
  runtime::WallTime time;
  // The clock's distance from UTC, east positive.
  std::chrono::seconds utc_offset;
  Caller caller;
  std::string_view message;
  std::initializer_list<Field> fields;
};

// The line without its end. JSON has the keys level, ts, caller, msg and then the fields; console
// the same values separated by tabs, the fields as one JSON object. Either is one line of valid
// UTF-8 whatever bytes go in.
std::string FormatLine(const LogEntry& entry, LogFormat format);

// "2026-05-01T10:00:00.123456Z", or with "+0200" in the place of the Z.
std::string FormatTimestamp(runtime::WallTime time, std::chrono::seconds utc_offset);

}  // namespace observe
