#include "ctl/event_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/errno_text.h"
#include "base/go_text.h"

extern char** environ;

namespace ctl {
namespace {

// Ours, and what the process has of others.
std::vector<std::string> EnvironmentFor(int64_t revision, const etcd::Event& event) {
  std::vector<std::string> ours = {
      "ETCD_WATCH_REVISION=" + std::to_string(revision),
      "ETCD_WATCH_EVENT_TYPE=" + base::Quote(EventTypeName(event.type)),
      "ETCD_WATCH_KEY=" + base::Quote(event.kv.key),
      "ETCD_WATCH_VALUE=" + base::Quote(event.kv.value)};
  std::vector<std::string> all = ours;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    bool is_ours = false;
    for (const std::string& own : ours) {
      is_ours = is_ours || text.starts_with(own.substr(0, own.find('=') + 1));
    }
    if (!is_ours) all.push_back(text);
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string WhyNotStarted(const std::string& program, int error) {
  if (program.find('/') == std::string::npos) {
    return "exec: " + base::Quote(program) + ": executable file not found in $PATH";
  }
  return "fork/exec " + program + ": " + base::ErrnoText(error);
}

std::string HowItEnded(int status) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    return code == 0 ? "" : "exit status " + std::to_string(code);
  }
  std::string name = strsignal(WTERMSIG(status));
  name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
  return "signal: " + name + (WCOREDUMP(status) ? " (core dumped)" : "");
}

}  // namespace

std::string EventTypeName(etcd::Event::Type type) {
  return type == etcd::Event::Type::kPut ? "PUT" : "DELETE";
}

std::string RunForEvent(const std::vector<std::string>& command, int64_t revision,
                        const etcd::Event& event) {
  std::vector<std::string> words = command;
  std::vector<std::string> environment = EnvironmentFor(revision, event);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  // The signals that this thread keeps off are no business of the program's.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error = posix_spawnp(&child, command[0].c_str(), &files, &attributes,
                                 Pointers(&words).data(), Pointers(&environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return WhyNotStarted(command[0], error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return HowItEnded(status);
}

}  // namespace ctl
