#include "ctl/doctor_facts.h"

#include <future>
#include <memory>
#include <utility>

#include "client/http_page.h"
#include "runtime/posix/clock.h"

namespace ctl {
namespace {

etcd::ClientOptions OnlyAt(const std::string& endpoint, const Globals& globals) {
  etcd::ClientOptions options = globals.client;
  options.endpoints = {endpoint};
  return options;
}

std::string TextOf(const etcd::Status& status) {
  return status.cause().empty() ? status.message() : status.cause();
}

}  // namespace

// One endpoint's, whose client stays.
class FactsGatherer::Asked {
 public:
  Asked(std::string endpoint, const Globals& globals)
      : endpoint_(std::move(endpoint)), globals_(globals) {}

  void Begin() {
    if (client_ == nullptr) {
      const Outcome outcome = Connect(OnlyAt(endpoint_, globals_), &client_);
      failure_ = outcome.error;
      if (!outcome.ok()) client_.reset();
    }
    if (client_ != nullptr) status_ = client_->MemberStatusAsync("", globals_.call);
  }

  MemberFacts Wait() {
    MemberFacts facts{.endpoint = endpoint_, .failure = failure_};
    if (client_ == nullptr) return facts;
    auto status = status_.get();
    if (!status.ok()) {
      facts.failure = TextOf(status.status());
      return facts;
    }
    facts.status = std::move(status).value();
    const auto page = client::FetchPage(OnlyAt(endpoint_, globals_), "/metrics");
    if (page.ok()) facts.metrics.emplace(*page);
    return facts;
  }

 private:
  const std::string endpoint_;
  const Globals& globals_;
  std::string failure_;
  std::unique_ptr<etcd::Client> client_;  // null: it cannot be connected to
  std::future<etcd::Result<etcd::StatusResponse>> status_;
};

FactsGatherer::FactsGatherer(const Globals* globals, const std::vector<std::string>& endpoints)
    : globals_(*globals) {
  for (const std::string& endpoint : endpoints) {
    asked_.push_back(std::make_unique<Asked>(endpoint, globals_));
  }
}

FactsGatherer::~FactsGatherer() = default;

bool FactsGatherer::ConnectTo(const std::vector<std::string>& endpoints) {
  if (endpoints.empty()) return false;
  if (client_ != nullptr && endpoints == connected_to_) return true;
  etcd::ClientOptions options = globals_.client;
  options.endpoints = connected_to_ = endpoints;
  client_.reset();
  if (Connect(options, &client_).ok()) return true;
  client_.reset();
  return false;
}

ClusterFacts FactsGatherer::Gather() {
  for (const std::unique_ptr<Asked>& one : asked_) one->Begin();
  ClusterFacts facts;
  for (const std::unique_ptr<Asked>& one : asked_) facts.endpoints.push_back(one->Wait());
  facts.now = runtime::posix::Clock().WallNow();
  std::vector<std::string> answering;
  for (const MemberFacts& one : facts.endpoints) {
    if (one.failure.empty()) answering.push_back(one.endpoint);
  }
  if (!ConnectTo(answering)) {
    facts.read_failure = "no endpoint answers";
    return facts;
  }
  auto members = client_->MemberList({.serializable = true}, globals_.call);
  if (members.ok()) facts.members = std::move(members).value();
  auto alarms = client_->AlarmList(globals_.call);
  if (alarms.ok()) facts.alarms = std::move(alarms->alarms);
  const auto read = client_->Get({.key = "health"}, globals_.call);
  // A read that is refused went through consensus all the same.
  if (!read.ok() && read.status().code() != etcd::Code::kPermissionDenied) {
    facts.read_failure = TextOf(read.status());
  }
  return facts;
}

ClusterFacts GatherFacts(const Globals& globals, const std::vector<std::string>& endpoints) {
  return FactsGatherer(&globals, endpoints).Gather();
}

}  // namespace ctl
