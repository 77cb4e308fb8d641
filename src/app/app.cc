#include "app/app.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "app/advertised_urls.h"
#include "app/directory_lock.h"
#include "app/import_report.h"
#include "app/initial_check.h"
#include "app/raft_trace_file.h"
#include "app/self_replacement.h"
#include "app/server_options.h"
#include "app/start_report.h"
#include "base/check.h"
#include "observe/process_metrics.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/cpu.h"
#include "runtime/posix/descriptor_limit.h"
#include "runtime/posix/heap.h"
#include "runtime/posix/locked_memory.h"
#include "runtime/posix/signals.h"
#include "server/data_directory.h"
#include "state/apply/state.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/mvcc/reads.h"
#include "storage/schema/schema.h"

namespace app {
namespace {

// raft, apply, wal and backend.
constexpr size_t kMemberLoops = 4;
// The log asks for a segment and for a snapshot, one of each at a time.
constexpr size_t kLogWorkers = 2;
constexpr size_t kLogWorkQueue = 8;
// A snapshot that waits holds on to the database as it was.
constexpr size_t kBulkWorkers = 4;
constexpr size_t kBulkWorkQueue = 64;
constexpr size_t kSmallWorkQueue = 100;
constexpr size_t kPasswordQueue = 10'000;
// Compat: as many as etcd keeps, for the log's segments and snapshots.
constexpr size_t kReservedDescriptors = 150;
// And so many that clients leave to other members, metrics and probes.
constexpr size_t kDescriptorsOfOthers = 100;
// With the closing of what has not ended then it is five seconds.
constexpr runtime::Duration kDrainTimeout = std::chrono::milliseconds(4800);
// What a stop waits for beside: a write of the log, and whatever else may take long on a good disk.
constexpr runtime::Duration kLogTimeout = std::chrono::seconds(1);
constexpr runtime::Duration kRestTimeout = std::chrono::seconds(5);
constexpr runtime::Duration kRefreshInterval = std::chrono::seconds(1);
// As many as one thread can sign with a key of 4096 bits before their time is up.
constexpr size_t kMaxWaitingHandshakes = 4096;

// Of a member that must not go on.
[[noreturn]] void ExitAsFailed() {
  runtime::posix::ExitAtOnce(1);
}

void CollectFeatures(const config::FeatureGates& gates, observe::Samples& samples) {
  const auto add = [&samples](std::string_view name, config::Stage stage, bool is_enabled) {
    samples.Add({"etcd_server_feature_enabled",
                 "Whether or not a feature is enabled. 1 is enabled, 0 is not."},
                observe::MetricType::kGauge, is_enabled ? 1 : 0,
                {{"name", std::string(name)},
                 {"stage", stage == config::Stage::kAlpha ? "ALPHA" : "BETA"}});
  };
  add("AllAlpha", config::Stage::kAlpha, gates.Enabled(config::Stage::kAlpha));
  add("AllBeta", config::Stage::kBeta, gates.Enabled(config::Stage::kBeta));
  for (size_t i = 0; i < config::kFeatureCount; ++i) {
    const auto feature = static_cast<config::Feature>(i);
    const config::FeatureSpec& spec = config::SpecOf(feature);
    add(spec.name, spec.stage, gates.Enabled(feature));
  }
}

}  // namespace

App::App(const config::ServerConfig& config, const observe::Logger* logger)
    : config_(config),
      logger_(*logger),
      stop_watch_(logger, ExitAsFailed),
      disk_(config.backend.unsafe_no_fsync ? runtime::posix::Disk::Syncing::kOff
                                           : runtime::posix::Disk::Syncing::kOn),
      loop_pool_("member", kMemberLoops),
      raft_loop_(loop_pool_.NewLoop(runtime::posix::LoopPool::Turns::kBrief)),
      apply_loop_(loop_pool_.NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)),
      wal_loop_(loop_pool_.NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)),
      backend_loop_(loop_pool_.NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)),
      refused_(logger, &raft_loop_->clock(), &registry_),
      accept_thread_("accept"),
      peers_({&config_, &disk_, &loop_pool_, logger, &registry_, &environment_}),
      small_workers_("small-worker", 1, kSmallWorkQueue),
      log_workers_("log-worker", kLogWorkers, kLogWorkQueue),
      bulk_workers_("bulk-worker", kBulkWorkers, kBulkWorkQueue),
      password_workers_("password", 1, kPasswordQueue, runtime::posix::Priority::kIdle),
      steady_password_workers_("password-steady", 1, kPasswordQueue,
                               runtime::posix::Priority::kLow),
      passwords_({.bcrypt_cost = identity::UsableBcryptCost(config_.auth.bcrypt_cost, *logger)},
                 raft_loop_, {&password_workers_, &steady_password_workers_}) {
  for (size_t i = 0; i < runtime::posix::UsableCpuCount(); ++i) {
    net_threads_.push_back(std::make_unique<NetThread>("net" + std::to_string(i), &loop_pool_));
  }
}

