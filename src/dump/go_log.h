#pragma once

#include <cstdio>
#include <string>

#include "runtime/time.h"

namespace dump {

// Lines as Go's package log writes them: "2026/11/28 13:58:16 " in local time, and the text.
class GoLog {
 public:
  // Both outlive this.
  GoLog(const runtime::Clock* clock, std::FILE* file) : clock_(*clock), file_(file) {}

  void Print(const std::string& text) const;

 private:
  const runtime::Clock& clock_;
  std::FILE* const file_;
};

}  // namespace dump
