// An agent of a small scheduler: takes work that is desired and that nobody does, up to a number,
// tells that it does it, and lets go of what is desired no more. The work of an agent that is dead,
// or cut off, is taken by the others. Usage: scheduler ENDPOINT[,ENDPOINT...] PREFIX NAME NUMBER
//
//   PREFIX/desired/W  put and deleted by whoever wants W done
//   PREFIX/claims/W   the name of the agent that does W; with its lease, so gone with the agent
//   PREFIX/status/W   "running on NAME"
//
// It says "start W" and "stop W". Two never do the same work: who has lost its lease stops before
// the members let anybody else have it.

#include <etcd/concurrency.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

void Say(const char* what, const std::string& work) {
  std::printf("%s %s\n", what, work.c_str());
  std::fflush(stdout);
}

class Agent {
 public:
  Agent(etcd::Client* client, const std::string& prefix, std::string name, size_t number)
      : client_(*client),
        desired_(prefix + "/desired/"),
        claims_(prefix + "/claims/"),
        status_(prefix + "/status/"),
        all_(etcd::Prefix(prefix + "/")),
        name_(std::move(name)),
        number_(number) {}

  // Until something goes wrong; then call it again. What there is to do follows from what is there
  // and not from what has happened, so nothing is forgotten when an event is.
  etcd::Status Run() {
    if (session_ == nullptr || session_->done().canceled()) {
      while (!running_.empty()) Say("stop", running_.extract(running_.begin()).value());
      auto session = etcd::Session::New(&client_, {.ttl = 2}, {.timeout = 20s});
      if (!session.ok()) return session.status();
      session_ = std::move(session).value();
    }
    // None of these goes on when the session is lost.
    const etcd::CallOptions call{.timeout = 20s, .cancellation = session_->done()};
    const auto all = client_.Get(all_, call);
    if (!all.ok()) return all.status();
    if (etcd::Status status = Settle(all->kvs, call); !status.ok()) return status;
    etcd::WatchRequest changes = all_;
    changes.start_revision = all->header.revision + 1;
    const auto ending =
        client_.Watch(changes, {.cancellation = session_->done()},
                      [](const etcd::WatchResponse& told) { return told.events.empty(); });
    const bool is_change = ending.status.code() == etcd::Code::kCanceled;
    return is_change || ending.compact_revision != 0 ? etcd::Status() : ending.status;
  }

 private:
  // Brings what this agent does, and what is written of it, to what the keys want.
  etcd::Status Settle(const std::vector<etcd::KeyValue>& kvs, const etcd::CallOptions& call) {
    std::set<std::string> desired;
    std::map<std::string, int64_t> claims;  // with their leases
    for (const etcd::KeyValue& kv : kvs) {
      if (kv.key.starts_with(desired_)) desired.insert(kv.key.substr(desired_.size()));
      if (kv.key.starts_with(claims_)) claims[kv.key.substr(claims_.size())] = kv.lease;
    }
    const auto is_mine = [&](const std::string& work) {
      const auto claim = claims.find(work);
      return claim != claims.end() && claim->second == session_->lease();
    };
    for (const std::string& work : std::set<std::string>(running_)) {
      if (desired.contains(work) && is_mine(work)) continue;
      running_.erase(work);
      Say("stop", work);
    }
    // Also what an answer that was lost has left behind.
    for (const auto& [work, lease] : claims) {
      if (!is_mine(work) || running_.contains(work)) continue;
      if (etcd::Status status = Release(work, call); !status.ok()) return status;
    }
    for (const std::string& work : desired) {
      if (claims.contains(work) || running_.size() >= number_) continue;
      if (etcd::Status status = Claim(work, call); !status.ok()) return status;
    }
    return {};
  }

  // Of all that try the first one has it.
  etcd::Status Claim(const std::string& work, const etcd::CallOptions& call) {
    const auto claimed = client_.Txn(
        {.compares = {etcd::CompareVersion(desired_ + work, etcd::Compare::kGreater, 0),
                      etcd::CompareVersion(claims_ + work, etcd::Compare::kEqual, 0)},
         .success = {etcd::OpPut(
                         {.key = claims_ + work, .value = name_, .lease = session_->lease()}),
                     etcd::OpPut({.key = status_ + work, .value = "running on " + name_})},
         .failure = {}},
        call);
    if (!claimed.ok()) return claimed.status();
    if (!claimed->succeeded) return {};
    running_.insert(work);
    Say("start", work);
    return {};
  }

  etcd::Status Release(const std::string& work, const etcd::CallOptions& call) {
    const auto released = client_.Txn(
        {.compares = {etcd::CompareLease(claims_ + work, etcd::Compare::kEqual, session_->lease())},
         .success = {etcd::OpDelete({.key = claims_ + work}),
                     etcd::OpDelete({.key = status_ + work})},
         .failure = {}},
        call);
    return released.status();
  }

  etcd::Client& client_;
  const std::string desired_;
  const std::string claims_;
  const std::string status_;
  const etcd::KeyRange all_;
  const std::string name_;
  const size_t number_;
  std::unique_ptr<etcd::Session> session_;
  std::set<std::string> running_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: scheduler ENDPOINT[,ENDPOINT...] PREFIX NAME NUMBER\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = Split(argv[1]);
  // So that a member is left which hangs.
  options.keepalive_time = 10s;
  options.keepalive_timeout = 3s;
  const auto client = etcd::Client::New(options);
  if (!client.ok()) {
    std::fprintf(stderr, "options: %s\n", client.status().ToString().c_str());
    return 1;
  }
  Agent agent(client->get(), argv[2], argv[3], static_cast<size_t>(std::atoi(argv[4])));
  for (;;) {
    const etcd::Status status = agent.Run();
    if (status.ok()) continue;
    std::fprintf(stderr, "again: %s\n", status.ToString().c_str());
    std::this_thread::sleep_for(100ms);
  }
}
