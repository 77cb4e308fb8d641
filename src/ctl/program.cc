#include "ctl/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/errno_text.h"
#include "cli/command.h"
#include "cli/program_ending.h"

extern char** environ;

namespace ctl {
namespace {

std::string NameOf(const std::string& variable) {
  return variable.substr(0, variable.find('='));
}

bool Sets(const std::vector<std::string>& variables, const std::string& name) {
  return std::any_of(variables.begin(), variables.end(),
                     [&name](const std::string& each) { return NameOf(each) == name; });
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What it reads and writes; negative: nothing, and what this process does.
struct Streams {
  int in = -1;
  int out = -1;
};

// Returns an error number, or 0.
int Spawn(const std::vector<std::string>& command, const std::vector<std::string>& environment,
          pid_t* child, Streams streams = {}) {
  std::vector<std::string> words = command;
  std::vector<std::string> variables = environment;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (streams.in < 0) {
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  } else {
    posix_spawn_file_actions_adddup2(&files, streams.in, STDIN_FILENO);
  }
  if (streams.out >= 0) posix_spawn_file_actions_adddup2(&files, streams.out, STDOUT_FILENO);
  // The signals that this thread keeps off are no business of the program's.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawnp(child, command[0].c_str(), &files, &attributes,
                                 Pointers(&words).data(), Pointers(&variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

ProgramEnding WaitFor(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {cli::HowItEnded(status), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

}  // namespace

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& ours, bool replaces) {
  std::vector<std::string> inherited;
  for (char** entry = environ; *entry != nullptr; ++entry) inherited.emplace_back(*entry);
  const std::vector<std::string>& strong = replaces ? ours : inherited;
  const std::vector<std::string>& weak = replaces ? inherited : ours;
  std::vector<std::string> all = strong;
  for (const std::string& variable : weak) {
    if (!Sets(strong, NameOf(variable))) all.push_back(variable);
  }
  return all;
}

std::string StartProgram(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment) {
  pid_t child = 0;
  const int error = Spawn(command, environment, &child);
  return error == 0 ? "" : cli::WhyNotStarted(command[0], error);
}

void ForgetEndedPrograms() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

ProgramEnding RunProgram(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment) {
  pid_t child = 0;
  const int error = Spawn(command, environment, &child);
  if (error != 0) return {cli::WhyNotStarted(command[0], error), 1};
  return WaitFor(child);
}

ProgramEnding RunFilter(const std::vector<std::string>& command, const std::string& input,
                        std::string* output) {
  // Files, so that it does not matter who reads or writes first.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::tmpfile(), &std::fclose);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), &std::fclose);
  if (in == nullptr || out == nullptr) return {"no place for what it reads and writes", 1};
  if (std::fwrite(input.data(), 1, input.size(), in.get()) != input.size() ||
      std::fflush(in.get()) != 0) {
    return {"no place for what it reads: " + base::ErrnoText(errno), 1};
  }
  std::rewind(in.get());
  pid_t child = 0;
  const int error =
      Spawn(command, EnvironmentWith({}, false), &child, {fileno(in.get()), fileno(out.get())});
  if (error != 0) return {cli::WhyNotStarted(command[0], error), 1};
  ProgramEnding ending = WaitFor(child);
  std::rewind(out.get());
  *output = cli::ReadAll(out.get());
  return ending;
}

}  // namespace ctl
