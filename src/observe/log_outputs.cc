#include "observe/log_outputs.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "base/errno_text.h"
#include "base/go_text.h"
#include "observe/journal.h"
#include "observe/rotating_file.h"

namespace observe {
namespace {

// The last of the sinks: counts the lines that all before it have written and flushed.
class Progress final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& /*message*/) override {}
  void flush() override {
    {
      const std::lock_guard lock(mutex_);
      ++flushed_;
    }
    changed_.notify_all();
  }
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

  // Waits until `done` agrees with the number of lines, or two seconds.
  template <typename Done>
  void WaitFor(const Done& done) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(2), [&] { return done(flushed_); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t flushed_ = 0;
};

class AsyncSink final : public LogSink {
 public:
  AsyncSink(std::vector<spdlog::sink_ptr> sinks, size_t queue_lines_max)
      : progress_(std::make_shared<Progress>()),
        pool_(std::make_shared<spdlog::details::thread_pool>(queue_lines_max, 1)) {
    sinks.push_back(progress_);
    logger_ = std::make_shared<spdlog::async_logger>("log", sinks.begin(), sinks.end(), pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_level(spdlog::level::trace);
    logger_->flush_on(spdlog::level::trace);
    logger_->set_pattern("%v");
  }

  void Write(std::string_view line) override {
    written_.fetch_add(1, std::memory_order_relaxed);
    logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

  void Flush() override {
    const uint64_t target = written_.load(std::memory_order_relaxed);
    progress_->WaitFor(
        [&](uint64_t flushed) { return flushed + pool_->overrun_counter() >= target; });
  }

 private:
  std::atomic<uint64_t> written_{0};
  std::shared_ptr<Progress> progress_;
  std::shared_ptr<spdlog::async_logger> logger_;
  // Destroyed first: it writes out what waits and ends its thread, after which nothing else touches
  // the logger's files.
  std::shared_ptr<spdlog::details::thread_pool> pool_;
};

// "default" is another name of standard error.
std::set<std::string> DistinctNames(const std::vector<std::string>& names) {
  std::set<std::string> distinct;
  for (const std::string& name : names) distinct.insert(name == "default" ? "stderr" : name);
  return distinct;
}

// spdlog would make the folders on the way to it.
base::Status CheckFolder(const std::string& name) {
  if (std::FILE* const file = std::fopen(name.c_str(), "ae")) {
    std::fclose(file);
    return {};
  }
  return {base::Code::kUnavailable,
          "open sink " + base::Quote(name) + ": open " + name + ": " + base::ErrnoText(errno)};
}

base::Result<spdlog::sink_ptr> OpenSink(const std::string& name,
                                        const std::optional<Rotation>& rotation) {
  if (name == "stderr") return spdlog::sink_ptr(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (name == "stdout") return spdlog::sink_ptr(std::make_shared<spdlog::sinks::stdout_sink_mt>());
  if (name == "systemd/journal") return OpenJournal();
  if (rotation.has_value()) return OpenRotatingFile(name, *rotation);
  RETURN_IF_ERROR(CheckFolder(name));
  return spdlog::sink_ptr(std::make_shared<spdlog::sinks::basic_file_sink_mt>(name));
}

}  // namespace

base::Result<std::unique_ptr<LogSink>> OpenLogOutputs(const LogOutputs& outputs) {
  // spdlog throws when a file cannot be opened.
  try {
    std::vector<spdlog::sink_ptr> sinks;
    for (const std::string& name : DistinctNames(outputs.names)) {
      ASSIGN_OR_RETURN(spdlog::sink_ptr sink, OpenSink(name, outputs.rotation));
      sinks.push_back(std::move(sink));
    }
    return std::unique_ptr<LogSink>(
        std::make_unique<AsyncSink>(std::move(sinks), outputs.queue_lines_max));
  } catch (const spdlog::spdlog_ex& error) {
    return base::Status(base::Code::kUnavailable, error.what());
  }
}

}  // namespace observe
