#include "ctl/password.h"

#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <iterator>

#include "base/go_text.h"
#include "ctl/command.h"

namespace ctl {
namespace {

constexpr int kExitBySignal = 255;
constexpr int kEndingSignals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

// What a signal has to put back; a handler can be given nothing.
int hushed_terminal;
termios hushed_as_it_was;

void EndLoudly(int) {
  tcsetattr(hushed_terminal, TCSANOW, &hushed_as_it_was);
  _exit(kExitBySignal);
}

// A terminal does not show what is typed while this lives; without effect on anything else.
class Hush {
 public:
  explicit Hush(int descriptor) {
    if (tcgetattr(descriptor, &hushed_as_it_was) != 0) return;
    hushed_terminal = descriptor;
    is_hushed_ = true;
    struct sigaction ending = {};
    ending.sa_handler = EndLoudly;
    for (size_t i = 0; i < std::size(kEndingSignals); ++i) {
      sigaction(kEndingSignals[i], &ending, &before_[i]);
    }
    termios silent = hushed_as_it_was;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(descriptor, TCSANOW, &silent);
  }
  ~Hush() {
    if (!is_hushed_) return;
    tcsetattr(hushed_terminal, TCSANOW, &hushed_as_it_was);
    for (size_t i = 0; i < std::size(kEndingSignals); ++i) {
      sigaction(kEndingSignals[i], &before_[i], nullptr);
    }
  }
  Hush(const Hush&) = delete;
  Hush& operator=(const Hush&) = delete;

 private:
  bool is_hushed_ = false;
  struct sigaction before_[std::size(kEndingSignals)] = {};
};

std::string ReadLine(std::FILE* in) {
  std::string line;
  for (int byte; (byte = std::getc(in)) != EOF && byte != '\n';) line += static_cast<char>(byte);
  return line;
}

}  // namespace

std::string AskPassword(const Invocation& invocation, const std::string& prompt) {
  std::string line;
  if (invocation.in == nullptr) {
    Print(invocation.out, prompt);
  } else {
    // Before the prompt: what is typed as soon as it is there is not shown either.
    const Hush hush(fileno(invocation.in));
    Print(invocation.out, prompt);
    line = ReadLine(invocation.in);
  }
  Print(invocation.out, "\n");
  return std::string(base::TrimSpace(line));
}

std::string ReadWord(std::FILE* in) {
  if (in == nullptr) return {};
  const std::string line = ReadLine(in);
  constexpr char kSpaces[] = " \t\v\f\r";
  const size_t begin = line.find_first_not_of(kSpaces);
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_first_of(kSpaces, begin) - begin);
}

}  // namespace ctl
