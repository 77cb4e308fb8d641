// Works in rounds that a number of processes begin together and end together.
// Usage: barrier ENDPOINT[,ENDPOINT...] KEY COUNT ROUNDS
//
// It says "round R with N" each time: how many it has met, which is COUNT.

#include <etcd/concurrency.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

etcd::Status Work(etcd::Session* session, const std::string& key, int count, int round) {
  etcd::Client& client = session->client();
  // What each brings along, for as long as its session is there.
  const std::string brought = key + "-brought/" + std::to_string(round) + "/";
  const auto put =
      client.Put({.key = brought + std::to_string(session->lease()), .lease = session->lease()});
  if (!put.ok()) return put.status();
  etcd::DoubleBarrier barrier(session, key, count);
  if (etcd::Status status = barrier.Enter({.timeout = 60s}); !status.ok()) return status;
  const auto met = client.Get(etcd::Prefix(brought));
  if (!met.ok()) return met.status();
  std::printf("round %d with %lld\n", round, static_cast<long long>(met->count));
  std::fflush(stdout);
  return barrier.Leave({.timeout = 60s});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: barrier ENDPOINT[,ENDPOINT...] KEY COUNT ROUNDS\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = Split(argv[1]);
  const auto client = etcd::Client::New(options);
  if (!client.ok()) {
    std::fprintf(stderr, "options: %s\n", client.status().ToString().c_str());
    return 1;
  }
  const auto session = etcd::Session::New(client->get(), {.ttl = 2}, {.timeout = 20s});
  if (!session.ok()) {
    std::fprintf(stderr, "session: %s\n", session.status().ToString().c_str());
    return 1;
  }
  for (int round = 1; round <= std::atoi(argv[4]); ++round) {
    const etcd::Status status = Work(session->get(), argv[2], std::atoi(argv[3]), round);
    if (!status.ok()) {
      std::fprintf(stderr, "round %d: %s\n", round, status.ToString().c_str());
      return 1;
    }
  }
  return 0;
}
