#include "base/json_string.h"

#include <algorithm>
#include <array>

#include "base/go_text.h"

namespace base {
namespace {

// By byte: what stands behind the backslash, or one of these.
using Escapes = std::array<char, 256>;
constexpr char kNone = 0;         // it stands for itself
constexpr char kHex = 'u';        // and its two digits
constexpr char kMultibyte = 'm';  // of a longer character, or of none

constexpr char kReplacement[] = "\\ufffd";

constexpr Escapes ProtoEscapes() {
  Escapes escapes{};
  for (size_t byte = 0; byte < 0x20; ++byte) escapes[byte] = kHex;
  for (size_t byte = 0x80; byte < escapes.size(); ++byte) escapes[byte] = kMultibyte;
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  return escapes;
}

constexpr Escapes InHex(Escapes escapes, std::string_view characters) {
  for (const char c : characters) escapes[static_cast<unsigned char>(c)] = kHex;
  return escapes;
}

struct Style {
  Escapes escapes;
  bool escapes_separators;
};
constexpr Style kProto = {ProtoEscapes(), false};
constexpr Style kGo = {InHex(ProtoEscapes(), "<>&"), true};
constexpr Style kOldGo = {InHex(ProtoEscapes(), "<>&\b\f"), true};
constexpr Style kZap = {InHex(ProtoEscapes(), "\b\f"), false};

// Of the character that `text` begins with; nothing if it stands for itself.
std::string_view MultibyteEscape(std::string_view text, size_t length, const Style& style) {
  if (length == 0) return kReplacement;
  const std::string_view character = text.substr(0, length);
  if (style.escapes_separators && character == "\u2028") return "\\u2028";
  if (style.escapes_separators && character == "\u2029") return "\\u2029";
  return {};
}

void AppendEscape(char c, char escape, std::string* json) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  *json += {'\\', escape};
  if (escape == kHex) *json += {'0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
}

void AppendText(std::string_view text, const Style& style, std::string* json) {
  size_t begin = 0;  // of what is not written yet
  for (size_t i = 0; i < text.size();) {
    const char escape = style.escapes[static_cast<unsigned char>(text[i])];
    if (escape == kNone) {
      ++i;
      continue;
    }
    size_t length = 1;
    std::string_view whole;
    if (escape == kMultibyte) {
      length = Utf8Length(text.substr(i));
      whole = MultibyteEscape(text.substr(i), length, style);
      if (whole.empty()) {
        i += length;
        continue;
      }
    }
    json->append(text, begin, i - begin);
    if (escape == kMultibyte) {
      json->append(whole);
    } else {
      AppendEscape(text[i], escape, json);
    }
    i += std::max<size_t>(length, 1);
    begin = i;
  }
  json->append(text, begin);
}

void AppendString(std::string_view text, const Style& style, std::string* json) {
  json->push_back('"');
  AppendText(text, style, json);
  json->push_back('"');
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* json) {
  AppendString(text, kGo, json);
}

std::string JsonString(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

void AppendOldJsonString(std::string_view text, std::string* json) {
  AppendString(text, kOldGo, json);
}

void AppendProtoJsonString(std::string_view text, std::string* json) {
  AppendString(text, kProto, json);
}

void AppendZapJsonText(std::string_view text, std::string* json) {
  AppendText(text, kZap, json);
}

}  // namespace base
