#include "net/trace/trace_context.h"

#include <algorithm>
#include <vector>

namespace trace {
namespace {

constexpr uint8_t kLargestVersion = 254;
constexpr size_t kMembersMax = 32;
constexpr size_t kValueBytesMax = 256;
// Of a key, or of a tenant and a system joined by "@".
constexpr size_t kKeyBytesMax = 256;
constexpr size_t kTenantBytesMax = 241;
constexpr size_t kSystemBytesMax = 14;

// What is before the delimiter, which is taken off `*text` too; all of it without one.
base::ByteView Cut(base::ByteView* text, char delimiter) {
  const size_t end = text->find(delimiter);
  const base::ByteView part = text->substr(0, end);
  *text = end == base::ByteView::npos ? base::ByteView() : text->substr(end + 1);
  return part;
}

// Of a digit of base 16 in lower case; negative for anything else.
int DigitValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// The next part of `*text` as so many bytes.
template <size_t kSize>
bool TakeBytes(base::ByteView* text, std::array<uint8_t, kSize>* out) {
  const base::ByteView part = Cut(text, '-');
  if (part.size() != 2 * kSize) return false;
  for (size_t i = 0; i < kSize; ++i) {
    const int high = DigitValue(part[2 * i]);
    const int low = DigitValue(part[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    (*out)[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool IsLower(char letter) {
  return letter >= 'a' && letter <= 'z';
}
bool IsLowerOrDigit(char letter) {
  return IsLower(letter) || (letter >= '0' && letter <= '9');
}

bool IsKeyRest(base::ByteView text) {
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return IsLowerOrDigit(letter) || base::ByteView("_-*/").find(letter) != base::ByteView::npos;
  });
}

bool IsKey(base::ByteView key) {
  if (key.find('@') == base::ByteView::npos) {
    return !key.empty() && key.size() <= kKeyBytesMax && IsLower(key[0]) && IsKeyRest(key);
  }
  const base::ByteView tenant = Cut(&key, '@');
  return !tenant.empty() && tenant.size() <= kTenantBytesMax && IsLowerOrDigit(tenant[0]) &&
         IsKeyRest(tenant) && !key.empty() && key.size() <= kSystemBytesMax && IsLower(key[0]) &&
         IsKeyRest(key);
}

bool IsValue(base::ByteView value) {
  return !value.empty() && value.size() <= kValueBytesMax && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char letter) {
           return letter >= ' ' && letter <= '~' && letter != ',' && letter != '=';
         });
}

constexpr base::ByteView kSpaces = " \t";

}  // namespace

std::optional<TraceContext> ParseTraceparent(base::ByteView text) {
  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  TraceContext context;
  if (!TakeBytes(&text, &version) || version[0] > kLargestVersion) return std::nullopt;
  if (!TakeBytes(&text, &context.trace) || !TakeBytes(&text, &context.span)) return std::nullopt;
  if (!TakeBytes(&text, &flags)) return std::nullopt;
  const uint8_t known = kSampledFlag | kRandomFlag;
  if (version[0] == 0 && (!text.empty() || flags[0] > known)) return std::nullopt;
  if (context.trace == TraceId() || context.span == SpanId()) return std::nullopt;
  context.flags = flags[0] & known;
  return context;
}

std::string ParseTracestate(base::ByteView text) {
  std::string state;
  std::vector<base::ByteView> keys;
  while (!text.empty()) {
    base::ByteView value = Cut(&text, ',');
    if (value.empty()) continue;
    if (value.find('=') == base::ByteView::npos) return {};
    base::ByteView key = Cut(&value, '=');
    key.remove_prefix(std::min(key.find_first_not_of(kSpaces), key.size()));
    value = value.substr(0, value.find_last_not_of(kSpaces) + 1);
    if (!IsKey(key) || !IsValue(value)) return {};
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return {};
    keys.push_back(key);
    if (keys.size() > kMembersMax) return {};
    if (!state.empty()) state += ',';
    state.append(key).append("=").append(value);
  }
  return state;
}

}  // namespace trace
