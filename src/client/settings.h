#pragma once

#include <etcd/options.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/endpoint.h"
#include "net/http/tls_context.h"
#include "runtime/disk.h"
#include "runtime/network.h"

namespace client {

// etcd::ClientOptions after they were checked and their files read: what a session works with.
struct Settings {
  std::vector<runtime::Address> endpoints;
  // Spoken to in plain text, beside others that are spoken to in TLS.
  std::vector<runtime::Address> plain_endpoints;
  std::vector<std::string> endpoint_names;  // of both, as they were given
  // Null: plain text.
  std::shared_ptr<const http::TlsContext> tls;
  bool tls_is_default = false;  // of endpoints that do not say
  std::string server_name;      // that certificates must have; empty: that of each endpoint

  bool require_leader = false;
  std::string user;
  std::string password;
  std::string token;

  runtime::Duration dial_timeout{};
  runtime::Duration keepalive_time{};  // Duration::max(): never
  runtime::Duration keepalive_timeout{};
  bool permit_without_stream = false;
  size_t max_request_bytes = 0;
  size_t max_receive_bytes = 0;
  size_t max_pending_bytes = 0;

  size_t max_attempts = 0;
  runtime::Duration retry_wait{};
  uint32_t retry_jitter_percent = 0;
  runtime::Duration auto_sync_interval{};  // 0: never

  // Whether it is spoken to in plain text though there is `tls`.
  bool IsPlain(const Endpoint& endpoint) const;
  void ClearEndpoints();
  // Adds `endpoint` to the one list or the other. One that asks for TLS needs `tls`.
  void Add(const std::string& name, const Endpoint& endpoint);
};

// Fails with kInvalidArgument if the options contradict themselves or a file is no good.
base::Result<Settings> CheckOptions(const etcd::ClientOptions& options, runtime::Disk& disk);

}  // namespace client
