#include "runtime/posix/signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/check.h"

namespace runtime::posix {
namespace {

sigset_t TerminationSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// What a shell reports of a process that `signal` has ended.
int ExitStatusOf(int signal) {
  return 128 + signal;
}

}  // namespace

void HeedEndingSignals() {
  for (const int heeded : {SIGQUIT, SIGTERM}) ::signal(heeded, SIG_DFL);
}

void HoldTerminationSignals() {
  const sigset_t set = TerminationSignals();
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

void HoldSignals() {
  HeedEndingSignals();
  HoldTerminationSignals();
  // A write beyond a limit of the file's size fails like one to a full disk.
  for (const int ignored :
       {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGIO, SIGPWR, SIGXFSZ}) {
    ::signal(ignored, SIG_IGN);
  }
}

int WaitForTerminationSignal() {
  const sigset_t set = TerminationSignals();
  int signal = 0;
  CHECK(sigwait(&set, &signal) == 0);
  return signal;
}

std::optional<int> WaitForTerminationSignal(Duration timeout) {
  const sigset_t set = TerminationSignals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec wait{seconds.count(), (timeout - seconds).count()};
  const int signal = ::sigtimedwait(&set, nullptr, &wait);
  if (signal > 0) return signal;
  CHECK(errno == EAGAIN || errno == EINTR);
  return std::nullopt;
}

void ReleaseTerminationSignals() {
  for (const int signal : {SIGINT, SIGTERM}) {
    // The first process of a container ignores signals that it has no handler for.
    ::signal(signal, ::getpid() == 1 ? [](int number) { ::_exit(ExitStatusOf(number)); } : SIG_DFL);
  }
  const sigset_t set = TerminationSignals();
  CHECK(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
}

void SendTerminationSignal() {
  ::kill(::getpid(), SIGTERM);
}

void ExitAtOnce(int status) {
  std::_Exit(status);
}

void DieOf(int signal) {
  if (::getpid() == 1) std::_Exit(0);
  ReleaseTerminationSignals();
  ::kill(::getpid(), signal);
  std::_Exit(1);
}

}  // namespace runtime::posix
