#include "runtime/posix/unfinished.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "runtime/posix/signals.h"
#include "runtime/unfinished.h"

// What a handler of a signal calls must be safe whatever it has interrupted: system calls alone,
// and no memory from the heap. It does its work on the thread that makes the files, which has
// stopped then, so that nothing is made anew behind it.

namespace runtime::posix {
namespace {

constexpr int kEndingSignals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};

// Both are changed where the handler cannot come: it works on the maker's thread alone.
struct Unfinished {
  std::vector<std::string> names;
  pthread_t maker = ::pthread_self();
};
Unfinished& TheUnfinished() {
  static auto& unfinished = *new Unfinished();
  return unfinished;
}

sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kEndingSignals) sigaddset(&set, signal);
  return set;
}

void RemoveTree(int folder, const char* name);

// False if there was nothing to remove.
bool RemoveSomeOf(int folder) {
  alignas(dirent64) char buffer[2048];
  bool found = false;
  ssize_t size = 0;
  ::lseek(folder, 0, SEEK_SET);
  while ((size = ::getdents64(folder, buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < size;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
      RemoveTree(folder, entry->d_name);
      found = true;
    }
  }
  return found;
}

void RemoveTree(int folder, const char* name) {
  if (::unlinkat(folder, name, 0) == 0 || errno != EISDIR) return;
  const int inside = ::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (inside < 0) return;
  // What goes while it is listed may hide something else; what cannot go is not tried for ever.
  constexpr int kTries = 3;
  for (int i = 0; i < kTries && RemoveSomeOf(inside); ++i) {
  }
  ::close(inside);
  ::unlinkat(folder, name, AT_REMOVEDIR);
}

void End(int signal) {
  const Unfinished& unfinished = TheUnfinished();
  if (::pthread_equal(unfinished.maker, ::pthread_self()) == 0) {
    ::pthread_kill(unfinished.maker, signal);
    return;
  }
  for (const std::string& name : unfinished.names) RemoveTree(AT_FDCWD, name.c_str());
  ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal);
  // The first process of a container ignores what it has no handler for.
  constexpr int kEndedBySignal = 128;
  ::_exit(kEndedBySignal + signal);
}

class Keeper final : public UnfinishedKeeper {
 public:
  base::Status Change(std::vector<std::string> names,
                      base::Callback<base::Status()> change) override {
    CHECK(::pthread_equal(TheUnfinished().maker, ::pthread_self()) != 0);
    const sigset_t ending = EndingSignals();
    sigset_t before;
    CHECK(::pthread_sigmask(SIG_BLOCK, &ending, &before) == 0);
    base::Status status = change();
    if (status.ok()) TheUnfinished().names = std::move(names);
    CHECK(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
    return status;
  }
};

}  // namespace

void RemoveUnfinishedAtSignals() {
  static auto& keeper = *new Keeper();
  TheUnfinished();  // has this thread for its maker
  HeedEndingSignals();
  struct sigaction ending = {};
  ending.sa_handler = End;
  ending.sa_mask = EndingSignals();
  for (const int signal : kEndingSignals) {
    struct sigaction before = {};
    CHECK(::sigaction(signal, nullptr, &before) == 0);
    if (before.sa_handler == SIG_IGN) continue;
    CHECK(::sigaction(signal, &ending, nullptr) == 0);
  }
  KeepUnfinished(&keeper);
}

}  // namespace runtime::posix
