#include <etcd/client.h>

#include <utility>

#include "app/discovery.h"

// The registry of the flags, through the client library.

namespace app {
namespace {

// Of one answer: a few keys of a few hundred bytes. More is no registry.
constexpr size_t kAnswerBytesMax = 4 << 20;

base::Status StatusOf(const etcd::Status& status) {
  if (status.ok()) return {};
  std::string text = status.ToString();
  if (!status.cause().empty()) text += ": " + status.cause();
  return {base::Code::kUnavailable, std::move(text)};
}

class ClientRegistry final : public Registry {
 public:
  ClientRegistry(std::unique_ptr<etcd::Client> client, runtime::Duration timeout)
      : client_(std::move(client)), timeout_(timeout) {}

  base::Result<std::vector<RegistryEntry>> Get(const std::string& key) override {
    return Read({.key = key});
  }
  base::Result<std::vector<RegistryEntry>> GetPrefix(const std::string& prefix) override {
    return Read({.key = prefix, .range_end = etcd::PrefixEnd(prefix)});
  }
  base::Status Put(const std::string& key, const std::string& value) override {
    return StatusOf(client_->Put({.key = key, .value = value}, {.timeout = timeout_}).status());
  }

 private:
  base::Result<std::vector<RegistryEntry>> Read(const etcd::GetRequest& request) {
    const auto answer = client_->Get(request, {.timeout = timeout_});
    if (!answer.ok()) return StatusOf(answer.status());
    std::vector<RegistryEntry> entries;
    for (const etcd::KeyValue& kv : answer->kvs) {
      entries.push_back({kv.key, kv.value, kv.create_revision});
    }
    return entries;
  }

  const std::unique_ptr<etcd::Client> client_;
  const runtime::Duration timeout_;
};

}  // namespace

base::Result<std::unique_ptr<Registry>> OpenRegistry(const config::DiscoveryConfig& config,
                                                     runtime::Disk& disk) {
  if (!config.url.empty()) return OpenV2Registry(config, disk);
  etcd::ClientOptions options;
  options.endpoints = config.endpoints;
  options.dial_timeout = config.dial_timeout;
  options.keepalive_time = config.keepalive_time;
  options.keepalive_timeout = config.keepalive_timeout;
  options.tls.cert_file = config.cert;
  options.tls.key_file = config.key;
  options.tls.ca_file = config.cacert;
  options.tls.insecure_skip_verify = config.insecure_skip_tls_verify;
  options.use_tls = !config.insecure_transport;
  options.user = config.user;
  options.password = config.password;
  const size_t colon = options.user.find(':');
  if (options.password.empty() && colon != std::string::npos) {
    options.password = options.user.substr(colon + 1);
    options.user.resize(colon);
  }
  options.max_receive_bytes = kAnswerBytesMax;
  etcd::Result<std::unique_ptr<etcd::Client>> client = etcd::Client::New(options);
  if (!client.ok()) return StatusOf(client.status());
  return std::unique_ptr<Registry>(
      std::make_unique<ClientRegistry>(std::move(client).value(), config.request_timeout));
}

}  // namespace app
