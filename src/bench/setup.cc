#include "bench/setup.h"

#include <algorithm>
#include <utility>

#include "base/go_text.h"
#include "ctl/connection.h"
#include "runtime/posix/disk.h"

namespace bench {
namespace {

using cli::Invocation;
using cli::Outcome;

// Compat: etcd's does not wait for a connection. To say at once that nobody is there is of more
// use than to wait for ever.
constexpr runtime::Duration kDefaultDialTimeout = std::chrono::seconds(5);

void ReadTls(const cli::Flags& flags, etcd::TlsOptions* tls) {
  tls->cert_file = flags.GetString("cert");
  tls->key_file = flags.GetString("key");
  tls->ca_file = flags.GetString("cacert");
  tls->insecure_skip_verify = flags.GetBool("insecure-skip-tls-verify");
}

Outcome ReadSizes(const Invocation& invocation, Setup* setup) {
  const cli::Flags& flags = invocation.flags;
  for (const auto& [name, value] : {std::pair("conns", &setup->connections),
                                    {"clients", &setup->clients},
                                    {"threads", &setup->threads}}) {
    *value = flags.GetUint(name);
    if (*value == 0)
      return Refuse(invocation, std::string("expected positive --") + name + ", got (0)");
  }
  setup->threads = std::min(setup->threads, setup->connections);
  return {};
}

}  // namespace

Outcome Refuse(const Invocation& invocation, const std::string& why) {
  cli::Print(invocation.err, why + "\n");
  return {cli::kExitError};
}

Outcome ReadCount(const Invocation& invocation, const std::string& name, uint64_t* value) {
  const int64_t read = invocation.flags.GetInt(name);
  if (read < 0) {
    return Refuse(invocation,
                  "expected --" + name + " of at least 0, got (" + std::to_string(read) + ")");
  }
  *value = static_cast<uint64_t>(read);
  return {};
}

std::vector<std::string> EndpointsOf(const cli::Flags& flags, const std::string& name) {
  std::vector<std::string> endpoints;
  for (const std::string& endpoint : flags.GetStrings(name)) {
    endpoints.emplace_back(base::TrimSpace(endpoint));
  }
  return endpoints;
}

Outcome SetEndpoints(const Invocation& invocation, std::vector<std::string> endpoints,
                     Setup* setup) {
  setup->client.endpoints = std::move(endpoints);
  runtime::posix::Disk disk;
  base::Result<client::Settings> settings = client::CheckOptions(setup->client, disk);
  if (!settings.ok()) {
    return Refuse(invocation, "dial error: " + std::string(settings.status().message()));
  }
  setup->settings = std::move(settings).value();
  return {};
}

Outcome ReadSetup(const Invocation& invocation, Setup* setup) {
  const cli::Flags& flags = invocation.flags;
  if (Outcome outcome = ReadSizes(invocation, setup); !outcome.ok()) return outcome;
  ReadTls(flags, &setup->client.tls);
  ctl::ReadCredentials(invocation, flags.GetString("user"), "", "Password: ", &setup->client);
  setup->client.dial_timeout = std::max(flags.GetDuration("dial-timeout"), runtime::Duration(0));
  setup->dial_timeout = setup->client.dial_timeout == runtime::Duration(0)
                            ? kDefaultDialTimeout
                            : setup->client.dial_timeout;
  setup->client.auto_sync_interval =
      std::max(flags.GetDuration("auto-sync-interval"), runtime::Duration(0));
  setup->keeps_seconds = flags.GetBool("sample");
  setup->from_due = !flags.GetBool("from-send");
  return SetEndpoints(invocation, EndpointsOf(flags, "endpoints"), setup);
}

}  // namespace bench
