#include "app/command.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <variant>

#include "app/app.h"
#include "config/command.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/signals.h"

namespace app {
namespace {

config::World TheWorld() {
  config::World world;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) {
      world.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  world.read_file = [](const std::string& path) {
    runtime::posix::Disk disk;
    return runtime::ReadFile(disk, path);
  };
  return world;
}

int Print(std::FILE* stream, const std::string& text, int status) {
  std::fputs(text.c_str(), stream);
  return status;
}

int Run(const config::ServerConfig& config) {
  base::Result<std::unique_ptr<App>> app = App::Start(config);
  if (!app.ok()) {
    std::fprintf(stderr, "%s\n", app.status().ToString().c_str());
    return 1;
  }
  const int signal = runtime::posix::WaitForTerminationSignal();
  (*app)->Stop();
  app->reset();
  runtime::posix::DieOf(signal);
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
    return Print(stderr, refusal->reason.message + "\n", 1);
  }
  return Run(std::get<config::ServerConfig>(command.action));
}

}  // namespace app
