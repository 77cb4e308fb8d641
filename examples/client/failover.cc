// A client of several members that goes on while they come and go: it writes keys and reads them
// back for some seconds, and tells what failed. Usage: failover ENDPOINT[,ENDPOINT...] SECONDS

#include <etcd/client.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
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

// Counts calls, and tells of those that failed.
struct Tally {
  const char* name;
  int calls = 0;
  int failures = 0;

  void Count(const etcd::Status& status, const std::string& key) {
    ++calls;
    if (status.ok()) return;
    ++failures;
    std::printf("%s %s: %s\n", name, key.c_str(), status.ToString().c_str());
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: failover ENDPOINT[,ENDPOINT...] SECONDS\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = Split(argv[1]);
  options.keepalive_time = 10s;
  options.keepalive_timeout = 3s;
  options.auto_sync_interval = 1s;
  const auto client = etcd::Client::New(options);
  if (!client.ok()) {
    std::fprintf(stderr, "options: %s\n", client.status().ToString().c_str());
    return 1;
  }

  Tally puts{"put"};
  Tally gets{"get"};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[2]));
  for (int number = 0; std::chrono::steady_clock::now() < end; ++number) {
    const std::string key = "failover/" + std::to_string(number);
    // Whether a put that fails was done nobody knows: it is not sent again, and neither do we.
    puts.Count((*client)->Put({.key = key, .value = "once"}, {.timeout = 2s}).status(), key);
    gets.Count((*client)->Get({.key = key}, {.timeout = 2s}).status(), key);
    std::this_thread::sleep_for(5ms);
  }
  std::printf("%d puts, %d failed; %d gets, %d failed\n", puts.calls, puts.failures, gets.calls,
              gets.failures);
  for (const std::string& endpoint : (*client)->Endpoints()) std::printf("%s\n", endpoint.c_str());
  return 0;
}
