#include "net/rpc/timeout.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace rpc {
namespace {

constexpr int64_t kMaxAmount = 99'999'999;

struct Unit {
  char name;
  int64_t nanos;
};
constexpr std::array<Unit, 6> kUnits = {{{'n', 1},
                                         {'u', 1'000},
                                         {'m', 1'000'000},
                                         {'S', 1'000'000'000},
                                         {'M', 60'000'000'000},
                                         {'H', 3'600'000'000'000}}};

base::Status Malformed(base::ByteView problem, base::ByteView text) {
  base::Bytes message = "transport: timeout ";
  message.append(problem).append(": \"").append(text).append("\"");
  return base::Status(base::Code::kInternal, message);
}

}  // namespace

base::Result<runtime::Duration> ParseTimeout(base::ByteView text, size_t digits_max) {
  if (text.size() < 2) return Malformed("string is too short", text);
  if (text.size() > digits_max + 1) return Malformed("string is too long", text);
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(),
                                        [&](const Unit& each) { return each.name == text.back(); });
  if (unit == kUnits.end()) return Malformed("unit is not recognized", text);
  int64_t amount = 0;
  for (const char digit : text.substr(0, text.size() - 1)) {
    if (digit < '0' || digit > '9') return Malformed("is not a number", text);
    amount = amount * 10 + (digit - '0');
  }
  constexpr int64_t kLongest = INT64_MAX;  // 292 years
  if (amount > kLongest / unit->nanos) return runtime::Duration(kLongest);
  return runtime::Duration(amount * unit->nanos);
}

std::string FormatTimeout(runtime::Duration timeout) {
  if (timeout.count() <= 0) return "1n";
  for (const Unit& unit : kUnits) {
    const int64_t amount =
        timeout.count() / unit.nanos + (timeout.count() % unit.nanos != 0 ? 1 : 0);
    if (amount <= kMaxAmount) return std::to_string(amount) + unit.name;
  }
  return std::to_string(kMaxAmount) + "H";
}

}  // namespace rpc
