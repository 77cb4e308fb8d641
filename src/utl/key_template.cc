#include "utl/key_template.h"

#include <algorithm>
#include <utility>

#include "base/go_text.h"
#include "k8s/json.h"

namespace utl {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr char kMissing[] = "<no value>";

base::Status Invalid(std::string what) {
  return {base::Code::kInvalidArgument, std::move(what)};
}

// ".Value.metadata.name" -> Value, metadata, name.
base::Result<std::vector<std::string>> ParsePath(std::string_view text) {
  const std::string_view trimmed = base::TrimSpace(text);
  const base::Status bad = Invalid("template: " + base::Quote(trimmed) +
                                   " is no path as .Key, .Version or .Value.metadata.name");
  if (!trimmed.starts_with('.')) return bad;
  std::vector<std::string> path = base::Split(trimmed.substr(1), '.');
  const std::string& first = path.front();
  const bool is_known =
      first == "Value" || ((first == "Key" || first == "Version") && path.size() == 1);
  if (!is_known) return bad;
  for (const std::string& name : path) {
    if (name.empty() || name.find_first_of(" \t|()\"'`$") != std::string::npos) return bad;
  }
  return path;
}

std::string TextOf(const TemplateData& data, const std::vector<std::string>& path) {
  if (path.front() == "Key") return data.key;
  if (path.front() == "Version") return std::to_string(data.version);
  const k8s::Value* value = data.value;
  for (size_t i = 1; value != nullptr && i < path.size(); ++i) value = Find(*value, path[i]);
  if (value == nullptr || value->is_null()) return kMissing;
  const auto* const text = value->As<std::string>();
  return text == nullptr ? k8s::WriteJson(*value) : *text;
}

}  // namespace

base::Result<KeyTemplate> KeyTemplate::Parse(std::string_view text) {
  KeyTemplate parsed;
  while (!text.empty()) {
    const size_t open = std::min(text.find(kOpen), text.size());
    if (open > 0) parsed.parts_.push_back({.text = std::string(text.substr(0, open))});
    text.remove_prefix(open);
    if (text.empty()) break;
    const size_t close = text.find(kClose);
    if (close == std::string_view::npos) return Invalid("template: unclosed action");
    Part part;
    ASSIGN_OR_RETURN(part.path, ParsePath(text.substr(kOpen.size(), close - kOpen.size())));
    parsed.parts_.push_back(std::move(part));
    text.remove_prefix(close + kClose.size());
  }
  return parsed;
}

std::string KeyTemplate::Fill(const TemplateData& data) const {
  std::string filled;
  for (const Part& part : parts_) filled += part.path.empty() ? part.text : TextOf(data, part.path);
  return filled;
}

base::Result<KeyFilter> KeyFilter::Parse(std::string_view text) {
  KeyFilter filter;
  if (text.empty()) return filter;
  for (const std::string& condition : base::Split(text, ',')) {
    const std::vector<std::string> sides = base::Split(condition, '=');
    if (sides.size() != 2) return Invalid("failed to parse filter '" + condition + "'");
    ASSIGN_OR_RETURN(KeyTemplate left,
                     KeyTemplate::Parse("{{" + std::string(base::TrimSpace(sides[0])) + "}}"));
    filter.conditions_.push_back({std::move(left), std::string(base::TrimSpace(sides[1]))});
  }
  return filter;
}

bool KeyFilter::Accepts(const TemplateData& data) const {
  for (const Condition& condition : conditions_) {
    if (condition.left.Fill(data) != condition.right) return false;
  }
  return true;
}

}  // namespace utl
