#include "net/gateway/access_control.h"

#include <utility>

#include "net/gateway/clean_path.h"
#include "net/gateway/refusal.h"
#include "net/http/plain.h"

namespace gateway {
namespace {

bool Allows(const std::set<std::string>& allowed, const std::string& name) {
  return allowed.empty() || allowed.contains("*") || allowed.contains(name);
}

// Without the port.
std::string HostName(base::ByteView host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end != base::ByteView::npos) return std::string(host.substr(1, end - 1));
  }
  const size_t colon = host.rfind(':');
  const bool has_port = colon != base::ByteView::npos && host.find(':') == colon;
  return std::string(has_port ? host.substr(0, colon) : host);
}

std::string Misdirected(const std::string& host) {
  return "\netcd received your request, but the Host header was unrecognized.\n\n"
         "To fix this, choose one of the following options:\n"
         "- Enable TLS, then any HTTPS request will be allowed.\n"
         "- Add the hostname you want to use to the whitelist in settings.\n"
         "  - e.g. etcd --host-whitelist \"" +
         host +
         "\"\n\nThis requirement has been added to help prevent \"DNS Rebinding\" attacks "
         "(CVE-2018-5702).\n";
}

// Of what is no page, and is not to be taken for one.
http::Headers PlainText(base::ByteView status) {
  return {{":status", status},
          {"content-type", "text/plain; charset=utf-8"},
          {"x-content-type-options", "nosniff"}};
}

void AddOrigin(const std::string& origin, http::Headers* head) {
  if (origin.empty()) return;
  head->Add("access-control-allow-methods", "POST, GET, OPTIONS, PUT, DELETE");
  head->Add("access-control-allow-origin", origin);
  head->Add("access-control-allow-headers", "accept, content-type, authorization");
}

std::shared_ptr<http::ExchangeHandler> Answer(http::Exchange& exchange, http::Headers head,
                                              const std::string& body) {
  head.Add("content-length", std::to_string(body.size()));
  const auto then = body.empty() ? http::Exchange::Then::kEnd : http::Exchange::Then::kContinue;
  exchange.SendHead(head, then);
  if (!body.empty()) exchange.SendData(body, http::Exchange::Then::kEnd);
  return std::make_shared<http::IgnoringHandler>(&exchange);
}

// Compat: with the text that Go's servers add for browsers.
std::shared_ptr<http::ExchangeHandler> Redirect(http::Exchange& exchange, std::string path,
                                                const std::string& origin) {
  const http::Headers& head = exchange.received_head();
  if (const base::ByteView query = http::Query(head); !query.empty()) {
    path.append("?").append(query);
  }
  // Compat: those etcds that served the v2 API were built with a Go that said so.
  const bool is_permanent = path == "/v2" || path.starts_with("/v2/");
  http::Headers answer = {{":status", is_permanent ? "301" : "307"}, {"location", path}};
  AddOrigin(origin, &answer);
  const bool is_get = http::Method(head) == "GET";
  const bool is_head = http::Method(head) == "HEAD";
  if (is_get || is_head) answer.Add("content-type", "text/html; charset=utf-8");
  return Answer(exchange, std::move(answer),
                is_get
                    ? "<a href=\"" + path + "\">" +
                          (is_permanent ? "Moved Permanently" : "Temporary Redirect") + "</a>.\n\n"
                    : "");
}

}  // namespace

// An exchange whose answer names the origin, and its handler: it stands between the session and
// the service that answers.
class AccessControl::Guarded final : public http::Exchange, public http::ExchangeHandler {
 public:
  Guarded(http::Exchange* exchange, std::string origin)
      : exchange_(*exchange), origin_(std::move(origin)) {}

  void Start(http::Service& service) { handler_ = service.OnRequest(*this); }

  // http::Exchange
  const http::Headers& received_head() const override { return exchange_.received_head(); }
  http::Version version() const override { return exchange_.version(); }
  const http::ConnectionInfo& connection() const override { return exchange_.connection(); }
  runtime::Loop& loop() override { return exchange_.loop(); }
  void SendHead(const http::Headers& head, Then then) override {
    http::Headers all;
    all.Add(head);
    AddOrigin(origin_, &all);
    exchange_.SendHead(all, then);
  }
  void SendData(http::Chunk chunk, Then then) override {
    exchange_.SendData(std::move(chunk), then);
  }
  void SendTrailers(const http::Headers& trailers) override { exchange_.SendTrailers(trailers); }
  void Reset(http::ErrorCode code) override { exchange_.Reset(code); }
  void Consume(size_t bytes) override { exchange_.Consume(bytes); }
  size_t unsent_bytes() const override { return exchange_.unsent_bytes(); }
  void SetHeld(size_t bytes) override { exchange_.SetHeld(bytes); }
  void SetCost(Cost cost) override { exchange_.SetCost(cost); }
  void CountTo(std::shared_ptr<http::SharedBudget> share) override {
    exchange_.CountTo(std::move(share));
  }
  bool writable() override { return exchange_.writable(); }
  bool Fits(size_t bytes) const override { return exchange_.Fits(bytes); }

  // http::ExchangeHandler
  void OnData(base::ByteView bytes) override { handler_->OnData(bytes); }
  void OnEnd(const http::Headers& trailers) override { handler_->OnEnd(trailers); }
  void OnWritable() override { handler_->OnWritable(); }
  void OnDrain() override { handler_->OnDrain(); }
  void OnClosed(const http::Closing& closing) override { handler_->OnClosed(closing); }

 private:
  http::Exchange& exchange_;
  const std::string origin_;
  std::shared_ptr<http::ExchangeHandler> handler_;
};

std::string AccessControl::OriginFor(const http::Headers& head) const {
  if (options_.origins.empty() || options_.origins.contains("*")) return "*";
  const std::string origin(head.Get("origin"));
  return options_.origins.contains(origin) ? origin : std::string();
}

std::shared_ptr<http::ExchangeHandler> AccessControl::OnRequest(http::Exchange& exchange) {
  const http::Headers& head = exchange.received_head();
  const std::string host = HostName(head.Get(":authority"));
  if (!exchange.connection().tls && !Allows(options_.hosts, host)) {
    return Refuse(exchange, PlainText("421"), Misdirected(host) + "\n");
  }
  const bool has_name = !exchange.connection().certificate_common_name.empty();
  if (has_name && http::PathOnly(head).starts_with("/v3/") && options_.refuses_names()) {
    return Refuse(exchange, PlainText("400"),
                  "CommonName of client sending a request against gateway will be ignored and not "
                  "used as expected\n");
  }
  const std::string origin = OriginFor(head);
  if (http::Method(head) == "OPTIONS") {
    http::Headers answer = {{":status", "200"}};
    AddOrigin(origin, &answer);
    return Answer(exchange, std::move(answer), "");
  }
  // Compat: what asks for a tunnel is not sent elsewhere for what its path looks like.
  const bool cleans = http::Method(head) != "CONNECT";
  std::string clean(http::PathOnly(head));
  if (cleans) clean = CleanPath(clean);
  if (clean == "/v3") clean += '/';  // what stands above all calls is named with its slash
  if (clean != http::PathOnly(head)) return Redirect(exchange, std::move(clean), origin);
  auto guarded = std::make_shared<Guarded>(&exchange, origin);
  guarded->Start(next_);
  return guarded;
}

}  // namespace gateway
