#include "client_v2/cluster.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/ascii_case.h"
#include "base/base64.h"
#include "base/go_text.h"
#include "base/url_escape.h"
#include "base/url_path.h"
#include "cli/command.h"
#include "client_v2/fetch.h"

namespace client_v2 {
namespace {

constexpr int kServerErrors = 5;  // of status / 100
constexpr int kInternalError = 500;
constexpr int kUnavailable = 503;

std::string StatusText(int status) {
  switch (status) {
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

std::string WithoutAddress(const Endpoint& endpoint, const base::Status& status) {
  const std::string text(status.message());
  const std::string address = endpoint.address.ToString() + ": ";
  return text.starts_with(address) ? text.substr(address.size()) : text;
}

// As Go writes errors: but for a name such as TLS, which begins with two capitals.
std::string InSmallLetters(std::string text) {
  const auto is_capital = [&](size_t at) {
    return at < text.size() && text[at] >= 'A' && text[at] <= 'Z';
  };
  if (is_capital(0) && !is_capital(1)) text[0] = base::AsciiLower(text[0]);
  return text;
}

Failure OfAll(const std::vector<Failure>& each) {
  Failure all{.text = "client: etcd cluster is unavailable or misconfigured",
              .detail = {},
              .is_connection = true};
  for (size_t i = 0; i < each.size(); ++i) {
    const std::string line = "error #" + std::to_string(i) + ": " + each[i].text + "\n";
    all.text += "; " + line;
    all.detail += line;
    all.is_connection = all.is_connection && each[i].is_connection;
  }
  return all;
}

std::string PathOf(const Endpoint& endpoint, const Request& request) {
  std::string path = base::PathEscape(base::CanonicalPath(endpoint.path + request.path));
  if (!request.query.empty()) path += "?" + request.query;
  return path;
}

// Nothing: it has an answer.
std::optional<Failure> WhyNoAnswer(const Endpoint& endpoint, const Reply& reply) {
  if (reply.status / 100 != kServerErrors) return std::nullopt;
  if (reply.status == kInternalError || reply.status == kUnavailable) {
    return Failure{.text = "client: etcd member " + endpoint.url + " has no leader"};
  }
  return Failure{.text = "client: etcd member " + endpoint.url + " returns server error [" +
                         StatusText(reply.status) + "]"};
}

}  // namespace

Cluster::Cluster(Options options)
    : options_(std::move(options)),
      random_(runtime::posix::EntropySeed()),
      thread_("cluster"),
      network_(&thread_.loop()) {
  SetEndpoints(options_.endpoints);
}

Cluster::~Cluster() {
  CloseMembers();
}

void Cluster::CloseMembers() {
  thread_.RunAndWait([this] { members_.clear(); });
}

Cluster::Member Cluster::NewMember(Endpoint endpoint) {
  http::Client::Options options{.address = endpoint.address, .authority = endpoint.authority};
  if (endpoint.secure()) options.tls = [tls = options_.tls] { return tls; };
  options.server_name = options_.server_name;
  auto client = std::make_unique<http::Client>(&thread_.loop(), &network_, std::move(options));
  return {std::move(endpoint), std::move(client)};
}

void Cluster::SetEndpoints(std::vector<Endpoint> endpoints) {
  for (size_t left = endpoints.size(); left > 1; --left) {
    std::swap(endpoints[left - 1], endpoints[random_.Below(left)]);
  }
  thread_.RunAndWait([this, &endpoints] {
    members_.clear();
    for (Endpoint& endpoint : endpoints) members_.push_back(NewMember(std::move(endpoint)));
  });
  pinned_ = 0;
}

std::vector<std::string> Cluster::endpoints() const {
  std::vector<std::string> urls;
  for (const Member& member : members_) urls.push_back(member.endpoint.url);
  return urls;
}

std::optional<Failure> Cluster::Ask(const Request& request, const Deadline& deadline,
                                    Reply* reply) {
  if (members_.empty()) return Failure{.text = "client: no endpoints available"};
  std::vector<Failure> failures;
  const size_t first = pinned_;
  for (size_t i = 0; i < members_.size(); ++i) {
    const size_t at = (first + i) % members_.size();
    Show(members_[at].endpoint, request);
    Outcome outcome = AskMember(members_[at], request, deadline, reply);
    if (outcome.is_late) return outcome.failure;
    if (!outcome.failure.has_value()) {
      outcome.failure = WhyNoAnswer(members_[at].endpoint, *reply);
    }
    if (!outcome.failure.has_value()) {
      pinned_ = at;
      return std::nullopt;
    }
    if (request.once) {
      pinned_ = (at + 1) % members_.size();
      return outcome.failure;
    }
    failures.push_back(*std::move(outcome.failure));
  }
  return OfAll(failures);
}

std::optional<Failure> Cluster::AskUrl(const std::string& url, const Deadline& deadline,
                                       Reply* reply) {
  auto endpoint = ParseEndpoint(url);
  if (!endpoint.ok()) return Failure{.text = std::string(endpoint.status().message())};
  const std::string path = std::exchange(endpoint->path, "");
  Member member;
  thread_.RunAndWait([&] { member = NewMember(*std::move(endpoint)); });
  const Outcome outcome = AskMember(member, {.method = "GET", .path = path}, deadline, reply);
  thread_.RunAndWait([&member] { member.client.reset(); });
  return outcome.failure;
}

Cluster::Outcome Cluster::AskMember(Member& member, const Request& request,
                                    const Deadline& deadline, Reply* reply) {
  const Endpoint& endpoint = member.endpoint;
  if (!endpoint.is_known()) {
    return {Failure{.text = "unsupported protocol scheme " + base::Quote(endpoint.scheme)}};
  }
  runtime::Duration left = runtime::Duration::max();
  if (deadline.has_value()) left = std::max(*deadline - clock_.Now(), runtime::Duration(0));
  const bool has_timeout = !request.waits && options_.timeout > runtime::Duration(0);
  const AnswerTimes times{.head = has_timeout ? std::min(options_.timeout, left) : left,
                          .all = left};
  http::Headers head{{":method", request.method}, {":path", PathOf(endpoint, request)}};
  if (!request.content_type.empty()) head.Add("content-type", request.content_type);
  if (!options_.username.empty()) {
    head.Add("authorization",
             "Basic " + base::Base64Encode(options_.username + ":" + options_.password,
                                           base::Base64::kPadded));
  }
  auto answer = std::make_shared<std::promise<base::Result<http::Client::Answer>>>();
  thread_.RunAndWait([&] {
    Fetch(*member.client, &thread_.loop(), std::move(head), request.body, times,
          [answer](base::Result<http::Client::Answer> got) { answer->set_value(std::move(got)); });
  });
  base::Result<http::Client::Answer> got = answer->get_future().get();
  if (got.ok()) {
    *reply = {got->status, std::string(got->head.Get("x-etcd-index")), std::move(got->body)};
    return {};
  }
  const bool is_late = deadline.has_value() && clock_.Now() >= *deadline;
  if (got.status().code() == base::Code::kDeadlineExceeded && is_late) {
    return {Failure{.text = "context deadline exceeded", .detail = {}, .is_connection = true},
            true};
  }
  return {WhyNot(endpoint, got.status())};
}

Failure Cluster::WhyNot(const Endpoint& endpoint, const base::Status& status) const {
  if (status.code() == base::Code::kDeadlineExceeded) {
    return {.text = "client: endpoint " + endpoint.url + " exceeded header timeout"};
  }
  const std::string why = InSmallLetters(WithoutAddress(endpoint, status));
  // Go names the call that failed.
  constexpr std::string_view kOfConnect[] = {"connection refused", "no route to host",
                                             "network is unreachable", "connection timed out"};
  if (std::find(std::begin(kOfConnect), std::end(kOfConnect), why) != std::end(kOfConnect)) {
    return {.text = "dial tcp " + endpoint.address.ToString() + ": connect: " + why,
            .detail = {},
            .is_connection = true};
  }
  if (why.starts_with("host not found")) {
    return {.text = "dial tcp: lookup " + endpoint.address.host + ": no such host",
            .detail = {},
            .is_connection = true};
  }
  if (why.starts_with("the server closed the connection before it answered"))
    return {.text = "EOF"};
  return {.text = why};
}

void Cluster::Show(const Endpoint& endpoint, const Request& request) const {
  if (options_.debug == nullptr) return;
  std::string line = "cURL Command: curl -X " + request.method + " " + endpoint.scheme + "://" +
                     endpoint.authority + PathOf(endpoint, request);
  if (request.body.has_value()) line += " -d " + base::Quote(*request.body);
  cli::Print(options_.debug, line + "\n");
}

}  // namespace client_v2