App::~App() {
  Stop();
}

base::Result<std::unique_ptr<App>> App::Start(const config::ServerConfig& config,
                                              const observe::Logger* logger,
                                              const std::function<bool()>& pause) {
  std::unique_ptr<App> app(new App(config, logger));
  ASSIGN_OR_RETURN(const server::Options options, ServerOptions(config));
  ASSIGN_OR_RETURN(const bool is_founded, server::IsFounded(app->disk_, options));
  if (config.tracing.enabled) {
    ASSIGN_OR_RETURN(app->tracing_,
                     Tracing::Open(config.tracing, &app->disk_, logger, &app->registry_));
  }
  const ::app::Start start{config, options, app->net_threads_.size(), is_founded};
  LogStart(start, *logger);
  LogLimits(start, *logger);
  const server::Paths paths(options);
  for (const std::string& directory :
       {config.member.data_dir, paths.member, paths.snap, config.member.wal_dir}) {
    if (!directory.empty()) WarnOfPermissions(directory, *logger);
  }
  app->OpenMetrics();
  if (config.backend.memory_mlock) {
    if (const base::Status status = runtime::posix::LockMemory(); !status.ok()) {
      return base::Status(status.code(), "memory-mlock: " + std::string(status.message()));
    }
  }
  RETURN_IF_ERROR(app->Listen());
  ASSIGN_OR_RETURN(app->lock_, LockDirectory(app->disk_, config.member.data_dir, *logger,
                                             app->raft_loop_->clock(), pause));
  RETURN_IF_ERROR(app->OpenTls());
  if (!config.member.raft_trace_file.empty()) {
    ASSIGN_OR_RETURN(app->raft_trace_,
                     OpenRaftTrace(config.member, &app->disk_, &app->raft_loop_->clock(), logger));
  }
  RETURN_IF_ERROR(app->OpenServer(options));
  // Compat: a member that starts for the first time has nothing to compare; nor has one that is yet
  // to be refilled.
  if (is_founded && !app->server_->is_empty() &&
      config.features.Enabled(config::Feature::kInitialCorruptCheck)) {
    RETURN_IF_ERROR(app->CheckCorruption());
  }
  app->peers_.Start(app->server_.get());
  if (!app->server_->holds_etcd_files()) app->peers_.Admit();
  app->server_->Start([app = app.get()] {
    CHECK(app->small_workers_.Run([app] { app->Serve(); }, app->apply_loop_, [] {}));
  });
  return app;
}

void App::OpenMetrics() {
  observe::AddProcessMetrics(&disk_, &registry_);
  registry_.AddCollector([this](observe::Samples& samples) {
    network_metrics_.Collect(samples);
    health_metrics_.Collect(samples);
    CollectFeatures(config_.features, samples);
  });
}

base::Status App::Listen() {
  const uint64_t limit = runtime::posix::RaiseDescriptorLimit();
  if (limit <= kReservedDescriptors) {
    return {base::Code::kResourceExhausted, "file descriptor limit of etcd process is too low (" +
                                                std::to_string(limit) + "); it must be more than " +
                                                std::to_string(kReservedDescriptors)};
  }
  ASSIGN_OR_RETURN(plans_, PlanListeners(config_));
  runtime::asio::SharedListener::Options options;
  options.reuse_port = config_.listen.reuse_port;
  options.reserved_descriptors = kReservedDescriptors;
  runtime::asio::SharedListener::Options for_clients = options;
  for_clients.descriptors_of_others = kDescriptorsOfOthers;
  for (const ListenerPlan& plan : plans_) {
    const auto& chosen = plan.surface == Surface::kMetrics ? options : for_clients;
    ASSIGN_OR_RETURN(auto listener, runtime::asio::SharedListener::Open(&accept_thread_.loop(),
                                                                        plan.address, chosen));
    listeners_.push_back(std::move(listener));
  }
  return peers_.Listen(&accept_thread_.loop(), options);
}

