#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// Places that only a fault, a race or a rare order of events leads to, by names in plain English:
//
//   base::Mark<"raft: an append is rejected">();
//
// A test that is to provoke such things looks afterwards whether it has. Names are counted together
// where one is at several places. A mark costs one relaxed addition, and is for what is rare;
// nothing in the product reads what it counts.

namespace base {

// The name of a mark, as a template's argument.
template <size_t kSize>
struct MarkName {
  // Implicit, so that a literal is one.
  constexpr MarkName(const char (&literal)[kSize]) {  // NOLINT(google-explicit-constructor)
    std::copy_n(literal, kSize, text);
  }
  char text[kSize];
};

struct ReachedMark {
  std::string_view name;
  uint64_t count = 0;
};

// Every mark of this program, also those that nobody has come to, by name. Any thread.
std::vector<ReachedMark> ReachedMarks();

namespace internal {

// One mark; there from before main until the program ends.
class CoverageMark {
 public:
  explicit CoverageMark(std::string_view name);
  void Reach() { count_.fetch_add(1, std::memory_order_relaxed); }
  ReachedMark Look() const { return {name_, count_.load(std::memory_order_relaxed)}; }
  const CoverageMark* next() const { return next_; }

 private:
  const std::string_view name_;
  const CoverageMark* const next_;
  std::atomic<uint64_t> count_ = 0;
};

template <MarkName kName>
inline CoverageMark coverage_mark{std::string_view(kName.text, sizeof kName.text - 1)};

}  // namespace internal

// Counts that the caller's place was reached. Any thread.
template <MarkName kName>
void Mark() {
  internal::coverage_mark<kName>.Reach();
}

}  // namespace base
