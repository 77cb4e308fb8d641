#include "ctl/check_verdict.h"

#include <cstdio>

namespace ctl {
namespace {

constexpr double kLeastShare = 0.9;
constexpr double kSlowestSeconds = 0.5;
constexpr double kDeviationSeconds = 0.1;
constexpr double kMegabyte = 1024 * 1024;

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}
std::string Seconds(double value) {
  return Fixed(value, 6) + "s\n";
}

// Empty if there is none.
std::string ErrorLines(const LoadReport& report) {
  if (report.errors.empty()) return "";
  std::string text = "FAIL: too many errors\n";
  for (const auto& [error, count] : report.errors) {
    text += "FAIL: ERROR(" + error + ") -> " + std::to_string(count) + "\n";
  }
  return text;
}

}  // namespace

Verdict JudgePerformance(const LoadReport& report, uint64_t puts_per_second) {
  Verdict verdict{ErrorLines(report), report.errors.empty()};
  const auto judge = [&verdict](bool good, const std::string& bad_text, const char* good_text,
                                const std::string& value) {
    verdict.text += (good ? good_text : bad_text) + value;
    verdict.passed = verdict.passed && good;
  };
  const double per_second = report.PerSecond();
  const std::string writes = std::to_string(static_cast<uint64_t>(per_second) + 1) + " writes/s\n";
  judge(per_second / static_cast<double>(puts_per_second) > kLeastShare,
        "FAIL: Throughput too low: ", "PASS: Throughput is ", writes);
  judge(report.slowest <= kSlowestSeconds,
        "Slowest request took too long: ", "PASS: Slowest request took ", Seconds(report.slowest));
  judge(report.deviation <= kDeviationSeconds, "Stddev too high: ", "PASS: Stddev is ",
        Seconds(report.deviation));
  verdict.text += verdict.passed ? "PASS\n" : "FAIL\n";
  return verdict;
}

Verdict JudgeMemory(const LoadReport& report, double bytes_before, double bytes_after) {
  if (!report.errors.empty()) return {ErrorLines(report), false};
  return {"PASS: Approximate system memory used : " +
              Fixed((bytes_after - bytes_before) / kMegabyte, 2) + " MB.\n",
          true};
}

}  // namespace ctl
