#include "api/web/query.h"

#include <charconv>
#include <optional>

namespace web {
namespace {

std::optional<std::string> Decode(base::ByteView text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      uint8_t byte = 0;
      const base::ByteView hex = text.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
      if (error != std::errc() || end != hex.data() + 2) return std::nullopt;
      decoded += static_cast<char>(byte);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace

Query::Query(base::ByteView text) {
  while (!text.empty()) {
    const base::ByteView parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(parameter.size() + 1, text.size()));
    const size_t equals = std::min(parameter.find('='), parameter.size());
    std::optional<std::string> name = Decode(parameter.substr(0, equals));
    std::optional<std::string> value =
        Decode(parameter.substr(std::min(equals + 1, parameter.size())));
    if (name.has_value() && value.has_value() && !parameter.empty()) {
      parameters_.emplace_back(*std::move(name), *std::move(value));
    }
  }
}

bool Query::Has(base::ByteView name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return true;
  }
  return false;
}

std::string Query::Get(base::ByteView name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return value;
  }
  return {};
}

std::vector<std::string> Query::All(base::ByteView name) const {
  std::vector<std::string> values;
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name && !value.empty()) values.push_back(value);
  }
  return values;
}

}  // namespace web
