// Counts under a lock, as one of many processes: takes the lock, adds one to the count in a
// transaction that only its holder can make, and lets the next one have it. A session that is lost
// meanwhile is followed by another. Usage: lock ENDPOINT[,ENDPOINT...] PREFIX TIMES [MILLISECONDS]
//
// It says "counted N with token T" each time, after having held the lock for so long.

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

class Counter {
 public:
  Counter(etcd::Client* client, std::string prefix, std::chrono::milliseconds held)
      : client_(*client), prefix_(std::move(prefix)), held_(held) {}

  // One more, if nothing goes wrong on the way. What was written may have been written although it
  // is not OK.
  etcd::Status Count() {
    if (session_ == nullptr || session_->done().canceled()) {
      auto session = etcd::Session::New(&client_, {.ttl = 2}, {.timeout = 20s});
      if (!session.ok()) return session.status();
      session_ = std::move(session).value();
    }
    etcd::Mutex mutex(session_.get(), prefix_ + "lock");
    if (etcd::Status status = mutex.Lock({.timeout = 60s}); !status.ok()) return status;
    const etcd::Status status = CountLocked(mutex);
    // It is let go of with the session if not by this.
    (void)mutex.Unlock();
    return status;
  }

 private:
  etcd::Status CountLocked(const etcd::Mutex& mutex) {
    const auto got = client_.Get({.key = prefix_ + "count"});
    if (!got.ok()) return got.status();
    const int64_t count = got->kvs.empty() ? 1 : std::stoll(got->kvs[0].value) + 1;
    std::this_thread::sleep_for(held_);
    // Without the comparison, whoever has lost the lock without knowing would write an old count.
    const auto put = client_.Txn(
        {.compares = {mutex.IsOwner()},
         .success = {etcd::OpPut({.key = prefix_ + "count", .value = std::to_string(count)}),
                     etcd::OpPut(
                         {.key = prefix_ + "token", .value = std::to_string(mutex.token())})},
         .failure = {}});
    if (!put.ok()) return put.status();
    if (!put->succeeded) return etcd::Status(etcd::Code::kAborted, "the lock was lost");
    std::printf("counted %lld with token %lld\n", static_cast<long long>(count),
                static_cast<long long>(mutex.token()));
    std::fflush(stdout);
    return {};
  }

  etcd::Client& client_;
  const std::string prefix_;
  const std::chrono::milliseconds held_;
  std::unique_ptr<etcd::Session> session_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: lock ENDPOINT[,ENDPOINT...] PREFIX TIMES [MILLISECONDS]\n");
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
  Counter counter(client->get(), argv[2],
                  std::chrono::milliseconds(argc == 5 ? std::atoi(argv[4]) : 0));
  for (int counted = 0; counted < std::atoi(argv[3]);) {
    const etcd::Status status = counter.Count();
    if (status.ok()) {
      ++counted;
    } else {
      std::fprintf(stderr, "again: %s\n", status.ToString().c_str());
    }
  }
  return 0;
}
