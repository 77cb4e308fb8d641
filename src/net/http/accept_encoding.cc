#include "net/http/accept_encoding.h"

#include <algorithm>
#include <optional>
#include <string>

namespace http {
namespace {

base::ByteView Trim(base::ByteView text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What comes before `separator`, which goes as well.
base::ByteView TakePart(base::ByteView* text, char separator) {
  const size_t end = std::min(text->find(separator), text->size());
  const base::ByteView part = Trim(text->substr(0, end));
  text->remove_prefix(std::min(end + 1, text->size()));
  return part;
}

// In thousandths; of "q=0.5" or nothing. What cannot be read is 0.
int Quality(base::ByteView parameter) {
  if (parameter.empty()) return 1000;
  if (!parameter.starts_with("q=")) return 0;
  parameter.remove_prefix(2);
  if (parameter.empty() || parameter.size() > 5) return 0;
  if (parameter[0] != '0' && parameter[0] != '1') return 0;
  if (parameter.size() > 1 && parameter[1] != '.') return 0;
  std::string digits = std::string(parameter.substr(0, 1));
  if (parameter.size() > 2) digits += parameter.substr(2);
  digits.resize(4, '0');
  int value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return 0;
    value = value * 10 + (digit - '0');
  }
  return value;
}

}  // namespace

bool PrefersGzip(const Headers& head) {
  int gzip = 0;
  std::optional<int> identity;
  std::optional<int> any;
  for (const Headers::Field field : head) {
    if (field.name != "accept-encoding") continue;
    base::ByteView rest = field.value;
    while (!rest.empty()) {
      base::ByteView parameter = TakePart(&rest, ',');
      const base::ByteView coding = TakePart(&parameter, ';');
      const int quality = Quality(Trim(parameter));
      if (coding == "gzip") gzip = quality;
      if (coding == "identity") identity = quality;
      if (coding == "*") any = quality;
    }
  }
  return gzip > identity.value_or(any.value_or(0));
}

}  // namespace http
