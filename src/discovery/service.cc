#include "discovery/service.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii_case.h"
#include "base/form.h"
#include "base/go_text.h"
#include "base/media_type.h"
#include "discovery/token.h"

namespace discovery {
namespace {

constexpr int64_t kDefaultSize = 3;
constexpr int64_t kLargestSize = 1000;
constexpr const char* kForm = "application/x-www-form-urlencoded";
// How many more members than its size a token takes: some come at the same time, and see only then
// that they are too many.
constexpr int64_t kLateMembersMax = 16;

constexpr observe::Family kNewRequests = {"endpoint_new_requests_total",
                                          "The total number of /new requests processed."};
constexpr observe::Family kTokenRequests = {"endpoint_token_requests_total",
                                            "The total number of /{token} requests processed."};
constexpr observe::Family kHealthRequests = {"endpoint_health_requests_total",
                                             "The total number of /health requests processed."};

const observe::Family& FamilyOf(const std::string& endpoint) {
  if (endpoint == "new") return kNewRequests;
  return endpoint == "token" ? kTokenRequests : kHealthRequests;
}

std::string_view QueryText(const http::PlainRequest& request) {
  const std::string_view path = request.head.Get(":path");
  const size_t mark = path.find('?');
  return mark == path.npos ? std::string_view() : path.substr(mark + 1);
}

std::string_view PathText(const http::PlainRequest& request) {
  const std::string_view path = request.head.Get(":path");
  return path.substr(0, path.find('?'));
}

http::PlainResponse Page(std::string_view type, std::string text) {
  http::PlainResponse response;
  response.fields.Add("content-type", type);
  response.fields.Add("x-content-type-options", "nosniff");
  response.body = std::move(text);
  return response;
}

// What etcd has answered, as far as it is for others.
http::PlainResponse Passed(http::Client::Answer answer) {
  http::PlainResponse response;
  response.status = answer.status;
  for (const char* const name : {"content-type", "x-etcd-index", "x-raft-index", "x-raft-term"}) {
    if (const auto value = answer.head.Find(name)) response.fields.Add(name, *value);
  }
  response.body = std::move(answer.body);
  return response;
}

// Whether a member may register, or is there.
bool HasRoomFor(const std::string& member, const TokenStatus& status) {
  int64_t size = 0;
  std::from_chars(status.size.data(), status.size.data() + status.size.size(), size);
  return static_cast<int64_t>(status.members.size()) < size + kLateMembersMax ||
         std::any_of(status.members.begin(), status.members.end(),
                     [&](const TokenStatus::Member& there) { return there.id == member; });
}

}  // namespace

class Service::Call {
 public:
  Call(Service* service, std::string endpoint, std::string method, http::Responder responder)
      : service_(*service),
        endpoint_(std::move(endpoint)),
        method_(std::move(method)),
        responder_(std::move(responder)) {}

  const std::string& method() const { return method_; }

  void Answer(http::PlainResponse response) {
    service_.Count(endpoint_, method_, response.status);
    responder_.Send(std::move(response));
  }
  void Answer(int status, std::string_view text) { Answer(http::TextResponse(status, text)); }
  // Why etcd did not answer stays here.
  void AnswerFailure(const base::Status& why, int status, std::string_view text) {
    service_.parts_.logger->Warn("etcd does not do what it is asked for",
                                 {{"endpoint", endpoint_}, {"error", why.message()}});
    Answer(status, text);
  }

