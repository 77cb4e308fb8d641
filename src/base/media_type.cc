#include "base/media_type.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/ascii_case.h"

namespace base {
namespace {

constexpr std::string_view kSpaces = " \t\n\v\f\r";
constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";

bool IsSpecial(char c) {
  return kSpecials.find(c) != std::string_view::npos;
}

bool IsTokenChar(char c) {
  return c > 0x20 && c < 0x7f && !IsSpecial(c);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), AsciiLower);
  return lower;
}

std::string_view TrimLeft(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpaces), text.size()));
}

std::string_view Trim(std::string_view text) {
  text = TrimLeft(text);
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

// Takes the token that `text` begins with off it; it may be empty.
std::string_view TakeToken(std::string_view* text) {
  const auto end = std::find_if_not(text->begin(), text->end(), IsTokenChar);
  const std::string_view token = text->substr(0, static_cast<size_t>(end - text->begin()));
  text->remove_prefix(token.size());
  return token;
}

// Takes a quoted string off `text`, whose first byte is its quote. False if it has no end.
bool SkipQuoted(std::string_view* text) {
  for (size_t i = 1; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c == '"') {
      text->remove_prefix(i + 1);
      return true;
    }
    if (c == '\r' || c == '\n') return false;
    if (c == '\\' && i + 1 < text->size() && IsSpecial((*text)[i + 1])) ++i;
  }
  return false;
}

// Takes "; name=value" off `text`; the name in small letters, or nothing if it is no such thing.
std::optional<std::string> TakeParameter(std::string_view* text) {
  std::string_view rest = TrimLeft(*text);
  if (!rest.starts_with(';')) return std::nullopt;
  rest = TrimLeft(rest.substr(1));
  std::string name = Lower(TakeToken(&rest));
  rest = TrimLeft(rest);
  if (name.empty() || !rest.starts_with('=')) return std::nullopt;
  rest = TrimLeft(rest.substr(1));
  const bool has_value = rest.starts_with('"') ? SkipQuoted(&rest) : !TakeToken(&rest).empty();
  if (!has_value) return std::nullopt;
  *text = rest;
  return name;
}

std::string ErrorOfName(std::string_view name) {
  if (TakeToken(&name).empty()) return "mime: no media type";
  if (name.empty()) return {};
  if (!name.starts_with('/')) return "mime: expected slash after first token";
  name.remove_prefix(1);
  if (TakeToken(&name).empty()) return "mime: expected token after slash";
  return name.empty() ? "" : "mime: unexpected content after media subtype";
}

}  // namespace

MediaType ParseMediaType(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(';'));
  MediaType type{.name = Lower(Trim(name)), .error = {}};
  type.error = ErrorOfName(type.name);
  if (!type.error.empty()) return {.name = {}, .error = std::move(type.error)};
  text.remove_prefix(name.size());
  std::set<std::string> names;
  while (!TrimLeft(text).empty()) {
    std::optional<std::string> parameter = TakeParameter(&text);
    if (!parameter.has_value()) {
      // A semicolon at the end is passed over.
      if (Trim(text) != ";") type.error = "mime: invalid media parameter";
      return type;
    }
    if (!names.insert(*std::move(parameter)).second) {
      return {.name = {}, .error = "mime: duplicate parameter name"};
    }
  }
  return type;
}

}  // namespace base
