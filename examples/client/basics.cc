// The client library in one page: put, get, a transaction, a callback. Usage: basics ENDPOINT

#include <etcd/client.h>

#include <cstdio>
#include <future>
#include <string>

namespace {

using namespace std::chrono_literals;

int Fail(const char* what, const etcd::Status& status) {
  std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  return 1;
}

// Counts up, if nobody else has since we looked. Returns the new count.
etcd::Result<int> Increment(etcd::Client& client, const std::string& key) {
  const auto now = client.Get({.key = key}, {.timeout = 5s});
  if (!now.ok()) return now.status();
  const bool exists = !now->kvs.empty();
  const int next = exists ? std::atoi(now->kvs[0].value.c_str()) + 1 : 1;

  etcd::TxnRequest txn;
  txn.compares.push_back({.target = etcd::Compare::Target::kMod,
                          .key = key,
                          .number = exists ? now->kvs[0].mod_revision : 0});
  txn.success.push_back({etcd::PutRequest{.key = key, .value = std::to_string(next)}});
  const auto done = client.Txn(txn, {.timeout = 5s});
  if (!done.ok()) return done.status();
  if (!done->succeeded) return etcd::Status(etcd::Code::kAborted, "somebody else was faster");
  return next;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: basics ENDPOINT\n");
    return 2;
  }
  etcd::ClientOptions options;
  options.endpoints = {argv[1]};
  auto connected = etcd::Client::New(options);
  if (!connected.ok()) return Fail("options", connected.status());
  etcd::Client& client = **connected;

  const auto put = client.Put({.key = "greeting", .value = "hello"}, {.timeout = 5s});
  if (!put.ok()) return Fail("put", put.status());

  const auto got =
      client.Get({.key = "greet", .range_end = etcd::PrefixEnd("greet")}, {.timeout = 5s});
  if (!got.ok()) return Fail("get", got.status());
  for (const etcd::KeyValue& kv : got->kvs) {
    std::printf("%s = %s\n", kv.key.c_str(), kv.value.c_str());
  }

  const auto count = Increment(client, "counter");
  if (!count.ok()) return Fail("increment", count.status());
  std::printf("counter = %d\n", *count);

  // The callback runs on the client's thread.
  std::promise<etcd::Result<etcd::DeleteResponse>> promise;
  client.Delete({.key = "greeting"}, {.timeout = 5s},
                [&promise](etcd::Result<etcd::DeleteResponse> result) {
                  promise.set_value(std::move(result));
                });
  const auto deleted = promise.get_future().get();
  if (!deleted.ok()) return Fail("delete", deleted.status());
  std::printf("deleted %lld\n", static_cast<long long>(deleted->deleted));
  return 0;
}
