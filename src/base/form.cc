#include "base/form.h"

#include <algorithm>

#include "base/url_escape.h"

namespace base {

void Form::Parse(std::string_view text) {
  // Compat: a semicolon counts more than what came before it.
  std::string error;
  while (!text.empty()) {
    const std::string_view parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(parameter.size() + 1, text.size()));
    if (parameter.empty()) continue;
    if (parameter.find(';') != std::string_view::npos) {
      error = "invalid semicolon separator in query";
      continue;
    }
    const size_t equals = std::min(parameter.find('='), parameter.size());
    Result<std::string> name = FormUnescape(parameter.substr(0, equals));
    if (!name.ok()) {
      if (error.empty()) error = name.status().message();
      continue;
    }
    Result<std::string> value =
        FormUnescape(parameter.substr(std::min(equals + 1, parameter.size())));
    if (!value.ok()) {
      if (error.empty()) error = value.status().message();
      continue;
    }
    parameters_.emplace_back(std::move(name).value(), std::move(value).value());
  }
  Fail(std::move(error));
}

void Form::Fail(std::string why) {
  if (error_.empty()) error_ = std::move(why);
}

const std::string* Form::Find(std::string_view name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return &value;
  }
  return nullptr;
}

const std::string& Form::Get(std::string_view name) const {
  static const std::string none;
  const std::string* const found = Find(name);
  return found == nullptr ? none : *found;
}

std::vector<std::string> Form::All(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name && !value.empty()) values.push_back(value);
  }
  return values;
}

}  // namespace base
