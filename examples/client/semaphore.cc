// Restarts, as one of many machines of which few may at a time: waits to be let in, is busy for a
// while, and makes room for the next one. A session that is lost meanwhile is followed by another.
// Usage: semaphore ENDPOINT[,ENDPOINT...] PREFIX LIMIT NAME TIMES [MILLISECONDS]
//
// It says "in with token T" and "out" each time, and has then been busy for so long.

#include <etcd/concurrency.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

etcd::Status Restart(etcd::Session* session, const std::string& prefix,
                     const etcd::SemaphoreOptions& options, std::chrono::milliseconds busy) {
  etcd::Semaphore semaphore(session, prefix, options);
  if (etcd::Status status = semaphore.Acquire({.timeout = 60s}); !status.ok()) return status;
  std::printf("in with token %lld\n", static_cast<long long>(semaphore.token()));
  std::fflush(stdout);
  std::this_thread::sleep_for(busy);
  // Whoever was away for too long, and has lost its place, is not to say that it has restarted.
  const auto done = session->client().Txn(
      {.compares = {semaphore.IsHolder()},
       .success = {etcd::OpPut({.key = prefix + "-restarted", .value = options.name})},
       .failure = {}});
  // It is given back with the session if not by this.
  (void)semaphore.Release();
  if (!done.ok()) return done.status();
  if (!done->succeeded) return etcd::Status(etcd::Code::kAborted, "the place was lost");
  std::printf("out\n");
  std::fflush(stdout);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    std::fprintf(
        stderr, "usage: semaphore ENDPOINT[,ENDPOINT...] PREFIX LIMIT NAME TIMES [MILLISECONDS]\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = Split(argv[1]);
  const auto client = etcd::Client::New(options);
  if (!client.ok()) {
    std::fprintf(stderr, "options: %s\n", client.status().ToString().c_str());
    return 1;
  }
  const etcd::SemaphoreOptions of_semaphore{.limit = std::atoi(argv[3]), .name = argv[4]};
  const std::chrono::milliseconds busy(argc == 7 ? std::atoi(argv[6]) : 0);
  std::unique_ptr<etcd::Session> session;
  for (int restarted = 0; restarted < std::atoi(argv[5]);) {
    if (session == nullptr || session->done().canceled()) {
      auto begun = etcd::Session::New(client->get(), {.ttl = 2}, {.timeout = 20s});
      if (!begun.ok()) {
        std::fprintf(stderr, "session: %s\n", begun.status().ToString().c_str());
        std::this_thread::sleep_for(100ms);
        continue;
      }
      session = std::move(begun).value();
    }
    const etcd::Status status = Restart(session.get(), argv[2], of_semaphore, busy);
    if (status.ok()) {
      ++restarted;
    } else {
      std::fprintf(stderr, "again: %s\n", status.ToString().c_str());
    }
  }
  return 0;
}
