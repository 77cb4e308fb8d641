#include "utl/quorum_check.h"

#include <etcd/client.h>

#include <algorithm>
#include <future>
#include <memory>
#include <set>
#include <utility>

#include "client/endpoint.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "state/members/member.h"

namespace utl {
namespace {

using Asked = std::future<etcd::Result<etcd::StatusResponse>>;

// A client that asks one member, and its answer to come; no client for what is no endpoint.
struct Question {
  std::unique_ptr<etcd::Client> client;
  Asked answer;
  std::string error;
};

std::string TextOf(const etcd::Status& status) {
  return status.cause().empty() ? status.message() : status.cause();
}

Question Ask(const std::string& endpoint, etcd::ClientOptions options,
             std::chrono::nanoseconds patience) {
  options.endpoints = {endpoint};
  options.dial_timeout = patience;
  options.max_attempts = 1;
  Question question;
  auto client = etcd::Client::New(options);
  if (!client.ok()) {
    question.error = TextOf(client.status());
    return question;
  }
  question.client = std::move(client).value();
  question.answer = question.client->MemberStatusAsync(endpoint, {.timeout = patience});
  return question;
}

// Whether a connection can be made, whatever is spoken over it.
bool IsReached(const std::string& endpoint, std::chrono::nanoseconds patience) {
  const auto parsed = client::ParseEndpoint(endpoint);
  if (!parsed.ok()) return false;
  runtime::asio::LoopThread thread("recover");
  runtime::asio::Network network(&thread.loop());
  std::promise<bool> connected;
  std::unique_ptr<runtime::Connecting> attempt;
  thread.RunAndWait([&] {
    attempt = network.Connect(parsed->address,
                              [&](const auto& stream) { connected.set_value(stream.ok()); });
  });
  auto future = connected.get_future();
  const bool is_known = future.wait_for(patience) == std::future_status::ready;
  thread.RunAndWait([&attempt] { attempt.reset(); });
  return is_known && future.get();
}

EndpointAnswer Take(const std::string& endpoint, std::chrono::nanoseconds patience,
                    Question* question) {
  EndpointAnswer answer{.endpoint = endpoint, .error = question->error};
  if (question->client == nullptr) {
    answer.is_reached = IsReached(endpoint, patience);
    return answer;
  }
  const auto told = question->answer.get();
  if (!told.ok()) {
    answer.error = TextOf(told.status());
    answer.is_reached = IsReached(endpoint, patience);
    return answer;
  }
  answer.is_reached = true;
  answer.cluster = base::ClusterId(told->header.cluster_id);
  answer.member = base::MemberId(told->header.member_id);
  answer.leader = base::MemberId(told->leader);
  answer.is_learner = told->is_learner;
  return answer;
}

std::string Hex(base::MemberId id) {
  return members::HexText(id.value());
}

class Judging {
 public:
  Judging(const std::vector<Survivor>& survivors, const std::vector<EndpointAnswer>& answers)
      : answers_(answers) {
    for (const Survivor& survivor : survivors) {
      if (survivor.cluster != base::ClusterId()) cluster_ = survivor.cluster;
      for (const members::Member& member : survivor.members) {
        if (!member.is_learner) voters_.insert(member.id);
      }
    }
  }

  QuorumReport Run() {
    std::set<base::MemberId> running;
    for (const EndpointAnswer& answer : answers_) Look(answer, &running);
    const size_t majority = voters_.size() / 2 + 1;
    if (report_.quorum.empty() && running.size() >= majority) {
      report_.quorum = std::to_string(running.size()) + " of " + std::to_string(voters_.size()) +
                       " voters answer, which are a majority";
    }
    return std::move(report_);
  }

 private:
  void Look(const EndpointAnswer& answer, std::set<base::MemberId>* running) {
    if (!answer.error.empty()) {
      report_.lines.push_back(answer.endpoint + " does not answer: " + answer.error);
      if (answer.is_reached && report_.doubt.empty()) {
        report_.doubt = "something is at " + answer.endpoint +
                        " that could not be asked whether a quorum is alive: " + answer.error;
      }
      return;
    }
    if (answer.cluster != cluster_) {
      report_.lines.push_back(answer.endpoint + " is of another cluster, " +
                              members::HexText(answer.cluster.value()) + ".");
      return;
    }
    if (!answer.is_learner && answer.leader != base::MemberId() && report_.quorum.empty()) {
      report_.quorum = "member " + Hex(answer.member) + " at " + answer.endpoint + " says that " +
                       Hex(answer.leader) + " leads";
    }
    if (voters_.contains(answer.member)) running->insert(answer.member);
    if (answer.leader != base::MemberId() && !answer.is_learner) return;
    report_.lines.push_back("Member " + Hex(answer.member) + " runs at " + answer.endpoint +
                            ", without a leader. What it holds now is not known here: stop it, "
                            "and name its directory, too.");
  }

  const std::vector<EndpointAnswer>& answers_;
  base::ClusterId cluster_;
  std::set<base::MemberId> voters_;
  QuorumReport report_;
};

}  // namespace

std::vector<std::string> EndpointsOf(const std::vector<Survivor>& survivors,
                                     const std::vector<std::string>& more) {
  std::vector<std::string> endpoints;
  const auto add = [&](const std::string& url) {
    if (std::find(endpoints.begin(), endpoints.end(), url) == endpoints.end()) {
      endpoints.push_back(url);
    }
  };
  for (const Survivor& survivor : survivors) {
    for (const members::Member& member : survivor.members) {
      for (const std::string& url : member.client_urls) add(url);
    }
  }
  for (const std::string& url : more) add(url);
  return endpoints;
}

std::vector<EndpointAnswer> AskEndpoints(const std::vector<std::string>& endpoints,
                                         const etcd::ClientOptions& client,
                                         std::chrono::nanoseconds patience) {
  std::vector<Question> questions;
  for (const std::string& endpoint : endpoints) {
    questions.push_back(Ask(endpoint, client, patience));
  }
  std::vector<EndpointAnswer> answers;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    answers.push_back(Take(endpoints[i], patience, &questions[i]));
  }
  return answers;
}

QuorumReport JudgeAnswers(const std::vector<Survivor>& survivors,
                          const std::vector<EndpointAnswer>& answers) {
  return Judging(survivors, answers).Run();
}

}  // namespace utl
