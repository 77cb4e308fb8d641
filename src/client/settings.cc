#include "client/settings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "client/endpoint.h"
#include "net/http/system_authorities.h"

namespace client {
namespace {

using base::Code;
using base::Status;

constexpr size_t kDefaultRequestBytes = 2 * 1024 * 1024;
constexpr size_t kDefaultReceiveBytes = 2147483647;
constexpr size_t kDefaultPendingBytes = 256 * 1024 * 1024;
constexpr runtime::Duration kShortestSyncInterval = std::chrono::seconds(1);
// gRPC's clients ping no more often, and members count faster ones as abuse.
constexpr runtime::Duration kShortestKeepalive = std::chrono::seconds(10);
constexpr runtime::Duration kDefaultKeepaliveTimeout = std::chrono::seconds(20);

Status Refused(std::string_view why) {
  return Status(Code::kInvalidArgument, why);
}

Status CheckValues(const etcd::ClientOptions& options) {
  if (options.endpoints.empty()) {
    return Refused("at least one Endpoint is required in client config");
  }
  if (!options.token.empty() && (!options.user.empty() || !options.password.empty())) {
    return Refused("a token and a user with a password exclude each other");
  }
  if (options.user.empty() != options.password.empty()) {
    return Refused("a user needs a password, and a password a user");
  }
  if (options.tls.cert_file.empty() != options.tls.key_file.empty()) {
    return Refused("KeyFile and CertFile must both be present[key: " + options.tls.key_file +
                   ", cert: " + options.tls.cert_file + "]");
  }
  for (const etcd::Duration duration :
       {options.dial_timeout, options.keepalive_time, options.keepalive_timeout, options.retry_wait,
        options.auto_sync_interval}) {
    if (duration < etcd::Duration(0)) return Refused("a duration is negative");
  }
  if (options.max_attempts == 0) return Refused("max_attempts is 0");
  if (options.retry_jitter_percent > 100) return Refused("retry_jitter_percent is more than 100");
  if (options.max_receive_bytes != 0 && options.max_request_bytes > options.max_receive_bytes) {
    return Refused("gRPC message recv limit (" + std::to_string(options.max_receive_bytes) +
                   " bytes) must be greater than send limit (" +
                   std::to_string(options.max_request_bytes) + " bytes)");
  }
  return {};
}

Status ReadIfNamed(runtime::Disk& disk, const std::string& path, base::Bytes* out) {
  if (path.empty()) return {};
  base::Result<base::Bytes> read = runtime::ReadFile(disk, path);
  if (!read.ok()) return Refused("open " + std::string(read.status().message()));
  *out = std::move(read).value();
  return {};
}

// What is wrong with the contents of a file, with its name: "key file /etc/key.pem: ...".
Status NameFile(const Status& status, const etcd::TlsOptions& options) {
  std::string text(status.message());
  const std::array<std::pair<std::string_view, const std::string&>, 3> files = {
      {{"certificate", options.cert_file},
       {"key", options.key_file},
       {"trusted CA", options.ca_file}}};
  for (const auto& [subject, path] : files) {
    if (!path.empty() && text.starts_with(std::string(subject) + ":")) {
      text.insert(subject.size(), " file " + path);
      break;
    }
  }
  return Refused(text);
}

using TlsContext = std::shared_ptr<const http::TlsContext>;

base::Result<TlsContext> OpenTls(const etcd::TlsOptions& options, runtime::Disk& disk) {
  http::TlsOptions tls;
  RETURN_IF_ERROR(ReadIfNamed(disk, options.ca_file, &tls.trusted_ca_pem));
  RETURN_IF_ERROR(ReadIfNamed(disk, options.cert_file, &tls.certificate_pem));
  RETURN_IF_ERROR(ReadIfNamed(disk, options.key_file, &tls.key_pem));
  tls.skip_verify = options.insecure_skip_verify;
  if (options.ca_file.empty() && !tls.skip_verify) {
    std::optional<base::Bytes> authorities = http::ReadSystemAuthorities(disk);
    if (!authorities.has_value()) {
      return Refused("TLS needs ca_file: this system has no bundle of authorities");
    }
    tls.trusted_ca_pem = *std::move(authorities);
  }
  base::Result<TlsContext> context = http::TlsContext::New(http::TlsContext::Role::kClient, tls);
  if (!context.ok()) return NameFile(context.status(), options);
  return context;
}

bool IsTls(const Endpoint& endpoint, bool is_default) {
  if (endpoint.security == Endpoint::Security::kAsConfigured) return is_default;
  return endpoint.security == Endpoint::Security::kTls;
}

}  // namespace

bool Settings::IsPlain(const Endpoint& endpoint) const {
  return tls != nullptr && !IsTls(endpoint, tls_is_default);
}

void Settings::ClearEndpoints() {
  endpoints.clear();
  plain_endpoints.clear();
  endpoint_names.clear();
}

void Settings::Add(const std::string& name, const Endpoint& endpoint) {
  endpoint_names.push_back(name);
  (IsPlain(endpoint) ? plain_endpoints : endpoints).push_back(endpoint.address);
}

base::Result<Settings> CheckOptions(const etcd::ClientOptions& options, runtime::Disk& disk) {
  RETURN_IF_ERROR(CheckValues(options));
  Settings settings;
  std::vector<Endpoint> endpoints;
  for (const std::string& text : options.endpoints) {
    ASSIGN_OR_RETURN(endpoints.emplace_back(), ParseEndpoint(text));
  }
  const etcd::TlsOptions& tls = options.tls;
  settings.tls_is_default = options.use_tls || tls != etcd::TlsOptions{};
  const bool needs_tls = std::any_of(
      endpoints.begin(), endpoints.end(),
      [&](const Endpoint& endpoint) { return IsTls(endpoint, settings.tls_is_default); });
  if (needs_tls || !tls.ca_file.empty() || !tls.cert_file.empty()) {
    // A file that cannot be used is a mistake, though plain endpoints do not need it.
    ASSIGN_OR_RETURN(settings.tls, OpenTls(tls, disk));
    if (!needs_tls) settings.tls = nullptr;
  }
  for (size_t i = 0; i < endpoints.size(); ++i) settings.Add(options.endpoints[i], endpoints[i]);
  settings.server_name = options.tls.server_name;
  settings.require_leader = options.require_leader;
  settings.user = options.user;
  settings.password = options.password;
  settings.token = options.token;
  settings.dial_timeout = options.dial_timeout;
  settings.keepalive_time = options.keepalive_time == etcd::Duration(0)
                                ? runtime::Duration::max()
                                : std::max(options.keepalive_time, kShortestKeepalive);
  settings.keepalive_timeout = options.keepalive_timeout == etcd::Duration(0)
                                   ? kDefaultKeepaliveTimeout
                                   : options.keepalive_timeout;
  settings.permit_without_stream = options.permit_without_stream;
  settings.max_request_bytes =
      options.max_request_bytes == 0 ? kDefaultRequestBytes : options.max_request_bytes;
  settings.max_receive_bytes =
      options.max_receive_bytes == 0 ? kDefaultReceiveBytes : options.max_receive_bytes;
  settings.max_pending_bytes =
      options.max_pending_bytes == 0 ? kDefaultPendingBytes : options.max_pending_bytes;
  settings.max_attempts = options.max_attempts;
  settings.retry_wait = options.retry_wait;
  settings.retry_jitter_percent = options.retry_jitter_percent;
  if (options.auto_sync_interval > etcd::Duration(0)) {
    settings.auto_sync_interval = std::max(options.auto_sync_interval, kShortestSyncInterval);
  }
  return settings;
}

}  // namespace client
