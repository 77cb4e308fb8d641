#include "dump/stream_decoder.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "base/errno_text.h"
#include "base/go_text.h"
#include "cli/program_ending.h"

extern char** environ;

namespace dump {
namespace {

// Keeps the signal off this thread that a write to a program which has ended would send: it ends
// this process, as it should where somebody else reads the output.
class WithoutPipeSignal {
 public:
  WithoutPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutPipeSignal() {
    constexpr timespec kNow{};
    while (sigtimedwait(&pipe_, nullptr, &kNow) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
};

constexpr std::chrono::milliseconds kLookForEnd{10};
constexpr size_t kChunkBytes = size_t{64} << 10;

std::string HexLine(base::ByteView data) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string line;
  line.reserve(2 * data.size() + 1);
  for (const char byte : data) {
    line += kDigits[static_cast<uint8_t>(byte) >> 4];
    line += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return line += '\n';
}

// Two pipes: what the program reads, and what it writes. -1: none.
struct Pipes {
  int input[2] = {-1, -1};
  int output[2] = {-1, -1};
  ~Pipes() {
    for (const int end : {input[0], input[1], output[0], output[1]}) {
      if (end >= 0) ::close(end);
    }
  }
};

}  // namespace

base::Result<std::unique_ptr<StreamDecoder>> StreamDecoder::Start(const std::string& command,
                                                                  const Limits& limits) {
  Pipes pipes;
  if (::pipe2(pipes.input, O_CLOEXEC) != 0 || ::pipe2(pipes.output, O_CLOEXEC) != 0 ||
      ::fcntl(pipes.input[1], F_SETFL, O_NONBLOCK) != 0) {
    return base::Status(base::Code::kUnavailable, base::ErrnoText(errno));
  }
  std::vector<std::string> words = base::Split(command, ' ');
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, pipes.input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, pipes.output[1], STDOUT_FILENO);
  std::unique_ptr<StreamDecoder> decoder(new StreamDecoder(limits));
  const int error =
      posix_spawnp(&decoder->child_, arguments[0], &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    decoder->child_ = 0;
    return base::Status(base::Code::kNotFound, cli::WhyNotStarted(words[0], error));
  }
  decoder->input_ = std::exchange(pipes.input[1], -1);
  decoder->output_ = std::exchange(pipes.output[0], -1);
  return decoder;
}

StreamDecoder::~StreamDecoder() {
  (void)Finish();
}

base::Result<std::string> StreamDecoder::Decode(base::ByteView data) {
  const std::string line = HexLine(data);
  const size_t unread_max = limits_.unread_bytes_max + 4 * line.size();
  const WithoutPipeSignal without;
  base::ByteView left = line;
  Write(&left);
  size_t searched = 0;
  while (true) {
    const size_t end = unread_.find('\n', searched);
    if (end != std::string::npos && left.empty()) {
      std::string answer = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return answer;
    }
    if (unread_.size() > unread_max) {
      return Kill({base::Code::kResourceExhausted, "it has written " +
                                                       std::to_string(unread_.size()) +
                                                       " bytes without taking or ending a line"});
    }
    searched = end == std::string::npos ? unread_.size() : end;
    RETURN_IF_ERROR(Exchange(&left));
  }
}

// Waits until it takes or writes something.
base::Status StreamDecoder::Exchange(base::ByteView* left) {
  pollfd ends[] = {{output_, POLLIN, 0}, {left->empty() ? -1 : input_, POLLOUT, 0}};
  const int ready = ::poll(ends, std::size(ends), static_cast<int>(limits_.patience.count()));
  if (ready < 0) return {};
  if (ready == 0) {
    return Kill({base::Code::kDeadlineExceeded,
                 "it has neither read nor answered anything for " +
                     base::FormatDuration(limits_.patience) +
                     "; it is to answer each line before it reads the next one, and not to "
                     "gather its output"});
  }
  if (ends[1].revents != 0) Write(left);
  if (ends[0].revents == 0) return {};
  ASSIGN_OR_RETURN(const size_t read, Read());
  return read > 0 ? base::Status() : EndedEarly();
}

// As much of it as it takes now. What one that has closed its input does not take is left out: it
// may answer all the same.
void StreamDecoder::Write(base::ByteView* left) {
  while (!left->empty()) {
    const ssize_t written = ::write(input_, left->data(), left->size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) {
      CloseInput();
      *left = {};
      return;
    }
    left->remove_prefix(static_cast<size_t>(written));
  }
}

// Waits for some of what it writes; 0 at the end of that.
base::Result<size_t> StreamDecoder::Read() {
  const size_t before = unread_.size();
  unread_.resize(before + kChunkBytes);
  const ssize_t read = ::read(output_, unread_.data() + before, kChunkBytes);
  const int error = errno;
  unread_.resize(before + (read > 0 ? static_cast<size_t>(read) : 0));
  if (read < 0) return base::Status(base::Code::kUnknown, base::ErrnoText(error));
  return static_cast<size_t>(read);
}

void StreamDecoder::CloseInput() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

base::Status StreamDecoder::Kill(const base::Status& why) {
  ::kill(child_, SIGKILL);
  return why;
}

base::Status StreamDecoder::EndedEarly() {
  const base::Status ended = Finish();
  const std::string text = "it has ended before it answered";
  return {base::Code::kUnavailable, ended.ok() ? text : text + ": " + std::string(ended.message())};
}

base::Status StreamDecoder::Finish() {
  CloseInput();
  if (child_ == 0) return {};
  int ending = 0;
  base::Status finished = Drain(&ending);
  if (!finished.ok()) {
    (void)Kill(finished);
    while (waitpid(child_, &ending, 0) < 0 && errno == EINTR) {
    }
  }
  child_ = 0;
  ::close(std::exchange(output_, -1));
  if (!finished.ok()) return finished;
  const std::string how = cli::HowItEnded(ending);
  return how.empty() ? base::Status() : base::Status(base::Code::kUnknown, how);
}

// Waits for its end, and how it was.
base::Status StreamDecoder::Drain(int* ending) {
  size_t drained = 0;
  std::chrono::milliseconds still{0};
  bool at_end = false;
  while (waitpid(child_, ending, WNOHANG) == 0) {
    if (still >= limits_.patience) {
      return {base::Code::kDeadlineExceeded, "it has not ended for " +
                                                 base::FormatDuration(limits_.patience) +
                                                 " after the end of its input"};
    }
    pollfd output{at_end ? -1 : output_, POLLIN, 0};
    if (::poll(&output, 1, static_cast<int>(kLookForEnd.count())) <= 0) {
      still += kLookForEnd;
      continue;
    }
    unread_.clear();
    ASSIGN_OR_RETURN(const size_t read, Read());
    drained += read;
    at_end = read == 0;
    if (read > 0) still = {};
    if (drained > limits_.unread_bytes_max) {
      return {base::Code::kResourceExhausted,
              "it goes on writing after the answer to the last line"};
    }
  }
  return {};
}

Decoded SplitAnswer(const std::string& answer) {
  const std::vector<std::string> parts = base::Split(answer, '|');
  if (parts.size() == 1) {
    return {"decoder output format is not right, print output anyway", answer};
  }
  Decoded decoded{parts[0], ""};
  if (parts.size() > 2) {
    decoded.status += "(*WARNING: data might contain deliminator used by etcd-dump-logs)";
  }
  for (size_t i = 1; i < parts.size(); ++i) decoded.data += parts[i];
  return decoded;
}

}  // namespace dump
