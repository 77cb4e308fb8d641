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

// One endpoint's, under way from the beginning.
class Asked {
 public:
  Asked(const std::string& endpoint, const Globals& globals)
      : endpoint_(endpoint), globals_(globals) {
    const Outcome outcome = Connect(OnlyAt(endpoint, globals), &client_);
    failure_ = outcome.error;
    if (outcome.ok()) status_ = client_->MemberStatusAsync("", globals.call);
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

}  // namespace

ClusterFacts GatherFacts(const Globals& globals, const std::vector<std::string>& endpoints) {
  std::vector<std::unique_ptr<Asked>> asked;
  for (const std::string& endpoint : endpoints) {
    asked.push_back(std::make_unique<Asked>(endpoint, globals));
  }
  ClusterFacts facts;
  for (const std::unique_ptr<Asked>& one : asked) facts.endpoints.push_back(one->Wait());
  facts.now = runtime::posix::Clock().WallNow();
  std::unique_ptr<etcd::Client> client;
  etcd::ClientOptions options = globals.client;
  options.endpoints.clear();
  for (const MemberFacts& one : facts.endpoints) {
    if (one.failure.empty()) options.endpoints.push_back(one.endpoint);
  }
  if (options.endpoints.empty() || !Connect(options, &client).ok()) {
    facts.read_failure = "no endpoint answers";
    return facts;
  }
  auto members = client->MemberList({.serializable = true}, globals.call);
  if (members.ok()) facts.members = std::move(members).value();
  auto alarms = client->AlarmList(globals.call);
  if (alarms.ok()) facts.alarms = std::move(alarms->alarms);
  const auto read = client->Get({.key = "health"}, globals.call);
  // A read that is refused went through consensus all the same.
  if (!read.ok() && read.status().code() != etcd::Code::kPermissionDenied) {
    facts.read_failure = TextOf(read.status());
  }
  return facts;
}

}  // namespace ctl
