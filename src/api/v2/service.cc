#include "api/v2/service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/v2/go_form.h"
#include "net/gateway/clean_path.h"
#include "net/http/headers.h"

namespace v2 {
namespace {

using CallRef = std::shared_ptr<Call>;

constexpr base::ByteView kRoot = "/v2/";
constexpr base::ByteView kKeysPath = "/v2/keys";

const http::Headers& TextFields() {
  static const http::Headers* const fields = new http::Headers(
      {{"content-type", "text/plain; charset=utf-8"}, {"x-content-type-options", "nosniff"}});
  return *fields;
}

void SendText(const CallRef& call, int status, base::ByteView text) {
  call->Send(status, TextFields(), base::Bytes(text) + "\n");
}

// False, and answered, for another method.
bool AllowRead(const CallRef& call) {
  if (call->method() == "GET" || call->method() == "HEAD") return true;
  http::Headers fields = {{"allow", "GET,HEAD"}};
  fields.Add(TextFields());
  call->Send(405, fields, "Method Not Allowed\n");
  return false;
}

void Redirect(const CallRef& call, base::ByteView path) {
  std::string to = EncodePath(path);
  if (const base::ByteView query = http::Query(call->head()); !query.empty()) {
    to.append("?").append(query);
  }
  http::Headers fields = {{"location", to}};
  const bool is_get = call->method() == "GET";
  if (is_get || call->method() == "HEAD") fields.Add("content-type", "text/html; charset=utf-8");
  call->Send(301, fields, is_get ? "<a href=\"" + to + "\">Moved Permanently</a>.\n\n" : "");
}

// CleanPath of a path without escapes, which it leaves alone.
std::string Cleaned(const std::string& path) {
  std::string hidden = path;
  std::replace(hidden.begin(), hidden.end(), '%', '\0');
  std::string clean = gateway::CleanPath(hidden);
  std::replace(clean.begin(), clean.end(), '\0', '%');
  return path.find('\0') == std::string::npos ? clean : path;
}

}  // namespace

Service::Service(const Parts& parts)
    : parts_(parts), keys_(parts.server, parts.frontend, parts.totals) {}

std::shared_ptr<http::ExchangeHandler> Service::OnRequest(http::Exchange& exchange) {
  const base::ByteView path = http::PathOnly(exchange.received_head());
  if (!path.starts_with(kRoot)) return parts_.next->OnRequest(exchange);
  return std::make_shared<Call>(&exchange, [this](const CallRef& call) { Serve(call); });
}

void Service::Serve(const CallRef& call) {
  const std::optional<std::string> path = DecodePath(http::PathOnly(call->head()));
  if (!path.has_value()) return SendText(call, 400, "400 Bad Request");
  if (const std::string clean = Cleaned(*path); clean != *path) return Redirect(call, clean);
  if (*path == kKeysPath || path->starts_with(std::string(kKeysPath) + "/")) {
    return keys_.Serve(call, base::ByteView(*path).substr(kKeysPath.size()));
  }
  if (*path == "/v2/machines") return ServeMachines(call);
  SendText(call, 404, "404 page not found");
}

void Service::ServeMachines(const CallRef& call) {
  if (!AllowRead(call)) return;
  std::vector<std::string> urls;
  for (const auto& member : parts_.frontend->state()->view().Get()->members) {
    urls.insert(urls.end(), member.client_urls.begin(), member.client_urls.end());
  }
  std::sort(urls.begin(), urls.end());
  std::string text;
  for (const std::string& url : urls) text += (text.empty() ? "" : ", ") + url;
  call->Send(200, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text));
}

}  // namespace v2
