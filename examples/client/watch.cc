// Keeps a copy of the keys that begin with a prefix, and tells what happens to them: reads them
// once, and watches from the next revision on. It goes on while members come and go, and begins
// anew where the revision it needs is compacted. Usage: watch ENDPOINT[,ENDPOINT...] PREFIX
// LAST_KEY

#include <etcd/client.h>

#include <chrono>
#include <cstdio>
#include <map>
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

class Copy {
 public:
  Copy(etcd::Client* client, std::string prefix, std::string last_key)
      : client_(*client), prefix_(std::move(prefix)), last_key_(std::move(last_key)) {}

  // Until the last key has been put, or something is wrong that trying again does not mend.
  etcd::Status Follow() {
    for (;;) {
      const auto all = client_.Get(etcd::Prefix(prefix_), {.timeout = 20s});
      if (!all.ok()) return all.status();
      values_.clear();
      for (const etcd::KeyValue& kv : all->kvs) values_[kv.key] = kv.value;
      std::printf("%zu keys at revision %lld\n", values_.size(),
                  static_cast<long long>(all->header.revision));
      std::fflush(stdout);
      if (values_.contains(last_key_)) return {};

      etcd::WatchRequest request = etcd::Prefix(prefix_);
      request.start_revision = all->header.revision + 1;
      const etcd::WatchEnding ending = client_.Watch(
          request, {}, [this](const etcd::WatchResponse& response) { return Take(response); });
      if (values_.contains(last_key_)) return {};
      if (ending.compact_revision == 0) return ending.status;
    }
  }

 private:
  // On the client's thread; Follow waits meanwhile.
  bool Take(const etcd::WatchResponse& response) {
    for (const etcd::Event& event : response.events) {
      const etcd::KeyValue& kv = event.kv;
      if (event.type == etcd::Event::Type::kPut) {
        std::printf("put %s = %s at %lld\n", kv.key.c_str(), kv.value.c_str(),
                    static_cast<long long>(kv.mod_revision));
        values_[kv.key] = kv.value;
      } else {
        std::printf("delete %s at %lld\n", kv.key.c_str(), static_cast<long long>(kv.mod_revision));
        values_.erase(kv.key);
      }
    }
    std::fflush(stdout);
    return !values_.contains(last_key_);
  }

  etcd::Client& client_;
  const std::string prefix_;
  const std::string last_key_;
  std::map<std::string, std::string> values_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: watch ENDPOINT[,ENDPOINT...] PREFIX LAST_KEY\n");
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
  const etcd::Status status = Copy(client->get(), argv[2], argv[3]).Follow();
  if (!status.ok()) {
    std::fprintf(stderr, "watch: %s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
