#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/time.h"

// Structured log lines, byte for byte in the form of etcd 3.7:
//
//   logger.Info("opened backend", {{"path", path}, {"took", duration}});
//
//   {"level":"info","ts":"2026-05-01T10:00:00.123456Z","caller":"app/start.cc:70","msg":"opened
//   backend","path":"default.etcd/member/snap/db","took":"1.5ms"}

namespace observe {

// Fatal and panic are levels of lines alone: whoever writes such a line ends the process.
enum class Level : uint8_t { kDebug, kInfo, kWarn, kError, kPanic, kFatal };

// "info".
std::string_view LevelName(Level level);
std::optional<Level> ParseLevel(std::string_view name);

enum class LogFormat : uint8_t { kJson, kConsole };

// One key with its value. Borrows what it is made from: it lives only as long as the call that
// logs.
class Field {
 public:
  using Value = std::variant<int64_t, uint64_t, double, bool, std::string_view,
                             std::chrono::nanoseconds, std::span<const std::string>>;

  template <typename T>
  Field(std::string_view key, const T& value) : key_(key), value_(ValueOf(value)) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  template <typename T>
  static Value ValueOf(const T& value) {
    if constexpr (std::same_as<T, bool> || std::floating_point<T>) {
      return value;
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<int64_t>(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<uint64_t>(value);
    } else if constexpr (std::convertible_to<T, std::string_view>) {
      return std::string_view(value);
    } else if constexpr (std::convertible_to<T, std::chrono::nanoseconds>) {
      return std::chrono::nanoseconds(value);
    } else {
      return std::span<const std::string>(value);
    }
  }

  std::string_view key_;
  Value value_;
};

// Where a line is logged. (std::source_location is not there for clang 14.)
struct Caller {
  const char* file;
  int line;
  static constexpr Caller Here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

class LineSampler;

// Takes finished lines, without their line ends. Any thread.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // Does not wait for a disk or a reader; lines may be dropped if they come too fast.
  virtual void Write(std::string_view line) = 0;
  // What was written is out when it returns, unless that takes longer than two seconds.
  virtual void Flush() = 0;
};

// Writes the lines of at least one level, and not all of those that repeat (LineSampler). Any
// thread. A line below the level costs a comparison.
class Logger {
 public:
  using Fields = std::initializer_list<Field>;

  struct Options {
    Level level = Level::kInfo;
    LogFormat format = LogFormat::kJson;
  };

  // `clock` and `sink` outlive the logger.
  Logger(const runtime::Clock* clock, LogSink* sink, Options options);

  bool Enabled(Level level) const { return level >= options_.level; }

  // Lines from kPanic on are flushed before the call returns.
  void Log(Level level, std::string_view message, Fields fields = {},
           Caller caller = Caller::Here()) const {
    if (Enabled(level)) Write(level, message, fields, caller);
  }

  void Debug(std::string_view message, Fields fields = {}, Caller caller = Caller::Here()) const {
    Log(Level::kDebug, message, fields, caller);
  }
  void Info(std::string_view message, Fields fields = {}, Caller caller = Caller::Here()) const {
    Log(Level::kInfo, message, fields, caller);
  }
  void Warn(std::string_view message, Fields fields = {}, Caller caller = Caller::Here()) const {
    Log(Level::kWarn, message, fields, caller);
  }
  void Error(std::string_view message, Fields fields = {}, Caller caller = Caller::Here()) const {
    Log(Level::kError, message, fields, caller);
  }

 private:
  void Write(Level level, std::string_view message, Fields fields, Caller caller) const;

  const runtime::Clock* clock_;
  LogSink* sink_;
  const Options options_;
  const std::shared_ptr<LineSampler> sampler_;  // of this and its copies
};

}  // namespace observe
