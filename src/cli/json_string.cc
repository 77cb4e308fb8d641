#include "cli/json_string.h"

#include <string_view>

#include "base/go_text.h"

namespace cli {

std::string JsonString(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  static constexpr std::string_view kNamed = "\b\f\n\r\t\"\\";
  static constexpr std::string_view kNames = "bfnrt\"\\";
  std::string json = "\"";
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = base::Utf8Length(std::string_view(text).substr(i));
    if (const size_t named = kNamed.find(text[i]); named != std::string_view::npos) {
      json += {'\\', kNames[named]};
    } else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&') {
      json += {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
    } else if (length == 0) {
      json += "\\ufffd";
    } else if (const std::string_view rune(text.data() + i, length);
               rune == "\u2028" || rune == "\u2029") {
      json += rune == "\u2028" ? "\\u2028" : "\\u2029";
    } else {
      json += rune;
    }
    i += length == 0 ? 1 : length;
  }
  return json + '"';
}

}  // namespace cli
