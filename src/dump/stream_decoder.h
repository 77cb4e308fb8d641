#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace dump {

// A program that reads lines of bytes in hexadecimal, one an entry, and answers each with a line.
// It may answer while it still reads: what it writes is taken while it is written to.
class StreamDecoder {
 public:
  struct Limits {
    // For how long it may neither read, nor write, nor end.
    std::chrono::milliseconds patience = std::chrono::seconds(30);
    // How much it may write that is no answer yet; besides four times the line that it answers.
    size_t unread_bytes_max = size_t{64} << 20;
  };

  // Starts it: the program and its arguments, with single spaces between. It has this process's
  // standard error.
  static base::Result<std::unique_ptr<StreamDecoder>> Start(const std::string& command,
                                                            const Limits& limits);
  // As Finish.
  ~StreamDecoder();
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;

  // Its answer, without the line's end; waits for it. kUnavailable if it has ended before, any
  // other code if it keeps to no limit, for which it is killed. After an error it is asked no more.
  base::Result<std::string> Decode(base::ByteView data);

  // Ends its input and waits for its end, passing over what it writes yet; how it failed, as Go
  // says it. One that goes on beyond a limit is killed.
  base::Status Finish();

 private:
  explicit StreamDecoder(const Limits& limits) : limits_(limits) {}

  void CloseInput();
  void Write(base::ByteView* left);
  base::Result<size_t> Read();
  base::Status Exchange(base::ByteView* left);
  base::Status Drain(int* ending);
  base::Status Kill(const base::Status& why);
  base::Status EndedEarly();

  const Limits limits_;
  pid_t child_ = 0;     // 0: it has been waited for
  int input_ = -1;      // to write to, without waiting; -1: it is closed
  int output_ = -1;     // to read from; -1: it is closed
  std::string unread_;  // of what it has written
};

// The columns of an answer: what stands before a '|' and behind it.
struct Decoded {
  std::string status;
  std::string data;
};
Decoded SplitAnswer(const std::string& answer);

}  // namespace dump
