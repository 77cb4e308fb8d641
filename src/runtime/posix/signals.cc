#include "runtime/posix/signals.h"

#include <signal.h>
#include <unistd.h>

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

}  // namespace

void HoldTerminationSignals() {
  const sigset_t set = TerminationSignals();
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  ::signal(SIGPIPE, SIG_IGN);
}

int WaitForTerminationSignal() {
  const sigset_t set = TerminationSignals();
  int signal = 0;
  CHECK(sigwait(&set, &signal) == 0);
  return signal;
}

void DieOf(int signal) {
  // The first process of a container ignores signals that it has no handler for.
  if (::getpid() == 1) std::_Exit(0);
  ::signal(signal, SIG_DFL);
  const sigset_t set = TerminationSignals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::kill(::getpid(), signal);
  std::_Exit(1);
}

}  // namespace runtime::posix
