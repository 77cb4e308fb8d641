#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace dump {

// A program that reads lines of bytes in hexadecimal, one an entry, and answers each with a line.
class StreamDecoder {
 public:
  // Starts it: the program and its arguments, with single spaces between. It has this process's
  // standard error.
  static base::Result<std::unique_ptr<StreamDecoder>> Start(const std::string& command);
  // Waits for the program, which reads the end of its input first.
  ~StreamDecoder();
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;

  // Its answer, without the line's end; nothing if it has ended before. Waits for it.
  base::Result<std::optional<std::string>> Decode(base::ByteView data);

  // Ends its input and waits for it; how it failed, as Go says it.
  base::Status Finish();

 private:
  StreamDecoder() = default;

  pid_t child_ = 0;              // 0: it has been waited for
  int input_ = -1;               // to write to; -1: it has been closed
  std::FILE* output_ = nullptr;  // to read from
};

// The columns of an answer: what stands before a '|' and behind it.
struct Decoded {
  std::string status;
  std::string data;
};
Decoded SplitAnswer(const std::string& answer);

}  // namespace dump
