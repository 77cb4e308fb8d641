#include "base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace base {
namespace {

void WriteToStandardError(std::string_view message) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
}

std::atomic<FatalHook> fatal_hook{&WriteToStandardError};

}  // namespace

void SetFatalHook(FatalHook hook) {
  fatal_hook.store(hook);
}

void Fatal(std::string_view message) {
  fatal_hook.load()(message);
  std::abort();
}

namespace internal {

void CheckFailed(const char* file, int line, std::string_view condition) {
  Fatal(std::string(file) + ":" + std::to_string(line) +
        ": check failed: " + std::string(condition));
}

void CheckFailed(const char* file, int line, std::string_view condition, const std::string& left,
                 const std::string& right) {
  CheckFailed(file, line, std::string(condition) + " (" + left + " against " + right + ")");
}

}  // namespace internal
}  // namespace base
