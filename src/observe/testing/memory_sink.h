#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/log.h"

namespace observe::testing {

// Keeps the lines for a test to look at. Any thread.
class MemorySink final : public LogSink {
 public:
  void Write(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  void Flush() override {
    const std::lock_guard lock(mutex_);
    ++flushes_;
  }

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  int flushes() const {
    const std::lock_guard lock(mutex_);
    return flushes_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  int flushes_ = 0;
};

}  // namespace observe::testing
