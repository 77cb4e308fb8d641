#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>

#include "runtime/time.h"

namespace bench {

// Of requests that go on until something else ends.
inline constexpr uint64_t kUnknownTotal = UINT64_MAX;

// A line on a terminal that says how far a run is, written anew while it goes on and taken away in
// the end.
class Progress {
 public:
  // Null if the file is no terminal. `total`: requests.
  static std::unique_ptr<Progress> OnTerminal(std::FILE* file, uint64_t total,
                                              const runtime::Clock* clock);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So many have ended until now, of which so many failed.
  void Show(uint64_t ended, uint64_t failed);

 private:
  Progress(std::FILE* file, uint64_t total, const runtime::Clock* clock);

  std::FILE* const file_;
  const uint64_t total_;
  const runtime::Clock& clock_;
  runtime::TimePoint shown_at_;
  uint64_t ended_ = 0;  // as it was shown
};

}  // namespace bench
