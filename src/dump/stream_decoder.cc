#include "dump/stream_decoder.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

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

base::Status WriteAll(int descriptor, base::ByteView bytes) {
  const WithoutPipeSignal without;
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {base::Code::kUnavailable, base::ErrnoText(errno)};
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

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

base::Result<std::unique_ptr<StreamDecoder>> StreamDecoder::Start(const std::string& command) {
  Pipes pipes;
  if (::pipe2(pipes.input, O_CLOEXEC) != 0 || ::pipe2(pipes.output, O_CLOEXEC) != 0) {
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
  std::unique_ptr<StreamDecoder> decoder(new StreamDecoder());
  const int error =
      posix_spawnp(&decoder->child_, arguments[0], &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    decoder->child_ = 0;
    return base::Status(base::Code::kNotFound, cli::WhyNotStarted(words[0], error));
  }
  decoder->input_ = std::exchange(pipes.input[1], -1);
  decoder->output_ = ::fdopen(pipes.output[0], "r");
  if (decoder->output_ != nullptr) pipes.output[0] = -1;
  return decoder;
}

StreamDecoder::~StreamDecoder() {
  (void)Finish();
  if (output_ != nullptr) std::fclose(output_);
}

base::Result<std::optional<std::string>> StreamDecoder::Decode(base::ByteView data) {
  std::optional<std::string> none;
  // What it does not take it does not answer, either.
  if (!WriteAll(input_, HexLine(data)).ok()) return none;
  char* line = nullptr;
  size_t capacity = 0;
  const ssize_t size = ::getline(&line, &capacity, output_);
  std::optional<std::string> answer;
  if (size >= 0 && line[size - 1] == '\n') answer.emplace(line, static_cast<size_t>(size) - 1);
  std::free(line);
  return answer;
}

base::Status StreamDecoder::Finish() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
  if (child_ == 0) return {};
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = 0;
  const std::string ending = cli::HowItEnded(status);
  return ending.empty() ? base::Status() : base::Status(base::Code::kUnknown, ending);
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
