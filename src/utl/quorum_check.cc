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

// A connection to a member, which comes or fails.
struct Attempt {
  std::promise<base::Status> promise;
  std::future<base::Status> ended = promise.get_future();
  std::unique_ptr<runtime::Connecting> connecting;
};

// Whether connections to them can be made, whatever is spoken over them: for each OK, or why not.
// All at once; those that neither come nor fail are given up after `patience`.
std::vector<base::Status> Reach(const std::vector<std::string>& endpoints,
                                std::chrono::nanoseconds patience) {
  runtime::asio::LoopThread thread("recover");
  runtime::asio::Network network(&thread.loop());
  std::vector<Attempt> attempts(endpoints.size());
  thread.RunAndWait([&] {
    for (size_t i = 0; i < endpoints.size(); ++i) {
      Attempt& attempt = attempts[i];
      const auto parsed = client::ParseEndpoint(endpoints[i]);
      if (!parsed.ok()) {
        attempt.promise.set_value(parsed.status());
        continue;
      }
      attempt.connecting = network.Connect(parsed->address, [&attempt](const auto& stream) {
        attempt.promise.set_value(stream.status());
      });
    }
  });
  const runtime::Clock& clock = thread.loop().clock();
  const runtime::TimePoint deadline = clock.Now() + patience;
  std::vector<base::Status> reached;
  for (Attempt& attempt : attempts) {
    const bool is_known =
        attempt.ended.wait_for(deadline - clock.Now()) == std::future_status::ready;
    reached.push_back(is_known
                          ? attempt.ended.get()
                          : base::Status(base::Code::kDeadlineExceeded, "it cannot be reached"));
  }
  thread.RunAndWait([&attempts] { attempts.clear(); });
  return reached;
}

EndpointAnswer Take(const std::string& endpoint, Question* question) {
  EndpointAnswer answer{.endpoint = endpoint, .error = question->error, .is_reached = true};
  if (question->client == nullptr) return answer;
  const auto told = question->answer.get();
  if (!told.ok()) {
    answer.error = TextOf(told.status());
    return answer;
  }
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
  // Who refuses a connection has said all that there is to know.
  const std::vector<base::Status> reached = Reach(endpoints, patience);
  std::vector<Question> questions(endpoints.size());
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (reached[i].ok()) questions[i] = Ask(endpoints[i], client, patience);
  }
  std::vector<EndpointAnswer> answers;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (reached[i].ok()) {
      answers.push_back(Take(endpoints[i], &questions[i]));
    } else {
      answers.push_back({.endpoint = endpoints[i], .error = std::string(reached[i].message())});
    }
  }
  return answers;
}

QuorumReport JudgeAnswers(const std::vector<Survivor>& survivors,
                          const std::vector<EndpointAnswer>& answers) {
  return Judging(survivors, answers).Run();
}

}  // namespace utl
