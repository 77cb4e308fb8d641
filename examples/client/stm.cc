// Moves money between accounts, as one of many processes: what there is of it altogether stays as
// it is. Usage: stm ENDPOINT[,ENDPOINT...] PREFIX ACCOUNTS TIMES SEED
//
// Each account begins with 100, when it is first used. It says "moved A from X to Y" each time.

#include <etcd/concurrency.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
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

// What is on the account.
etcd::Result<int> Balance(etcd::Stm& stm, const std::string& account) {
  const auto read = stm.Get(account);
  if (!read.ok()) return read.status();
  return read->empty() ? 100 : std::atoi(read->c_str());
}

// How much was moved, which is what there is if that is less. The function that does it may run
// many times; what it says at last is what is done.
etcd::Result<int> Move(etcd::Client* client, const std::string& from, const std::string& to,
                       int amount) {
  int moved = 0;
  const auto done = etcd::RunStm(client,
                                 [&](etcd::Stm& stm) {
                                   const auto before = Balance(stm, from);
                                   if (!before.ok()) return before.status();
                                   moved = std::min(amount, *before);
                                   stm.Put(from, std::to_string(*before - moved));
                                   // Of the run, not of the store, if it is the same account.
                                   const auto other = Balance(stm, to);
                                   if (!other.ok()) return other.status();
                                   stm.Put(to, std::to_string(*other + moved));
                                   return etcd::Status();
                                 },
                                 {}, {.timeout = 60s});
  if (!done.ok()) return done.status();
  return moved;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: stm ENDPOINT[,ENDPOINT...] PREFIX ACCOUNTS TIMES SEED\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = Split(argv[1]);
  const auto client = etcd::Client::New(options);
  if (!client.ok()) {
    std::fprintf(stderr, "options: %s\n", client.status().ToString().c_str());
    return 1;
  }
  const std::string prefix = argv[2];
  std::minstd_rand random(static_cast<unsigned>(std::atoi(argv[5])));
  std::uniform_int_distribution<int> accounts(1, std::atoi(argv[3]));
  std::uniform_int_distribution<int> amounts(1, 20);
  for (int times = 0; times < std::atoi(argv[4]); ++times) {
    const std::string from = prefix + std::to_string(accounts(random));
    const std::string to = prefix + std::to_string(accounts(random));
    const auto moved = Move(client->get(), from, to, amounts(random));
    if (!moved.ok()) {
      // It may have been moved nevertheless.
      std::fprintf(stderr, "move: %s\n", moved.status().ToString().c_str());
      return 1;
    }
    std::printf("moved %d from %s to %s\n", *moved, from.c_str(), to.c_str());
    std::fflush(stdout);
  }
  return 0;
}
