#include "app/peers.h"

#include <algorithm>
#include <future>
#include <utility>

#include "app/address_check.h"
#include "app/local_address.h"
#include "net/http/client.h"
#include "net/peer/member_endpoints.h"
#include "net/peer/peer_headers.h"
#include "runtime/posix/clock.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/schema/schema.h"

namespace app {
namespace {

// Of what another member says before the first start.
constexpr size_t kAnswerBytesMax = 4 << 20;
constexpr runtime::Duration kTlsRefreshInterval = std::chrono::seconds(1);
constexpr size_t kWorkQueue = 4;
// Handshakes between members are rare, and wait for a place in the queue. Some wait for DNS.
constexpr size_t kHandshakeWorkers = 2;
constexpr size_t kMaxWaitingHandshakes = 256;

bool IsSecure(const std::vector<config::Url>& urls) {
  return std::any_of(urls.begin(), urls.end(), [](const config::Url& url) { return url.secure(); });
}

runtime::Address DialAddress(const config::Url& url) {
  if (url.is_unix()) return {"", 0, url.unix_path};
  return {url.host, url.port, ""};
}

void LogRejection(const observe::Logger& logger, const http::TlsStream::Rejection& rejection) {
  logger.Warn("rejected connection on peer endpoint", {{"remote-addr", rejection.peer.ToString()},
                                                       {"server-name", rejection.server_name},
                                                       {"error", rejection.why.message()}});
}

// One question, shared with what asks it on the peer loop.
struct Asking {
  std::unique_ptr<http::Client> client;
  std::promise<base::Result<PeerAnswer>> answer;
};

base::Result<PeerAnswer> AnswerOf(base::Result<http::Client::Answer> answer) {
  if (!answer.ok()) return answer.status();
  return PeerAnswer{answer->status, std::string(answer->head.Get(peer::kClusterField)),
                    std::move(answer->body)};
}

}  // namespace

Peers::Peers(const Parts& parts)
    : parts_(parts),
      tls_config_(parts.config->peer_tls),
      thread_("peers", parts.pool),
      network_(&thread_.loop(), LocalAddressForPeers(*parts.config, *parts.logger)),
      workers_("peer-worker", 1, kWorkQueue),
      handshake_workers_("peer-handshake", kHandshakeWorkers, kMaxWaitingHandshakes) {}

Peers::~Peers() = default;

std::shared_ptr<http::ExchangeHandler> Peers::Door::OnRequest(http::Exchange& exchange) {
  if (inside_ != nullptr) return inside_->OnRequest(exchange);
  exchange.SendHead({{":status", "503"}, {"content-length", "0"}}, http::Exchange::Then::kEnd);
  return std::make_shared<http::IgnoringHandler>(&exchange);
}

base::Status Peers::Listen(runtime::asio::Loop* accepting,
                           const runtime::asio::SharedListener::Options& options) {
  ASSIGN_OR_RETURN(plans_, PlanPeerListeners(*parts_.config));
  for (const ListenerPlan& plan : plans_) {
    ASSIGN_OR_RETURN(auto listener,
                     runtime::asio::SharedListener::Open(accepting, plan.address, options));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

base::Status Peers::OpenTls() {
  const config::ServerConfig& config = *parts_.config;
  const bool listens = IsSecure(config.listen.peer_urls);
  // Compat: also if nobody listens with TLS.
  if (tls_config_.auto_tls && tls_config_.cert_file.empty()) {
    std::vector<std::string> hosts;
    for (const config::Url& url : config.listen.peer_urls) {
      if (!url.host.empty()) hosts.push_back(url.host);
    }
    const std::string directory =
        runtime::JoinPath(runtime::JoinPath(config.member.data_dir, "fixtures"), "peer");
    RETURN_IF_ERROR(MakeSelfSigned(*parts_.disk, directory, hosts,
                                   runtime::posix::Clock().WallNow(),
                                   config.security.self_signed_cert_validity_years, &tls_config_));
  }
  if (listens) {
    TlsUse use{.role = http::TlsContext::Role::kServer, .flag_prefix = kFlagPrefix};
    use.registry = parts_.registry;
    if (!tls_config_.skip_client_san_verification) {
      use.check_client = [](const http::ConnectionInfo& client, const runtime::Address& from) {
        return CheckAddress(client, from.host, SystemNameLookups());
      };
    }
    ASSIGN_OR_RETURN(listen_tls_, TlsFiles::Open(parts_.disk, tls_config_, config.security, use));
  }
  // Others may have https URLs where this member has none, if only until the last one has changed.
  ASSIGN_OR_RETURN(dial_tls_, TlsFiles::Open(parts_.disk, tls_config_, config.security,
                                             {.role = http::TlsContext::Role::kClient,
                                              .flag_prefix = kFlagPrefix}));
  return {};
}

base::Result<PeerAnswer> Peers::Ask(const config::Url& peer, const Question& question,
                                    runtime::Duration timeout) {
  const auto asking = std::make_shared<Asking>();
  thread_.loop().Post([this, asking, peer, question, timeout] {
    http::Client::Options options{.address = DialAddress(peer)};
    if (peer.secure()) options.tls = [this] { return dial_tls_->context(); };
    asking->client = std::make_unique<http::Client>(&thread_.loop(), &network_, std::move(options));
    asking->client->Fetch(
        {{":method", question.method}, {":path", question.path}}, question.body, kAnswerBytesMax,
        timeout, [this, asking](base::Result<http::Client::Answer> answer) {
          // A turn later: a client does not end in an event of its own.
          thread_.loop().Post([asking, answer = AnswerOf(std::move(answer))]() mutable {
            asking->client.reset();
            asking->answer.set_value(std::move(answer));
          });
        });
  });
  return asking->answer.get_future().get();
}

base::Status Peers::OpenTransport(const std::string& snap_dir) {
  peer::Environment environment;
  environment.loop = &thread_.loop();
  environment.network = &network_;
  environment.tls = [this] { return dial_tls_->context(); };
  environment.open_unsynced_backend = [disk = parts_.disk](const std::string& path) {
    backend::LmdbOptions unsynced;
    unsynced.sync = false;
    return backend::OpenLmdbBackend(disk, path, schema::kBucketNames, unsynced);
  };
  environment.server = parts_.environment;
  peer::Transport::Options options;
  options.election_timeout = parts_.config->member.election_timeout;
  options.snap_dir = snap_dir;
  transport_ = std::make_unique<peer::Transport>(options, environment);
  return transport_->RemoveUnfinished();
}

void Peers::Start(server::Server* server) {
  peer::Identity identity;
  identity.id = server->id();
  identity.cluster = server->cluster();
  identity.extensions = server->options().extensions;
  for (const config::Url& url : parts_.config->cluster.initial_advertise_peer_urls) {
    identity.peer_urls.push_back(url.ToString());
  }
  thread_.RunAndWait([&] {
    member_ = std::make_unique<peer::ServerMember>(server);
    service_ = std::make_unique<peer::Service>(transport_.get());
    peer::AddMemberEndpoints(service_->endpoints(), &thread_.loop(), server);
    transport_->Start(member_.get(), identity);
    RefreshTlsLater();
  });
}

void Peers::Admit() {
  thread_.RunAndWait([this] { door_.Open(service_.get()); });
}

void Peers::Accept(base::Callback<void()> on_refused) {
  thread_.RunAndWait([this] {
    server_ = std::make_unique<http::Server>(&thread_.loop(), &network_, &door_,
                                             peer::Service::ServerOptions());
  });
  const auto refused = std::make_shared<base::Callback<void()>>(std::move(on_refused));
  for (size_t i = 0; i < plans_.size(); ++i) {
    listeners_[i]->Start(
        {{&thread_.loop(),
          [this, listening = ListeningOf(plans_[i])](std::unique_ptr<runtime::Stream> stream) {
            server_->Take(std::move(stream), listening);
          }}},
        [refused] { (*refused)(); });
  }
}

http::Server::Listening Peers::ListeningOf(const ListenerPlan& plan) {
  http::Server::Listening listening;
  listening.protocols = {.http1 = true, .http2 = false};
  listening.plaintext_too = plan.plaintext;
  if (plan.tls) {
    listening.tls = [this] { return listen_tls_->context(); };
    listening.handshake_workers = &handshake_workers_;
    listening.on_rejected = [logger = parts_.logger](const auto& rejection) {
      LogRejection(*logger, rejection);
    };
  }
  return listening;
}

void Peers::RefreshTlsLater() {
  refresh_timer_ = thread_.loop().NewTimer([this] {
    const bool accepted = workers_.Run(
        [this] {
          if (listen_tls_ != nullptr) listen_tls_->Refresh(*parts_.logger);
          dial_tls_->Refresh(*parts_.logger);
        },
        &thread_.loop(),
        [this] {
          if (refresh_timer_ != nullptr) refresh_timer_->Arm(kTlsRefreshInterval);
        });
    if (!accepted) refresh_timer_->Arm(kTlsRefreshInterval);
  });
  refresh_timer_->Arm(kTlsRefreshInterval);
}

void Peers::Close() {
  for (const auto& listener : listeners_) listener->Stop();
  thread_.RunAndWait([this] {
    refresh_timer_.reset();
    if (transport_ != nullptr) transport_->Close();
    server_.reset();
    service_.reset();
  });
}

}  // namespace app
