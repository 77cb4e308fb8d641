#include "api/v2/go_form.h"

#include <algorithm>

#include "base/go_text.h"

namespace v2 {
namespace {

constexpr size_t kEscapeBytes = 3;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What cannot be decoded goes to `*error`.
std::optional<std::string> Decode(base::ByteView text, bool plus_is_space, std::string* error) {
  const bool is_plain = text.find_first_of(plus_is_space ? "%+" : "%") == base::ByteView::npos;
  if (is_plain) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
      continue;
    }
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const base::ByteView escape = text.substr(i, kEscapeBytes);
    const bool is_one =
        escape.size() == kEscapeBytes && HexDigit(escape[1]) >= 0 && HexDigit(escape[2]) >= 0;
    if (!is_one) {
      *error = "invalid URL escape " + base::Quote(escape);
      return std::nullopt;
    }
    decoded += static_cast<char>(HexDigit(escape[1]) * 16 + HexDigit(escape[2]));
    i += kEscapeBytes - 1;
  }
  return decoded;
}

}  // namespace

std::optional<std::string> DecodePath(base::ByteView text) {
  std::string error;
  return Decode(text, false, &error);
}

void Form::Parse(base::ByteView text) {
  while (!text.empty()) {
    const base::ByteView parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(parameter.size() + 1, text.size()));
    if (parameter.empty()) continue;
    if (parameter.find(';') != base::ByteView::npos) {
      Fail("invalid semicolon separator in query");
      continue;
    }
    const size_t equals = std::min(parameter.find('='), parameter.size());
    std::string error;
    std::optional<std::string> name = Decode(parameter.substr(0, equals), true, &error);
    std::optional<std::string> value;
    if (name.has_value()) {
      value = Decode(parameter.substr(std::min(equals + 1, parameter.size())), true, &error);
    }
    if (!value.has_value()) {
      Fail(std::move(error));
      continue;
    }
    parameters_.emplace_back(*std::move(name), *std::move(value));
  }
}

void Form::Fail(std::string why) {
  if (error_.empty()) error_ = std::move(why);
}

const std::string* Form::Find(base::ByteView name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return &value;
  }
  return nullptr;
}

std::string Form::Get(base::ByteView name) const {
  const std::string* const found = Find(name);
  return found == nullptr ? std::string() : *found;
}

}  // namespace v2