 private:
  Service& service_;
  const std::string endpoint_;
  const std::string method_;
  http::Responder responder_;
};

Service::Service(const Parts& parts, const Options& options) : parts_(parts), options_(options) {
  const auto call = [this](const char* endpoint, const http::PlainRequest& request,
                           http::Responder responder) {
    return std::make_shared<Call>(this, endpoint, std::string(request.head.Get(":method")),
                                  std::move(responder));
  };
  endpoints_.Handle("/new", [=, this](const auto& request, http::Responder responder) {
    New(request, call("new", request, std::move(responder)));
  });
  endpoints_.Handle("/health", [=, this](const auto& request, http::Responder responder) {
    const auto asked = call("health", request, std::move(responder));
    if (!IsTooOften(new_rates_, request, asked)) Health(asked);
  });
  endpoints_.Handle("/status/", [=, this](const auto& request, http::Responder responder) {
    Status(request, call("token", request, std::move(responder)));
  });
  endpoints_.Handle("/metrics", [this](const auto&, http::Responder responder) {
    responder.Send(Page("text/plain; version=0.0.4; charset=utf-8", parts_.registry->Scrape()));
  });
  endpoints_.Handle("/robots.txt", [](const auto&, http::Responder responder) {
    responder.Send(Page("text/plain; charset=utf-8", "User-agent: *\nDisallow: /"));
  });
  endpoints_.Handle("/", [this](const auto& request, http::Responder responder) {
    Root(request, std::move(responder));
  });
}

void Service::Root(const http::PlainRequest& request, http::Responder responder) {
  if (PathText(request) == "/") {
    return responder.Send(Page("text/plain; charset=utf-8",
                               "GET /new?size=3 makes a token for a cluster of three members.\n"));
  }
  auto path = ParseRequestPath(PathText(request));
  if (!path.has_value()) return responder.Send(http::TextResponse(404, "404 page not found"));
  Forward(request, *std::move(path),
          std::make_shared<Call>(this, "token", std::string(request.head.Get(":method")),
                                 std::move(responder)));
}

bool Service::IsTooOften(ClientRates& rates, const http::PlainRequest& request,
                         const CallPointer& call) {
  const runtime::Duration wait =
      rates.Ask(request.connection.peer.host, parts_.loop->clock().Now());
  if (wait == runtime::Duration::zero()) return false;
  http::PlainResponse refused = http::TextResponse(429, "Too Many Requests");
  const int64_t seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  refused.fields.Add("retry-after", std::to_string(seconds));
  call->Answer(std::move(refused));
  return true;
}

void Service::New(const http::PlainRequest& request, CallPointer call) {
  if (IsTooOften(new_rates_, request, call)) return;
  const base::Form query(QueryText(request));
  const std::string text = query.Get("size");
  int64_t size = kDefaultSize;
  if (!text.empty()) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, size);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      return call->Answer(400,
                          "strconv.Atoi: parsing " + base::Quote(text) + ": " +
                              (parsed.ec == std::errc::result_out_of_range ? "value out of range"
                                                                           : "invalid syntax"));
    }
  }
  if (size < 1 || size > kLargestSize) {
    return call->Answer(400, "size must be between 1 and " + std::to_string(kLargestSize));
  }
  MakeToken(size, [this, call](base::Result<std::string> token) {
    if (!token.ok()) return call->AnswerFailure(token.status(), 400, "Unable to generate token");
    call->Answer(Page("text/plain; charset=utf-8", options_.public_url + "/" + *token));
  });
}

void Service::MakeToken(int64_t size, base::Callback<void(base::Result<std::string>)> done) {
  std::string token = NewToken();
  Upstream::Request directory{.method = "PUT", .path = "/" + token, .body = "", .waits = false};
  directory.body = "dir=true&prevExist=false";
  if (options_.token_ttl.count() > 0) {
    directory.body += "&ttl=" + std::to_string(options_.token_ttl.count());
  }
  const auto shared =
      std::make_shared<base::Callback<void(base::Result<std::string>)>>(std::move(done));
  const auto failed = [shared](base::Result<http::Client::Answer>& answer) {
    if (answer.ok() && (answer->status == 200 || answer->status == 201)) return false;
    (*shared)(answer.ok() ? base::Status(base::Code::kUnavailable,
                                         "status " + std::to_string(answer->status))
                          : answer.status());
    return true;
  };
  upstream().Ask(std::move(directory), [this, size, token, shared,
                                        failed](base::Result<http::Client::Answer> answer) {
    if (failed(answer)) return;
    upstream().Ask({.method = "PUT",
                    .path = "/" + token + "/_config/size",
                    .body = "prevExist=false&value=" + std::to_string(size),
                    .waits = false},
                   [token, shared, failed](base::Result<http::Client::Answer> sized) {
                     if (!failed(sized)) (*shared)(token);
                   });
  });
}

void Service::Health(CallPointer call) {
  MakeToken(kDefaultSize, [this, call](base::Result<std::string> token) {
    if (!token.ok()) return call->AnswerFailure(token.status(), 400, "Unable to generate token");
    upstream().Ask(
        {.method = "DELETE", .path = "/" + *token + "?recursive=true", .body = "", .waits = false},
        [call](base::Result<http::Client::Answer> answer) {
          if (!answer.ok()) {
            return call->AnswerFailure(answer.status(), 400, "Unable to delete token");
          }
          call->Answer(Page("text/plain; charset=utf-8", "OK"));
        });
  });
}

