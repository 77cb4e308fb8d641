#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/check.h"

namespace ctl::testing {

// A file in memory that keeps what is written to it.
class Captured {
 public:
  Captured() : file_(open_memstream(&text_, &size_)) { CHECK(file_ != nullptr); }
  ~Captured() {
    std::fclose(file_);
    std::free(text_);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    return std::string(text_, size_);
  }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
  std::FILE* file_;
};

}  // namespace ctl::testing
