#include "discovery/status_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace discovery {
namespace {

using nlohmann::json;

// Null if there is none.
const json* NodeOf(const json& answer) {
  if (!answer.is_object()) return nullptr;
  const auto node = answer.find("node");
  return node != answer.end() && node->is_object() ? &*node : nullptr;
}

std::string TextOf(const json& node, const char* name) {
  const auto found = node.find(name);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t NumberOf(const json& node, const char* name) {
  const auto found = node.find(name);
  return found != node.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Rows(const std::vector<TokenStatus::Member>& members) {
  std::string rows;
  for (const TokenStatus::Member& member : members) {
    rows += "<tr><td>" + Escaped(member.id) + "</td><td>" + Escaped(member.urls) + "</td></tr>\n";
  }
  return rows;
}

std::string TimeLeft(int64_t seconds) {
  const int64_t hours = seconds / 3600;
  if (hours >= 48) return std::to_string(hours / 24) + " days";
  if (hours >= 2) return std::to_string(hours) + " hours";
  return std::to_string(std::max<int64_t>(seconds, 0) / 60) + " minutes";
}

}  // namespace

std::optional<TokenStatus> ParseTokenStatus(std::string_view token, std::string_view size_body,
                                            std::string_view directory_body) {
  const json size = json::parse(size_body, nullptr, /*allow_exceptions=*/false);
  const json directory = json::parse(directory_body, nullptr, /*allow_exceptions=*/false);
  const json* const size_node = NodeOf(size);
  const json* const node = NodeOf(directory);
  if (size_node == nullptr || node == nullptr) return std::nullopt;
  TokenStatus status{.token = std::string(token),
                     .size = TextOf(*size_node, "value"),
                     .members = {},
                     .seconds_left = std::nullopt};
  if (node->contains("ttl")) status.seconds_left = NumberOf(*node, "ttl");
  std::vector<std::pair<int64_t, TokenStatus::Member>> found;
  if (const auto nodes = node->find("nodes"); nodes != node->end() && nodes->is_array()) {
    for (const json& each : *nodes) {
      if (!each.is_object()) return std::nullopt;
      const std::string key = TextOf(each, "key");
      found.push_back({NumberOf(each, "createdIndex"),
                       {key.substr(key.rfind('/') + 1), TextOf(each, "value")}});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [index, member] : found) status.members.push_back(std::move(member));
  return status;
}

std::string StatusPage(const TokenStatus& status) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>Discovery of " +
      Escaped(status.token) +
      "</title>\n<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;"
      "max-width:50em;margin:2em auto;padding:0 1em}td,th{text-align:left;padding:.2em 1em .2em 0}"
      "</style></head><body>\n<h1>Discovery of a cluster</h1>\n<p>Token <code>" +
      Escaped(status.token) + "</code>: " + std::to_string(status.members.size()) + " of " +
      Escaped(status.size) + " members have registered.</p>\n";
  if (status.seconds_left.has_value()) {
    page += "<p>It is forgotten in " + TimeLeft(*status.seconds_left) + ".</p>\n";
  }
  if (!status.members.empty()) {
    page += "<table><tr><th>Member</th><th>Where it is</th></tr>\n" + Rows(status.members) +
            "</table>\n";
  }
  return page + "</body></html>\n";
}

}  // namespace discovery
