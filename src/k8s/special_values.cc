#include "k8s/special_values.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/duration_text.h"
#include "base/wire.h"
#include "k8s/json.h"
#include "k8s/time_text.h"

namespace k8s {
namespace {

using Kind = Field::Kind;

constexpr int kMicroDigits = 6;
constexpr int32_t kNanosOfMicro = 1000;
constexpr uint64_t kNanosOfSecond = 1'000'000'000;

base::Status Invalid(std::string what) {
  return {base::Code::kInvalidArgument, std::move(what)};
}

// The fields of these messages: numbers first, or a text; of IntOrString both.
enum : uint32_t { kFirst = 1, kSecond = 2, kThird = 3 };

struct Parts {
  bool ok = false;
  uint64_t first = 0;
  uint64_t second = 0;
  base::ByteView text = {};
  bool has_text = false;
};

Parts PartsOf(base::ByteView bytes) {
  Parts parts;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.type() == base::WireType::kBytes) {
      parts.text = reader.bytes();
      parts.has_text = true;
    } else if (reader.type() == base::WireType::kVarint && reader.field() <= kSecond) {
      (reader.field() == kFirst ? parts.first : parts.second) = reader.varint();
    }
  }
  parts.ok = reader.ok();
  return parts;
}

base::Result<Value> TimeOf(base::ByteView bytes, const Parts& parts, bool has_micros) {
  Moment moment;
  moment.seconds = static_cast<int64_t>(parts.first);
  if (parts.second >= kNanosOfSecond) return Invalid("damaged");
  if (has_micros) moment.nanos = static_cast<int32_t>(parts.second) / kNanosOfMicro * kNanosOfMicro;
  const bool is_zero = bytes.empty() || (moment.seconds == kZeroTimeSeconds && moment.nanos == 0);
  if (is_zero) return Value{};
  return Value{FormatTime(moment, has_micros ? kMicroDigits : 0)};
}

base::Result<Value> IntOrStringOf(const Parts& parts) {
  constexpr uint64_t kInt = 0;
  constexpr uint64_t kString = 1;
  if (parts.first == kString) return Value{std::string(parts.text)};
  if (parts.first != kInt) return Invalid("neither a number nor a text");
  return Value{int64_t{static_cast<int32_t>(parts.second)}};
}

base::Result<base::Bytes> TimeToStorage(const Value& value, bool has_micros) {
  base::Bytes bytes;
  if (value.is_null()) return bytes;
  const auto* const text = value.As<std::string>();
  const auto moment = text == nullptr ? std::nullopt : ParseTime(*text);
  if (!moment.has_value()) return Invalid("expected a time by RFC 3339");
  if (moment->seconds == kZeroTimeSeconds && (!has_micros || moment->nanos == 0)) return bytes;
  base::WireWriter writer(&bytes);
  writer.Varint(kFirst, static_cast<uint64_t>(moment->seconds));
  const int32_t nanos = has_micros ? moment->nanos / kNanosOfMicro * kNanosOfMicro : 0;
  writer.Varint(kSecond, static_cast<uint64_t>(nanos));
  return bytes;
}

base::Result<base::Bytes> DurationToStorage(const Value& value) {
  std::chrono::nanoseconds nanos{};
  if (!value.is_null()) {
    const auto* const text = value.As<std::string>();
    if (text == nullptr) return Invalid("expected a duration");
    ASSIGN_OR_RETURN(nanos, base::ParseDuration(*text));
  }
  base::Bytes bytes;
  base::WireWriter(&bytes).Varint(kFirst, static_cast<uint64_t>(nanos.count()));
  return bytes;
}

// A sign, digits with a point among them, and a suffix of those that there are.
bool IsQuantity(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  if (number.find_first_of("0123456789") == std::string_view::npos) return false;
  if (std::count(number.begin(), number.end(), '.') > 1) return false;
  std::string_view suffix = text.substr(end);
  constexpr std::string_view kSuffixes[] = {"",  "n", "u",  "m",  "k",  "M",  "G",  "T",
                                            "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  if (std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) != std::end(kSuffixes)) {
    return true;
  }
  if (!suffix.starts_with('e') && !suffix.starts_with('E')) return false;
  suffix.remove_prefix(1);
  if (suffix.starts_with('-') || suffix.starts_with('+')) suffix.remove_prefix(1);
  return !suffix.empty() && suffix.find_first_not_of("0123456789") == std::string_view::npos;
}

// Why it is stored as it is written: Kubernetes reads every form, and what is decoded again is what
// was encoded.
base::Result<base::Bytes> QuantityToStorage(const Value& value) {
  std::string text = "0";
  if (const auto* const written = value.As<std::string>(); written != nullptr) {
    text = *written;
  } else if (value.As<int64_t>() != nullptr || value.As<double>() != nullptr) {
    text = WriteJson(value);
  } else if (!value.is_null()) {
    return Invalid("expected a quantity");
  }
  if (!IsQuantity(text)) {
    return Invalid(
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  base::Bytes bytes;
  base::WireWriter(&bytes).Bytes(kFirst, text);
  return bytes;
}

base::Result<base::Bytes> IntOrStringToStorage(const Value& value) {
  base::Bytes bytes;
  base::WireWriter writer(&bytes);
  const auto* const text = value.As<std::string>();
  const auto* const number = value.As<int64_t>();
  const bool is_number = number != nullptr && *number >= INT32_MIN && *number <= INT32_MAX;
  if (text == nullptr && !is_number && !value.is_null()) {
    return Invalid("expected a text or a number of 32 bits");
  }
  writer.Varint(kFirst, text != nullptr ? 1 : 0);
  writer.Varint(kSecond, is_number ? static_cast<uint64_t>(*number) : 0);
  writer.Bytes(kThird, text != nullptr ? base::ByteView(*text) : base::ByteView());
  return bytes;
}

}  // namespace

base::Result<Value> SpecialFromStorage(Kind kind, base::ByteView bytes) {
  const Parts parts = PartsOf(bytes);
  if (!parts.ok) return Invalid("damaged");
  switch (kind) {
    case Kind::kTime:
      return TimeOf(bytes, parts, /*has_micros=*/false);
    case Kind::kMicroTime:
      return TimeOf(bytes, parts, /*has_micros=*/true);
    case Kind::kDuration:
      return Value{
          base::FormatDuration(std::chrono::nanoseconds(static_cast<int64_t>(parts.first)))};
    case Kind::kQuantity:
      return Value{parts.text.empty() ? "0" : std::string(parts.text)};
    case Kind::kIntOrString:
      return IntOrStringOf(parts);
    default:
      break;
  }
  if (!parts.has_text) return Value{};
  auto parsed = ParseJson(parts.text);
  if (!parsed.ok()) return Invalid("holds what is no JSON");
  return parsed;
}

base::Result<base::Bytes> SpecialToStorage(Kind kind, const Value& value) {
  switch (kind) {
    case Kind::kTime:
      return TimeToStorage(value, /*has_micros=*/false);
    case Kind::kMicroTime:
      return TimeToStorage(value, /*has_micros=*/true);
    case Kind::kDuration:
      return DurationToStorage(value);
    case Kind::kQuantity:
      return QuantityToStorage(value);
    case Kind::kIntOrString:
      return IntOrStringToStorage(value);
    default:
      break;
  }
  base::Bytes bytes;
  if (!value.is_null()) base::WireWriter(&bytes).Bytes(kFirst, WriteJson(value));
  return bytes;
}

}  // namespace k8s
