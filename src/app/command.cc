#include "app/command.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <variant>

#include "app/app.h"
#include "base/check.h"
#include "base/errno_text.h"
#include "config/command.h"
#include "config/log_level.h"
#include "config/log_rotation.h"
#include "config/validate.h"
#include "observe/log.h"
#include "observe/log_outputs.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/default_host.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/service_manager.h"
#include "runtime/posix/signals.h"

namespace app {
namespace {

// Between two attempts to lock the directory.
constexpr runtime::Duration kPause = std::chrono::milliseconds(100);

// Where a broken invariant is told before the process ends.
const observe::Logger* fatal_logger = nullptr;

void LogFatal(std::string_view message) {
  fatal_logger->Log(observe::Level::kFatal, message);
}

config::World TheWorld() {
  config::World world;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) {
      world.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  world.read_file = [](const std::string& path) -> base::Result<std::string> {
    runtime::posix::Disk disk;
    base::Result<base::Bytes> text = runtime::ReadFile(disk, path);
    if (text.ok()) return *std::move(text);
    return base::Status(text.status().code(), "open " + std::string(text.status().message()));
  };
  world.default_host = runtime::posix::DefaultHost();
  return world;
}

int Print(std::FILE* stream, const std::string& text, int status) {
  const bool is_written = std::fputs(text.c_str(), stream) != EOF && std::fflush(stream) == 0;
  if (is_written || errno == EPIPE || stream == stderr) return status;
  std::fprintf(stderr, "Error: write /dev/stdout: %s\n", base::ErrnoText(errno).c_str());
  return 1;
}

observe::Level LevelOf(config::Severity severity) {
  switch (severity) {
    case config::Severity::kInfo:
      return observe::Level::kInfo;
    case config::Severity::kWarn:
      return observe::Level::kWarn;
    case config::Severity::kFatal:
      break;
  }
  return observe::Level::kFatal;
}

void LogNotice(const observe::Logger& logger, const config::Notice& notice) {
  const observe::Level level = LevelOf(notice.severity);
  const auto& fields = notice.fields;
  CHECK(fields.size() <= 2);
  if (fields.empty()) return logger.Log(level, notice.message);
  const observe::Field first{fields[0].first, fields[0].second};
  if (fields.size() == 1) return logger.Log(level, notice.message, {first});
  logger.Log(level, notice.message, {first, {fields[1].first, fields[1].second}});
}

base::Result<observe::LogOutputs> OutputsOf(const config::LogConfig& config) {
  observe::LogOutputs outputs;
  outputs.names = config.outputs;
  if (config.enable_rotation) {
    ASSIGN_OR_RETURN(const config::LogRotation rotation,
                     config::ParseLogRotation(config.rotation_config_json));
    observe::Rotation& kept = outputs.rotation.emplace();
    if (rotation.max_size_megabytes > 0) kept.max_size_megabytes = rotation.max_size_megabytes;
    kept.max_backups = rotation.max_backups;
    kept.max_age_days = rotation.max_age_days;
    kept.local_time = rotation.local_time;
    kept.compress = rotation.compress;
  }
  return outputs;
}

observe::Logger::Options LoggerOptions(const config::LogConfig& config) {
  observe::Logger::Options options;
  if (const auto name = config::LogLevelName(config.level)) {
    options.level = observe::ParseLevel(*name).value_or(observe::Level::kInfo);
  }
  if (config.format == "console") options.format = observe::LogFormat::kConsole;
  return options;
}

// Compat: logged whether or not anybody listens.
void TellServiceManager(const observe::Logger& logger) {
  logger.Info("notifying init daemon");
  const base::Status status = runtime::posix::NotifyReady();
  if (!status.ok()) {
    logger.Log(observe::Level::kError, "failed to notify systemd for readiness",
               {{"error", status.message()}});
    return;
  }
  logger.Info("successfully notified init daemon");
}

// The signal that ended it, and whether that was because it was removed from its cluster.
struct Ending {
  int signal;
  bool removed = false;
};

base::Result<std::unique_ptr<App>> Start(const config::ServerConfig& config,
                                         const observe::Logger& logger,
                                         const std::function<bool()>& pause) {
  RETURN_IF_ERROR(config::CheckStart(config));
  return App::Start(config, &logger, pause);
}

// Nothing if it could not begin.
std::optional<Ending> Serve(const config::ServerConfig& config, const observe::Logger& logger) {
  std::optional<int> signal;
  base::Result<std::unique_ptr<App>> app = Start(config, logger, [&signal] {
    signal = runtime::posix::WaitForTerminationSignal(kPause);
    return !signal.has_value();
  });
  if (!app.ok() && signal.has_value()) {
    logger.Info("received signal; shutting down", {{"signal", ::strsignal(*signal)}});
    return Ending{*signal};
  }
  if (!app.ok()) {
    logger.Log(observe::Level::kFatal, "failed to start etcd", {{"error", app.status().message()}});
    return std::nullopt;
  }
  TellServiceManager(logger);
  signal = runtime::posix::WaitForTerminationSignal();
  runtime::posix::ReleaseTerminationSignals();  // another one ends the process at once
  const Ending ending{*signal, (*app)->removed()};
  if (!ending.removed) {
    logger.Info("received signal; shutting down", {{"signal", ::strsignal(*signal)}});
  }
  logger.Info("closing etcd server",
              {{"name", config.member.name}, {"data-dir", config.member.data_dir}});
  app->reset();
  logger.Info("closed etcd server",
              {{"name", config.member.name}, {"data-dir", config.member.data_dir}});
  return ending;
}

// Says why the server does not start, where it logs if nobody says where.
int Refuse(const std::vector<config::Notice>& notices, const config::Notice& reason) {
  const auto sink = observe::OpenLogOutputs({});
  CHECK(sink.ok());
  const runtime::posix::Clock clock;
  const observe::Logger logger(&clock, sink->get(), {});
  for (const config::Notice& notice : notices) LogNotice(logger, notice);
  LogNotice(logger, reason);
  return 1;
}

int Run(const config::ServerConfig& config, const std::vector<config::Notice>& notices) {
  std::optional<Ending> ending;
  {
    base::Result<observe::LogOutputs> outputs = OutputsOf(config.log);
    base::Result<std::unique_ptr<observe::LogSink>> sink =
        outputs.ok() ? observe::OpenLogOutputs(*outputs) : outputs.status();
    if (!sink.ok()) {
      return Refuse(notices, config::Refuse(sink.status().message()).reason);
    }
    const runtime::posix::Clock clock;
    const observe::Logger logger(&clock, sink->get(), LoggerOptions(config.log));
    for (const config::Notice& notice : notices) LogNotice(logger, notice);
    fatal_logger = &logger;
    base::SetFatalHook(LogFatal);
    ending = Serve(config, logger);
  }
  if (!ending.has_value()) return 1;
  if (ending->removed) return 0;
  runtime::posix::DieOf(ending->signal);
}

}  // namespace

int Main(const std::vector<std::string>& arguments) {
  const config::Command command = config::ParseCommand(arguments, TheWorld());
  if (const auto* print = std::get_if<config::Print>(&command.action)) {
    return Print(stdout, print->text, 0);
  }
  if (const auto* misuse = std::get_if<config::Misuse>(&command.action)) {
    return Print(stderr, misuse->text, 2);
  }
  if (const auto* refusal = std::get_if<config::Refusal>(&command.action)) {
    return Refuse(command.notices, refusal->reason);
  }
  return Run(std::get<config::ServerConfig>(command.action), command.notices);
}

}  // namespace app
