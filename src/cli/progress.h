#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace cli {

// To the begin of a terminal's line, and what is on it away.
inline constexpr char kClearLine[] = "\r\x1b[K";

// A line on a terminal that says how far long work has come, written anew while it goes on and
// taken away at its end: "restoring  123 MB of 700 MB  17%". Where no terminal looks on nothing is
// written.
class Progress {
 public:
  // `what`: one word. `unit`: what is counted; empty: bytes.
  Progress(std::FILE* file, std::string what, std::string unit = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // May be called as often as is convenient: the line changes with each percent.
  void Show(uint64_t done, uint64_t total);

 private:
  std::FILE* const file_;  // null: no terminal
  const std::string what_;
  const std::string unit_;
  std::optional<uint64_t> shown_;  // percent
};

}  // namespace cli