server::Environment App::NewEnvironment() {
  server::Environment environment;
  environment.disk = &disk_;
  environment.raft_loop = raft_loop_;
  environment.apply_loop = apply_loop_;
  environment.wal_loop = wal_loop_;
  environment.backend_loop = backend_loop_;
  environment.log_workers = &log_workers_;
  environment.bulk_workers = &bulk_workers_;
  backend::LmdbOptions database;
  database.sync = !config_.backend.unsafe_no_fsync;
  database.close_replaced = [this](base::Callback<void()> close) {
    RunElsewhere(std::move(close));
  };
  environment.open_backend = [disk = &disk_, database](const std::string& path,
                                                       backend::OnDamage on_damage) {
    backend::LmdbOptions options = database;
    options.on_damage = std::move(on_damage);
    return backend::OpenLmdbBackend(disk, path, schema::kBucketNames, options);
  };
  environment.move_backend = [disk = &disk_](const std::string& from, const std::string& to) {
    return backend::MoveLmdbDatabase(*disk, from, to);
  };
  environment.on_failure = [this](const base::Status& why) {
    logger_.Log(observe::Level::kFatal, why.message());
    ExitAsFailed();
  };
  environment.on_removed = [this] { OnRemoved(); };
  environment.auth_observer = tokens_->observer();
  environment.raft_tracer = raft_trace_.get();
  environment.on_import = ImportReport(&raft_loop_->clock(), &logger_);
  environment.logger = &logger_;
  environment.registry = &registry_;
  environment.seed = runtime::posix::EntropySeed();
  return environment;
}

AskPeer App::AskingPeers(const char* method) {
  return [this, method](const auto& url, const auto& path, const auto& body, auto timeout) {
    return peers_.Ask(url, {method, path, body}, timeout);
  };
}

base::Status App::FindMembers(server::Options* options) {
  ASSIGN_OR_RETURN(const bool is_founded, server::IsFounded(disk_, *options));
  if (is_founded) {
    // For its own URLs, if it has never heard of them and is to go on alone.
    SetInitialCluster(config_.cluster.initial_cluster, options).IgnoreError();
    if (config_.discovery.has_service()) {
      logger_.Warn(
          "discovery token is ignored since cluster already initialized; valid logs are found",
          {{"wal-dir", server::Paths(*options).wal}});
    }
    return {};
  }
  return AskOthers([this, options](const Bootstrapping& with) {
    return options->replace ? BeginWithoutLog(with, options) : Bootstrap(with, options);
  });
}

base::Status App::AskOthers(const std::function<base::Status(const Bootstrapping& with)>& ask) {
  // Why: others may let this wait for long, and a crash meanwhile is none that matters.
  runtime::posix::ReleaseTerminationSignals();
  std::promise<void> never;
  const std::future<void> forever = never.get_future();
  const base::Status status =
      ask({.config = config_,
           .ask = AskingPeers(),
           .resolve = ResolveHost,
           .lookup_srv = [](const std::string& name) { return runtime::dns::LookupSrv(name); },
           .open_registry = [this] { return OpenRegistry(config_.discovery, disk_); },
           .pause = [&forever](runtime::Duration pause) { forever.wait_for(pause); },
           .logger = logger_});
  runtime::posix::HoldSignals();
  return status;
}

base::Status App::BeginWithoutLog(const Bootstrapping& bootstrapping, server::Options* options) {
  const SelfReplacement with{bootstrapping, AskingPeers("POST"), environment_, raft_loop_->clock()};
  ASSIGN_OR_RETURN(const bool has_lost_log, HasLostLog(with, *options));
  if (!has_lost_log) return Bootstrap(bootstrapping, options);
  return ::app::ReplaceSelf(with,
                            {base::Code::kDataLoss,
                             server::Paths(*options).wal +
                                 ": the member has run before, and its log is not here; remove the "
                                 "member and add it again"},
                            options);
}

base::Status App::ReplaceSelf(const base::Status& loss, server::Options* options) {
  return AskOthers([&](const Bootstrapping& bootstrapping) {
    return ::app::ReplaceSelf(
        {bootstrapping, AskingPeers("POST"), environment_, raft_loop_->clock()}, loss, options);
  });
}

