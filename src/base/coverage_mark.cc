#include "base/coverage_mark.h"

#include <utility>

namespace base {
namespace {

// All marks, linked while the program is being started, by one thread.
constinit const internal::CoverageMark* newest = nullptr;

}  // namespace

namespace internal {

CoverageMark::CoverageMark(std::string_view name)
    : name_(name), next_(std::exchange(newest, this)) {}

}  // namespace internal

std::vector<ReachedMark> ReachedMarks() {
  std::vector<ReachedMark> marks;
  for (const auto* mark = newest; mark != nullptr; mark = mark->next()) {
    marks.push_back(mark->Look());
  }
  std::sort(marks.begin(), marks.end(),
            [](const ReachedMark& a, const ReachedMark& b) { return a.name < b.name; });
  return marks;
}

}  // namespace base
