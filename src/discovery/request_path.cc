#include "discovery/request_path.h"

#include <algorithm>

#include "base/go_text.h"
#include "discovery/token.h"

namespace discovery {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kNameBytesMax = 128;

bool IsMemberName(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of('.') != name.npos && !name.starts_with('_') &&
         std::all_of(name.begin(), name.end(), is_plain);
}

}  // namespace

bool RequestPath::Allows(std::string_view method) const {
  const auto all = base::Split(methods, ',');
  return std::find(all.begin(), all.end(), method) != all.end();
}

std::optional<RequestPath> ParseRequestPath(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  if (!IsToken(path.substr(0, kTokenBytes))) return std::nullopt;
  RequestPath parsed{
      .token = std::string(path.substr(0, kTokenBytes)), .below = "", .member = "", .methods = ""};
  const std::string_view below = path.substr(kTokenBytes);
  if (below.empty() || below == "/") {
    parsed.methods = "GET";
    return parsed;
  }
  parsed.below = std::string(below);
  if (below == "/_config/size") {
    parsed.methods = "GET";
    return parsed;
  }
  if (!below.starts_with('/') || !IsMemberName(below.substr(1))) return std::nullopt;
  parsed.methods = "GET,PUT,DELETE";
  parsed.member = std::string(below.substr(1));
  return parsed;
}

}  // namespace discovery