base::Status App::CheckCorruption() {
  const std::shared_ptr<apply::State> state = server_->state();
  ASSIGN_OR_RETURN(const mvcc::KeyValueHash own,
                   mvcc::Reads(&state->store()).HashKv(state->store().revision()));
  return CheckInitialCorruption({.self = server_->id(),
                                 .members = state->view().Get()->members,
                                 .own = own,
                                 .ask = AskingPeers(),
                                 .timeout = server_->options().request_timeout(),
                                 .logger = logger_});
}

base::Status App::OpenServer(server::Options options) {
  ASSIGN_OR_RETURN(tokens_, identity::NewTokenProvider(
                                {.auth_token = config_.auth.token, .ttl = config_.auth.token_ttl},
                                {&raft_loop_->clock(), &disk_, &logger_}));
  environment_ = NewEnvironment();
  RETURN_IF_ERROR(FindMembers(&options));
  RETURN_IF_ERROR(peers_.OpenTransport(server::Paths(options).snap));
  environment_.transport = peers_.transport();
  std::vector<runtime::Loop*> loops;
  for (const auto& thread : net_threads_) loops.push_back(&thread->loop());
  auto opened = server::Server::Open(options, environment_, loops);
  if (opened.status().code() == base::Code::kDataLoss && options.replace &&
      !options.force_new_cluster) {
    RETURN_IF_ERROR(ReplaceSelf(opened.status(), &options));
    opened = server::Server::Open(options, environment_, std::move(loops));
  }
  ASSIGN_OR_RETURN(server_, std::move(opened));
  return {};
}

void App::OnRemoved() {
  if (!removed_.exchange(true)) runtime::posix::SendTerminationSignal();
}

base::Status App::OpenTls() {
  RETURN_IF_ERROR(peers_.OpenTls());
  peers_.Accept([this] { refused_.Add(); });
  // Compat: also if nobody listens with TLS.
  if (config_.client_tls.auto_tls && config_.client_tls.cert_file.empty()) {
    std::vector<std::string> hosts;
    const auto add = [&hosts](const config::Url& url) {
      if (!url.host.empty()) hosts.push_back(url.host);  // a unix socket has none
    };
    for (const config::Url& url : config_.listen.client_urls) add(url);
    for (const config::Url& url : config_.listen.client_http_urls) add(url);
    const std::string directory =
        runtime::JoinPath(runtime::JoinPath(config_.member.data_dir, "fixtures"), "client");
    RETURN_IF_ERROR(MakeSelfSigned(disk_, directory, hosts, runtime::posix::Clock().WallNow(),
                                   config_.security.self_signed_cert_validity_years,
                                   &config_.client_tls));
  }
  const bool is_needed =
      std::any_of(plans_.begin(), plans_.end(), [](const ListenerPlan& plan) { return plan.tls; });
  if (!is_needed || config_.client_tls.cert_file.empty()) return {};
  ASSIGN_OR_RETURN(
      tls_, TlsFiles::Open(&disk_, config_.client_tls, config_.security, {.registry = &registry_}));
  handshake_workers_ = std::make_unique<runtime::posix::Workers>("handshake", net_threads_.size(),
                                                                 kMaxWaitingHandshakes);
  return {};
}

void App::Serve() {
  const std::lock_guard lock(serving_mutex_);
  if (stopped_) return;
  const auto budget = std::make_shared<http::SharedBudget>(
      NetServices::BudgetOf(config_.client_api, server_->options()).member_max());
  network_metrics_.Add(budget);
  meters_ = NetServices::NewMeters(config_.client_api, server_.get());
  for (size_t i = 0; i < net_threads_.size(); ++i) {
    net_threads_[i]->Open(
        {.config = &config_,
         .server = server_.get(),
         .origin = i,
         .tls = tls_.get(),
         .handshake_workers = handshake_workers_.get(),
         .workers = &small_workers_,
         .trim_heap = runtime::posix::TrimHeap,
         .measure_heap = runtime::posix::MeasureHeap,
         .registry = &registry_,
         .counts = &network_metrics_,
         .health = &health_metrics_,
         .budget = budget,
         .identification = {.tokens = tokens_.get(),
                            .passwords = &passwords_,
                            .by_certificate = config_.client_tls.client_cert_auth},
         .meters = meters_.get(),
         .v2_totals = &v2_totals_,
         .tracing = tracing_.get()},
        plans_);
  }
  if (server_->holds_etcd_files()) {
    // Why: as long as nobody was answered, etcd may go on with its files as if nothing had been.
    for (const auto& listener : listeners_) listener->WhenAsked([this] { TakeOver(); });
  } else {
    StartListeners();
  }
  logger_.Info("ready to serve client requests");
  LogListeners();
  RefreshFilesLater();
}

