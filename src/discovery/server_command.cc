#include "discovery/server_command.h"

#include <cstdlib>
#include <future>
#include <memory>
#include <utility>

#include "app/client_tls.h"
#include "app/tls_files.h"
#include "base/check.h"
#include "config/url.h"
#include "discovery/service.h"
#include "net/http/server.h"
#include "observe/log.h"
#include "observe/log_outputs.h"
#include "observe/process_metrics.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/parse_address.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/signals.h"

namespace discovery {
namespace {

using Type = cli::FlagSpec::Type;

constexpr runtime::Duration kTlsRefreshInterval = std::chrono::seconds(1);
constexpr runtime::Duration kDrainTimeout = std::chrono::seconds(5);

base::Status Invalid(std::string why) {
  return {base::Code::kInvalidArgument, std::move(why)};
}

std::vector<cli::FlagSpec> AllFlags() {
  return {{"addr", 'a', Type::kString, ":8087", "address to listen on (DISC_ADDR)"},
          {"host", 0, Type::kString, "http://127.0.0.1:8087",
           "URL of this service as members are told it (DISC_HOST)"},
          {"etcd", 'e', Type::kString, "http://127.0.0.1:2379",
           "URLs of the etcd that keeps the tokens, which must serve API v2 (DISC_ETCD)"},
          {"etcd-cacert", 0, Type::kString, "",
           "authorities that may sign that etcd's certificate; those of the machine if empty"},
          {"etcd-cert", 0, Type::kString, "", "certificate shown to that etcd"},
          {"etcd-key", 0, Type::kString, "", "key of that certificate"},
          {"cert-file", 0, Type::kString, "", "certificate of this service, which speaks TLS then"},
          {"key-file", 0, Type::kString, "", "key of that certificate"},
          {"token-ttl", 0, Type::kDuration, "168h0m0s",
           "time after which a token is forgotten; 0: never"},
          {"new-tokens-per-minute", 0, Type::kUint, "30", "of one address; 0: no limit"},
          {"requests-per-minute", 0, Type::kUint, "1200", "of one address; 0: no limit"}};
}

void TakeEnvironment(const cli::Flags& given, cli::Flags* flags) {
  for (const auto& [name, variable] :
       {std::pair{"addr", "DISC_ADDR"}, {"host", "DISC_HOST"}, {"etcd", "DISC_ETCD"}}) {
    const char* const value = std::getenv(variable);
    // A text can always be read.
    if (value != nullptr && !given.changed(name)) {
      CHECK(flags->SetFromEnvironment(name, value).ok());
    }
  }
}

// What the flags ask for, checked.
struct Plan {
  runtime::Address address;
  Upstream::Options upstream;
  Service::Options service;
  std::unique_ptr<app::TlsFiles> tls;  // null: plain
};

base::Result<Plan> PlanOf(runtime::Disk& disk, const cli::Flags& flags) {
  Plan plan;
  const auto address = runtime::ParseAddress(flags.GetString("addr"));
  if (!address.ok()) return Invalid("--addr: " + std::string(address.status().message()));
  plan.address = *address;
  auto endpoints = config::ParseUrls(flags.GetString("etcd"));
  if (!endpoints.ok()) return Invalid("--etcd: " + std::string(endpoints.status().message()));
  plan.upstream.endpoints = *std::move(endpoints);
  ASSIGN_OR_RETURN(plan.upstream.tls,
                   app::OpenClientTls(disk, {.authorities = flags.GetString("etcd-cacert"),
                                             .certificate = flags.GetString("etcd-cert"),
                                             .key = flags.GetString("etcd-key")}));
  std::string host = flags.GetString("host");
  while (host.ends_with('/')) host.pop_back();
  plan.service.public_url = std::move(host);
  const std::chrono::nanoseconds ttl = flags.GetDuration("token-ttl");
  if (ttl.count() < 0) return Invalid("--token-ttl: is negative");
  plan.service.token_ttl = std::chrono::ceil<std::chrono::seconds>(ttl);
  plan.service.new_tokens_per_minute = flags.GetUint("new-tokens-per-minute");
  plan.service.requests_per_minute = flags.GetUint("requests-per-minute");
  config::TlsConfig tls;
  tls.cert_file = flags.GetString("cert-file");
  tls.key_file = flags.GetString("key-file");
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    return Invalid("--cert-file and --key-file go together");
  }
  if (!tls.cert_file.empty()) {
    ASSIGN_OR_RETURN(plan.tls, app::TlsFiles::Open(&disk, tls, {}));
  }
  return plan;
}

// The service on its loop.
class Serving {
 public:
  Serving(const Plan& plan, const observe::Logger* logger)
      : plan_(plan), logger_(*logger), thread_("discovery"), network_(&thread_.loop()) {}

  base::Status Start() {
    base::Status status;
    thread_.RunAndWait([&] {
      observe::AddProcessMetrics(&disk_, &registry_);
      upstream_ = std::make_unique<Upstream>(&thread_.loop(), &network_, plan_.upstream);
      service_ = std::make_unique<Service>(
          Service::Parts{&thread_.loop(), upstream_.get(), &registry_, &logger_}, plan_.service);
      server_ = std::make_unique<http::Server>(&thread_.loop(), &network_, service_.get(),
                                               http::Server::Options());
      http::Server::Listening listening;
      if (plan_.tls != nullptr) listening.tls = [this] { return plan_.tls->context(); };
      const auto address = server_->Listen(plan_.address, listening);
      status = address.status();
      if (address.ok()) logger_.Info("serving discovery", {{"address", address->ToString()}});
    });
    return status;
  }
  // Answers what is under way, if that does not take too long, and ends.
  void Stop() {
    const auto drained = std::make_shared<std::promise<void>>();
    thread_.RunAndWait([&] { server_->Drain([drained] { drained->set_value(); }); });
    (void)drained->get_future().wait_for(kDrainTimeout);
    thread_.RunAndWait([&] {
      server_.reset();
      upstream_.reset();
      service_.reset();
    });
  }

 private:
  const Plan& plan_;
  const observe::Logger& logger_;
  runtime::posix::Disk disk_;
  observe::Registry registry_;
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::unique_ptr<Upstream> upstream_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<http::Server> server_;
};

base::Status Serve(const cli::Flags& flags) {
  runtime::posix::Clock clock;
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const auto sink, observe::OpenLogOutputs({}));
  const observe::Logger logger(&clock, sink.get(), {});
  ASSIGN_OR_RETURN(const Plan plan, PlanOf(disk, flags));
  Serving serving(plan, &logger);
  RETURN_IF_ERROR(serving.Start());
  while (!runtime::posix::WaitForTerminationSignal(kTlsRefreshInterval).has_value()) {
    if (plan.tls != nullptr) plan.tls->Refresh(logger);
  }
  serving.Stop();
  return {};
}

cli::Outcome Run(const cli::Invocation& invocation) {
  cli::Flags flags = invocation.flags;
  TakeEnvironment(invocation.flags, &flags);
  const base::Status status = Serve(flags);
  if (status.ok()) return {};
  return cli::Failed(cli::kExitError, std::string(status.message()));
}

}  // namespace

cli::Command RootCommand() {
  return {
      .name = "etcd-discovery",
      .use = "etcd-discovery",
      .short_text = "The service by which members of a new cluster find each other (etcd's API v2)",
      .flags = AllFlags(),
      .run = Run,
      .argument_count = 0,
  };
}

}  // namespace discovery
