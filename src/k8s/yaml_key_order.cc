#include "k8s/yaml_key_order.h"

#include <string>

#include "base/go_text.h"

namespace k8s {
namespace {

std::u32string Characters(std::string_view text) {
  std::u32string characters;
  while (!text.empty()) {
    const size_t size = base::Utf8Length(text);
    characters += size == 0 ? U'\uFFFD' : base::Utf8Decode(text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return characters;
}

bool IsDigit(char32_t character) {
  return character >= '0' && character <= '9';
}

// Beyond ASCII, where names of Kubernetes never are, all count as letters.
bool IsLetter(char32_t character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         character >= 0x80;
}

struct Number {
  uint64_t value = 0;
  size_t end = 0;
};
Number NumberAt(const std::u32string& text, size_t at, uint64_t value) {
  Number number{value, at};
  for (; number.end < text.size() && IsDigit(text[number.end]); ++number.end) {
    number.value = number.value * 10 + (text[number.end] - '0');
  }
  return number;
}

// Whether a number that is not zero has begun before `at`: then a zero there belongs to it.
bool IsInNumber(const std::u32string& text, size_t at) {
  while (at > 0 && IsDigit(text[at - 1])) {
    if (text[--at] != '0') return true;
  }
  return false;
}

}  // namespace

bool YamlKeyIsBefore(std::string_view a_text, std::string_view b_text) {
  const std::u32string a = Characters(a_text);
  const std::u32string b = Characters(b_text);
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) continue;
    const bool a_is_letter = IsLetter(a[i]);
    const bool b_is_letter = IsLetter(b[i]);
    if (a_is_letter && b_is_letter) return a[i] < b[i];
    if (a_is_letter || b_is_letter) return b_is_letter;
    const bool goes_on = (a[i] == '0' || b[i] == '0') && IsInNumber(a, i);
    const Number a_number = NumberAt(a, i, goes_on ? 1 : 0);
    const Number b_number = NumberAt(b, i, goes_on ? 1 : 0);
    if (a_number.value != b_number.value) return a_number.value < b_number.value;
    if (a_number.end != b_number.end) return a_number.end < b_number.end;
    return a[i] < b[i];
  }
  return a.size() < b.size();
}

}  // namespace k8s
