#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <etcd/cancellation.h>

namespace etcd {
inline namespace v1 {

using Duration = std::chrono::nanoseconds;

// The timeout of a call that may take as long as it takes, which is for ever if no member can be
// reached.
inline constexpr Duration kNoTimeout = Duration::max();

// The timeout of a call with one answer that is given none.
inline constexpr Duration kDefaultTimeout = std::chrono::seconds(5);

// TLS to the members; files in PEM form, read once, when the client is made.
struct TlsOptions {
  // Authorities to trust; the system's if empty.
  std::string ca_file = {};
  // This client's certificate chain and its key; both or neither.
  std::string cert_file = {};
  std::string key_file = {};
  // The name that members' certificates must have; the endpoint's host if empty.
  std::string server_name = {};
  // Takes any certificate: whoever can intercept the connection can read it. For tests.
  bool insecure_skip_verify = false;

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

// Endpoints from the SRV records of a domain: https:// those of _etcd-client-ssl._tcp, http://
// those of _etcd-client._tcp.
struct SrvDiscovery {
  // Empty: nothing is looked up.
  std::string domain = {};
  // Behind the service, with a hyphen, if not empty: _etcd-client-NAME._tcp.
  std::string service_name = {};
  // False: endpoints without TLS are left out, and members' certificates must have the domain's
  // name, unless TlsOptions::server_name is another. DNS itself proves nothing.
  bool allow_plain = true;

  friend bool operator==(const SrvDiscovery&, const SrvDiscovery&) = default;
};

// Durations must not be negative.
struct ClientOptions {
  // Where the members answer, at least one unless `discovery` finds some:
  //
  //   host:port            TLS if `tls` has anything set, otherwise plain
  //   http://host:port     plain
  //   https://host:port    TLS
  //   unix:path  unix://path  unixs:path  unixs://path    the same on a socket in the file system
  //
  // `host` is a name, an IPv4 address, or an IPv6 address in brackets. Each endpoint is spoken to
  // as it says. Calls go to the connected endpoints in turn; one that fails is connected to again
  // in the background, after waits that grow from 1 s to 120 s.
  std::vector<std::string> endpoints = {};
  // Looked up once, in Client::New, which waits for it, at most 20 s; what is found takes the place
  // of `endpoints`.
  SrvDiscovery discovery = {};

  // Asks the cluster at this interval, +-10 % at random, where its voters serve clients, and has
  // these as the endpoints from then on (Client::SyncEndpoints). 0: never. At least 1 s: shorter is
  // taken as that.
  Duration auto_sync_interval = Duration(0);

  TlsOptions tls = {};
  // Whether endpoints without a scheme are spoken to with TLS. Without any field of `tls`, TLS
  // trusts the system's authorities, here and with https:// and unixs:.
  bool use_tls = false;

  // Who asks: a name and a password, for which the client gets tokens by itself as often as it
  // needs one, or a token that was issued elsewhere, which is never renewed. Not both.
  std::string user = {};
  std::string password = {};
  std::string token = {};

  // For one attempt to connect, and for the authentication in Client::New. 0: 20 s to connect, and
  // as long as it takes to authenticate.
  Duration dial_timeout = std::chrono::seconds(5);
  // Pings a connection that has calls open after this long without a byte from the member (0:
  // never; shorter than 10 s is taken as that), and gives it up after `keepalive_timeout` more (0:
  // 20 s). In any case a member is pinged from which nothing came in all the time of a call that
  // ended with kDeadlineExceeded; until it answers, calls go to others if there are.
  Duration keepalive_time = Duration(0);
  Duration keepalive_timeout = std::chrono::seconds(20);
  // Ping also while no call is open. Members must permit it, or they end the connection.
  bool permit_without_stream = false;

  // Of one message, encoded. 0: 2 MiB to send, 2 GiB - 1 to receive. The first must not be larger
  // than the second.
  size_t max_request_bytes = 0;
  size_t max_receive_bytes = 0;

  // Of all requests of calls that have not ended, encoded, with 1 KiB for each: further calls end
  // with kResourceExhausted at once, and nothing of them is sent. A single request is admitted
  // whatever its size. While it is sent, a request is held twice. 0: 256 MiB.
  size_t max_pending_bytes = 0;

  // Of every call: CallOptions::require_leader.
  bool require_leader = false;

  // How often a call is tried, with this wait after each round over a majority of the endpoints,
  // longer or shorter at random by up to `retry_jitter_percent` of it.
  unsigned max_attempts = 100;
  Duration retry_wait = std::chrono::milliseconds(25);
  unsigned retry_jitter_percent = 10;
};

// Of one call.
struct CallOptions {
  // From the call until its end, with all waiting and all attempts. Not set: kDefaultTimeout; for
  // GetStream, Snapshot, Watch, LeaseKeepAlive, Defragment and a physical Compact kNoTimeout. 0 or
  // less: the call ends with kDeadlineExceeded at once, and nothing is sent.
  std::optional<Duration> timeout = {};
  // Fails with kUnavailable "etcdserver: no leader" where the member knows no leader.
  bool require_leader = false;
  // Ends the call early when it is told to.
  std::optional<Cancellation> cancellation = {};
};

}  // namespace v1
}  // namespace etcd
