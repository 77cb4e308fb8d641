#include "app/tracing.h"

#include <optional>
#include <utility>

#include "config/collector_address.h"
#include "net/http/system_authorities.h"
#include "net/http/tls_context.h"
#include "net/trace/collector.h"
#include "runtime/posix/clock.h"

namespace app {
namespace {

// Of spans that wait to be sent: some ten thousand.
constexpr size_t kRoomBytes = size_t{8} << 20;
// What a stop waits for at most.
constexpr runtime::Duration kDrainTimeout = std::chrono::seconds(1);

using Protocol = config::CollectorAddress::Protocol;
using TlsContext = std::shared_ptr<const http::TlsContext>;

// The collector is known by an authority that the machine trusts.
base::Result<TlsContext> OpenTls(runtime::Disk& disk) {
  const std::optional<base::Bytes> authorities = http::ReadSystemAuthorities(disk);
  if (!authorities.has_value()) {
    return base::Status(base::Code::kInvalidArgument,
                        "--distributed-tracing-address: this system has no bundle of authorities");
  }
  http::TlsOptions options;
  options.trusted_ca_pem = *authorities;
  return http::TlsContext::New(http::TlsContext::Role::kClient, options);
}

trace::ResourceAttributes ResourceOf(const config::TracingConfig& config) {
  trace::ResourceAttributes resource = {{"service.name", config.service_name}};
  // Compat: one that is not given is none; all members would have the same.
  if (!config.instance_id.empty()) resource.emplace_back("service.instance.id", config.instance_id);
  return resource;
}

}  // namespace

Tracing::Tracing(const config::TracingConfig& config)
    : sampler_(config.sampling_rate_per_million),
      room_(kRoomBytes),
      thread_("trace"),
      network_(&thread_.loop()) {}

Tracing::~Tracing() {
  Close();
}

base::Result<std::unique_ptr<Tracing>> Tracing::Open(const config::TracingConfig& config,
                                                     runtime::Disk* disk,
                                                     const observe::Logger* logger,
                                                     observe::Registry* registry) {
  ASSIGN_OR_RETURN(const config::CollectorAddress address,
                   config::ParseCollectorAddress(config.address));
  TlsContext tls;
  if (address.protocol == Protocol::kHttps) {
    ASSIGN_OR_RETURN(tls, OpenTls(*disk));
  }
  std::unique_ptr<Tracing> tracing(new Tracing(config));
  tracing->thread_.RunAndWait([&] {
    const trace::CollectorParts parts{.loop = &tracing->thread_.loop(),
                                      .network = &tracing->network_,
                                      .address = {address.host, address.port, address.unix_path},
                                      .seed = runtime::posix::EntropySeed()};
    tracing->exporter_ = std::make_unique<trace::Exporter>(
        trace::Exporter::Options{.resource = ResourceOf(config),
                                 .seed = runtime::posix::EntropySeed()},
        trace::Exporter::Parts{parts.loop, &tracing->room_, logger, registry},
        address.protocol == Protocol::kGrpc ? trace::NewGrpcCollector(parts)
                                            : trace::NewHttpCollector(parts, address.path, tls));
  });
  logger->Debug("distributed tracing enabled",
                {{"address", config.address},
                 {"service-name", config.service_name},
                 {"service-instance-id", config.instance_id},
                 {"sampling-rate", config.sampling_rate_per_million}});
  logger->Info("distributed tracing setup enabled");
  return tracing;
}

std::unique_ptr<trace::Tracer> Tracing::NewTracer(runtime::Loop* loop) {
  return std::make_unique<trace::Tracer>(
      trace::Tracer::Options{.sampler = sampler_, .seed = runtime::posix::EntropySeed()}, loop,
      &room_, [this](trace::Batch batch) { exporter_->Take(std::move(batch)); });
}

void Tracing::BeginDrain() {
  const auto drained = std::make_shared<std::promise<void>>();
  drained_ = drained->get_future();
  drain_end_ = thread_.loop().clock().Now() + kDrainTimeout;
  thread_.loop().Post([this, drained] { exporter_->Drain([drained] { drained->set_value(); }); });
}

void Tracing::Close() {
  if (exporter_ == nullptr) return;
  if (drained_.valid()) drained_.wait_for(drain_end_ - thread_.loop().clock().Now());
  thread_.RunAndWait([this] { exporter_.reset(); });
  thread_.Stop();
}

}  // namespace app
