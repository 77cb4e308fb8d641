#include "api/v2/service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/v2/answers.h"
#include "api/v2/beginning.h"
#include "base/url_escape.h"
#include "base/url_path.h"
#include "net/http/headers.h"

namespace v2 {
namespace {

using CallRef = std::shared_ptr<Call>;

constexpr base::ByteView kRoot = "/v2/";
constexpr base::ByteView kKeysPath = "/v2/keys";
constexpr base::ByteView kMembersPath = "/v2/members";
constexpr base::ByteView kStatsPath = "/v2/stats/";
constexpr base::ByteView kAuthPath = "/v2/auth/";

bool IsAtOrBelow(base::ByteView path, base::ByteView directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

void Redirect(const CallRef& call, base::ByteView path) {
  std::string to = base::PathEscape(path);
  if (const base::ByteView query = http::Query(call->head()); !query.empty()) {
    to.append("?").append(query);
  }
  http::Headers fields = {{"location", to}};
  const bool is_get = call->method() == "GET";
  if (is_get || call->method() == "HEAD") fields.Add("content-type", "text/html; charset=utf-8");
  call->Send(301, fields, is_get ? "<a href=\"" + to + "\">Moved Permanently</a>.\n\n" : "");
}

}  // namespace

Service::Service(const Parts& parts)
    : parts_(parts),
      access_({parts.frontend, parts.passwords, parts.by_certificate}),
      keys_(parts.server, parts.frontend, &access_, parts.totals),
      members_(parts.server, parts.frontend, &access_),
      stats_(parts.server, parts.frontend, parts.totals),
      accounts_({parts.server, parts.frontend, parts.passwords, &access_}) {}

std::shared_ptr<http::ExchangeHandler> Service::OnRequest(http::Exchange& exchange) {
  const base::ByteView path = http::PathOnly(exchange.received_head());
  if (!path.starts_with(kRoot)) return parts_.next->OnRequest(exchange);
  return std::make_shared<Call>(&exchange, [this](const CallRef& call) { Serve(call); });
}

void Service::Serve(const CallRef& call) {
  const base::Result<std::string> decoded = base::PathUnescape(http::PathOnly(call->head()));
  if (!decoded.ok()) return SendText(*call, 400, "400 Bad Request");
  // Compat: who asks for a tunnel is not sent elsewhere.
  const std::string clean = base::CanonicalPath(*decoded);
  if (clean != *decoded && call->method() != "CONNECT") return Redirect(call, clean);
  const base::ByteView path = *decoded;
  if (IsAtOrBelow(path, kKeysPath)) return keys_.Serve(call, path.substr(kKeysPath.size()));
  if (IsAtOrBelow(path, kMembersPath)) {
    return members_.Serve(call, path.substr(kMembersPath.size()));
  }
  if (path == "/v2/machines") return ServeMachines(call);
  const bool is_stats = path.starts_with(kStatsPath);
  if (is_stats && stats_.Serve(*call, path.substr(kStatsPath.size()))) return;
  if (path.starts_with(kAuthPath) && ServeAccounts(call, path.substr(kAuthPath.size()))) return;
  SendText(*call, 404, "404 page not found");
}

bool Service::ServeAccounts(const CallRef& call, base::ByteView path) {
  if (!AccountsApi::Has(path)) return false;
  WithTree(parts_.server, parts_.frontend,
           [this, call, path = std::string(path)](const base::Status& status) {
             if (!call->is_open()) return;
             if (status.ok()) return accounts_.Serve(call, path);
             SendMessage(*call, 500, JsonFields(), status.message());
           });
  return true;
}

void Service::ServeMachines(const CallRef& call) {
  if (call->method() != "GET" && call->method() != "HEAD") return SendMethods(*call, "GET,HEAD");
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