void App::StartListeners() {
  for (size_t i = 0; i < plans_.size(); ++i) {
    std::vector<runtime::asio::SharedListener::Taker> takers;
    for (const auto& thread : net_threads_) takers.push_back(thread->TakerOf(plans_[i]));
    listeners_[i]->Start(std::move(takers), [this] { refused_.Add(); });
  }
}

void App::TakeOver() {
  if (std::exchange(taking_over_, true)) return;
  server_->TakeOver([this] {
    const auto start = [this] {
      const std::lock_guard lock(serving_mutex_);
      if (stopped_) return;
      StartListeners();
      peers_.Admit();
    };
    CHECK(small_workers_.Run(start, apply_loop_, [] {}));
  });
}

void App::LogListeners() const {
  for (const ListenerPlan& plan : plans_) {
    if (plan.surface == Surface::kMetrics) {
      logger_.Info("serving metrics", {{"address", plan.address.ToString()}});
      continue;
    }
    if (plan.tls) {
      logger_.Info("serving client traffic securely", {{"address", plan.address.ToString()}});
    }
    if (plan.plaintext) {
      logger_.Info("serving client traffic insecurely; this is strongly discouraged!",
                   {{"address", plan.address.ToString()}});
    }
  }
}

void App::RefreshFilesLater() {
  net_threads_.front()->RunAfter(kRefreshInterval, [this] {
    const auto refresh = [this] {
      if (tls_ != nullptr) tls_->Refresh(logger_);
      tokens_->Refresh();
    };
    const bool accepted =
        small_workers_.Run(refresh, &net_threads_.front()->loop(), [this] { RefreshFilesLater(); });
    if (!accepted) RefreshFilesLater();
  });
}

void App::RunElsewhere(base::Callback<void()> work) {
  // Why: the members end after the workers, and what they close then delays nobody.
  if (!loops_run_) return work();
  const auto held = std::make_shared<base::Callback<void()>>(std::move(work));
  if (bulk_workers_.Run([held] { (*held)(); }, backend_loop_, [] {})) return;
  backend_loop_->Post([held] { (*held)(); });
}

void App::StopListening(bool metrics) {
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if ((plans_[i].surface == Surface::kMetrics) == metrics) listeners_[i]->Stop();
  }
}

void App::Drain() {
  // Outlives the wait: a thread may be done too late.
  struct Draining {
    std::atomic<size_t> threads;
    std::promise<void> done;
  };
  const auto draining = std::make_shared<Draining>();
  draining->threads = net_threads_.size();
  for (const auto& thread : net_threads_) {
    thread->Drain([draining] {
      if (--draining->threads == 0) draining->done.set_value();
    });
  }
  if (draining->done.get_future().wait_for(kDrainTimeout) == std::future_status::timeout) {
    logger_.Warn("closing connections whose requests have not ended in time",
                 {{"took", kDrainTimeout}});
  }
}

void App::StopServer() {
  const auto wait_for = [](const auto& begin) {
    std::promise<void> done;
    begin([&done] { done.set_value(); });
    done.get_future().wait();
  };
  stop_watch_.Expect("the log to be written", kLogTimeout);
  wait_for([this](auto done) { server_->WhenLogged(std::move(done)); });
  stop_watch_.Expect("the database to be written",
                     server_->options().election_timeout + kRestTimeout);
  wait_for([this](auto done) { server_->Stop(std::move(done)); });
}

void App::Stop() {
  {
    const std::lock_guard lock(serving_mutex_);
    stopped_ = true;
  }
  stop_watch_.Expect("requests to end", kDrainTimeout + kRestTimeout);
  StopListening(/*metrics=*/false);
  Drain();
  StopListening(/*metrics=*/true);
  for (const auto& thread : net_threads_) thread->Close();
  if (tracing_ != nullptr) tracing_->BeginDrain();
  if (server_ != nullptr) StopServer();
  stop_watch_.Expect("threads to end that work with files", kRestTimeout);
  peers_.Close();
  for (const auto& thread : net_threads_) thread->Stop();
  if (tracing_ != nullptr) tracing_->Close();
  peers_.Stop();
  loop_pool_.Stop();
  loops_run_ = false;
}

}  // namespace app