void Service::Forward(const http::PlainRequest& request, RequestPath path, CallPointer call) {
  if (IsTooOften(rates_, request, call)) return;
  if (!path.Allows(call->method())) {
    http::PlainResponse refused = http::TextResponse(405, "Method Not Allowed");
    refused.fields.Add("allow", path.methods);
    return call->Answer(std::move(refused));
  }
  const std::string_view query = QueryText(request);
  Upstream::Request asked{
      .method = call->method(),
      .path = "/" + path.token + path.below,
      .body = "",
      .waits = call->method() == "GET" && base::Form(query).Get("wait") == "true"};
  if (!query.empty()) asked.path += "?" + std::string(query);
  const base::MediaType type = base::ParseMediaType(request.head.Get("content-type"));
  if (type.name == kForm) asked.body = base::Bytes(request.body);
  if (call->method() == "PUT") {
    return LookUp(path.token, call,
                  [this, call, member = path.member, asked](const TokenStatus& status) mutable {
                    if (!HasRoomFor(member, status)) {
                      return call->Answer(403, "the token has more members than its size");
                    }
                    Pass(std::move(asked), call, "");
                  });
  }
  const std::string waiter = asked.waits ? request.connection.peer.host : "";
  if (asked.waits) {
    size_t& waits = waits_[waiter];
    if (waits == kWaitsOfOneMax) return call->Answer(429, "Too Many Requests");
    ++waits;
  }
  Pass(std::move(asked), call, waiter);
}

void Service::Pass(Upstream::Request asked, CallPointer call, const std::string& waiter) {
  upstream().Ask(std::move(asked), [this, call, waiter](base::Result<http::Client::Answer> answer) {
    if (const auto waits = waits_.find(waiter); waits != waits_.end() && --waits->second == 0) {
      waits_.erase(waits);
    }
    if (answer.ok()) return call->Answer(Passed(*std::move(answer)));
    const bool is_late = answer.status().code() == base::Code::kDeadlineExceeded;
    const bool is_full = answer.status().code() == base::Code::kResourceExhausted;
    if (is_full) return call->AnswerFailure(answer.status(), 503, "too many requests");
    call->AnswerFailure(answer.status(), is_late ? 504 : 500,
                        is_late ? "nothing has happened" : "the store does not answer");
  });
}

void Service::Status(const http::PlainRequest& request, CallPointer call) {
  if (IsTooOften(rates_, request, call)) return;
  const std::string token(PathText(request).substr(std::string_view("/status/").size()));
  if (!IsToken(token)) return call->Answer(404, "404 page not found");
  LookUp(token, call, [call](const TokenStatus& status) {
    call->Answer(Page("text/html; charset=utf-8", StatusPage(status)));
  });
}

void Service::LookUp(const std::string& token, const CallPointer& call, WithStatus then) {
  const auto unknown = [call](const base::Result<http::Client::Answer>& answer) {
    if (!answer.ok()) {
      call->AnswerFailure(answer.status(), 500, "the store does not answer");
      return true;
    }
    if (answer->status != 404) return false;
    call->Answer(404, "there is no such token, or not any more");
    return true;
  };
  const auto shared = std::make_shared<WithStatus>(std::move(then));
  upstream().Ask(
      {.method = "GET", .path = "/" + token + "/_config/size", .body = "", .waits = false},
      [this, token, call, unknown, shared](base::Result<http::Client::Answer> size) {
        if (unknown(size)) return;
        upstream().Ask({.method = "GET", .path = "/" + token, .body = "", .waits = false},
                       [token, call, unknown, shared,
                        size = std::move(size)](base::Result<http::Client::Answer> directory) {
                         if (unknown(directory)) return;
                         const auto status = ParseTokenStatus(token, size->body, directory->body);
                         if (!status.has_value()) {
                           return call->Answer(500, "the store does not answer");
                         }
                         (*shared)(*status);
                       });
      });
}

void Service::Count(const std::string& endpoint, const std::string& method, int status) {
  // Names that clients make up are no labels.
  const bool is_usual = method == "GET" || method == "PUT" || method == "DELETE" ||
                        method == "POST" || method == "HEAD";
  const std::string code = std::to_string(status);
  std::string of = is_usual ? method : "other";
  std::transform(of.begin(), of.end(), of.begin(), base::AsciiLower);
  const std::string key = endpoint + " " + code + " " + of;
  auto counter = counters_.find(key);
  if (counter == counters_.end()) {
    counter = counters_
                  .emplace(key, parts_.registry->AddCounter(FamilyOf(endpoint),
                                                            {{"code", code}, {"method", of}}))
                  .first;
  }
  counter->second.Add();
}

}  // namespace discovery
