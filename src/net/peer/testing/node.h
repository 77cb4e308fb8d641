#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "net/http/server.h"
#include "net/http/tls_context.h"
#include "net/peer/service.h"
#include "net/peer/transport.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

namespace peer::testing {

// What the members of a test have in common: time, and the wires between their hosts.
struct World {
  explicit World(uint64_t seed) : scheduler(seed), wires(&scheduler) {}

  void RunFor(runtime::Duration duration) { scheduler.RunFor(duration); }
  // Runs until `done`, for two minutes of virtual time at most.
  template <typename Done>
  bool RunUntil(Done done) {
    const runtime::TimePoint end = scheduler.clock().Now() + std::chrono::minutes(2);
    while (!done() && scheduler.clock().Now() < end && scheduler.Step()) {
    }
    return done();
  }
  // Runs `task` on the loop.
  void Do(runtime::Loop& loop, base::Callback<void()> task) {
    loop.Post(std::move(task));
    RunFor(runtime::Duration(0));
  }

  runtime::simulated::Scheduler scheduler;
  runtime::simulated::Wires wires;
  const base::ClusterId cluster{0xc1};
};

// The databases on a simulated disk: each is there as long as its file is.
class Databases {
 public:
  explicit Databases(runtime::simulated::Disk* disk) : disk_(*disk) {}

  base::Result<std::unique_ptr<backend::Backend>> Open(const std::string& path) {
    ASSIGN_OR_RETURN(const bool exists, disk_.Exists(path));
    if (!exists) {
      RETURN_IF_ERROR(disk_.Open(path, runtime::OpenMode::kCreate).status());
      databases_[path] = backend::NewMemoryDatabase(schema::kBucketNames.size());
    }
    return backend::OpenMemoryBackend(databases_.at(path));
  }
  base::Status Move(const std::string& from, const std::string& to) {
    RETURN_IF_ERROR(disk_.Rename(from, to));
    databases_[to] = databases_.at(from);
    databases_.erase(from);
    return disk_.SyncDirectory(to.substr(0, to.rfind('/')));
  }

 private:
  runtime::simulated::Disk& disk_;
  std::map<std::string, std::shared_ptr<backend::MemoryDatabase>> databases_;
};

// A member that keeps what it is told, and takes nothing more while it is told so.
class RecordingMember final : public LocalMember {
 public:
  explicit RecordingMember(std::string directory) : directory_(std::move(directory)) {}

  bool Step(raft::Message message) override {
    if (is_full) return false;
    messages.push_back(std::move(message));
    return true;
  }
  void ReportUnreachable(base::MemberId peer) override { ++unreachable[peer]; }
  void ReportSnapshot(base::MemberId peer, bool delivered) override {
    snapshots.emplace_back(peer, delivered);
  }
  void ReportDamage(const base::Status& damage) override { damages.push_back(damage); }
  void ReportRemoved() override { ++removed; }
  base::Index applied() const override { return last_applied; }
  std::string ReceivedDatabasePath(base::Index index) override {
    return directory_ + "/" + ToString(index) + ".snap.mdb";
  }
  std::string NewSpoolPath() override { return directory_ + "/spool"; }

  bool is_full = false;
  base::Index last_applied;
  std::vector<raft::Message> messages;
  std::map<base::MemberId, int> unreachable;
  std::vector<std::pair<base::MemberId, bool>> snapshots;
  std::vector<base::Status> damages;
  int removed = 0;

 private:
  const std::string directory_;
};

// The process of a member, as far as its peers see it: transport and peer port on the host "n<id>".
class Node {
 public:
  struct Tls {
    std::shared_ptr<const http::TlsContext> server;
    std::shared_ptr<const http::TlsContext> client;
  };
  static constexpr uint16_t kPort = 2380;
  static constexpr const char* kDirectory = "/data/member/snap";

  // With `tls` it is reached, and reaches others, at https:// URLs.
  Node(World* world, uint64_t id, Tls tls = {})
      : world_(*world),
        id_(id),
        tls_(std::move(tls)),
        disk_(id),
        databases_(&disk_),
        logger_(&world->scheduler.clock(), &sink_, {.level = observe::Level::kDebug}),
        workers_(&world->scheduler,
                 {.latency_min = {}, .latency_max = std::chrono::milliseconds(5)}),
        loop_(world->scheduler.NewLoop(Host())),
        local_(kDirectory) {
    CHECK(disk_.CreateDirectories(kDirectory).ok());
    environment_.disk = &disk_;
    environment_.bulk_workers = environment_.log_workers = &workers_;
    environment_.open_backend = [this](const std::string& path, backend::OnDamage) {
      return databases_.Open(path);
    };
    environment_.move_backend = [this](const std::string& from, const std::string& to) {
      return databases_.Move(from, to);
    };
    environment_.logger = &logger_;
    environment_.registry = &registry_;
    Open();
  }
  ~Node() { Kill(); }

  // The process is there again.
  void Open() {
    network_ = world_.wires.NewNetwork(Host(), loop_.get());
    transport_ = std::make_unique<Transport>(
        Transport::Options{.snap_dir = kDirectory},
        Environment{loop_.get(), network_.get(), Using(tls_.client),
                    [this](const std::string& path) { return databases_.Open(path); },
                    &environment_});
    service_ = std::make_unique<Service>(transport_.get());
    server_ = std::make_unique<http::Server>(loop_.get(), network_.get(), service_.get(),
                                             Service::ServerOptions());
    http::Server::Listening listening;
    listening.protocols = {.http1 = true, .http2 = false};
    listening.tls = Using(tls_.server);
    listening.on_rejected = [this](const http::TlsStream::Rejection&) { ++rejected; };
    CHECK(server_->Listen({Host(), kPort, ""}, listening).ok());
  }
  void Start(const members::Extensions& extensions = {}) {
    Start(&local_, world_.cluster, extensions);
  }
  void Start(LocalMember* local, base::ClusterId cluster,
             const members::Extensions& extensions = {}) {
    world_.Do(*loop_, [&] {
      transport_->Start(
          local, {.id = id(), .cluster = cluster, .peer_urls = {Url()}, .extensions = extensions});
    });
  }
  // It dies: nothing that it was about to do happens.
  void Kill() {
    if (network_ == nullptr) return;
    world_.Do(*loop_, [this] {
      transport_->Close();
      server_.reset();
      service_.reset();
      transport_.reset();
      network_.reset();
    });
  }

  base::MemberId id() const { return base::MemberId(id_); }
  std::string Host() const { return "n" + std::to_string(id_); }
  std::string Url() const {
    return (tls_.server == nullptr ? "http://" : "https://") + Host() + ":" + std::to_string(kPort);
  }
  members::Member AsMember() const {
    return {
        .id = id(), .peer_urls = {Url()}, .is_learner = false, .name = Host(), .client_urls = {}};
  }

  Transport& transport() { return *transport_; }
  Service& service() { return *service_; }
  RecordingMember& local() { return local_; }
  runtime::Loop& loop() { return *loop_; }
  runtime::Network& network() { return *network_; }
  runtime::simulated::Disk& disk() { return disk_; }
  Databases& databases() { return databases_; }
  server::Environment& environment() { return environment_; }
  http::Server& server() { return *server_; }
  std::string Metrics() const { return registry_.Scrape(); }
  bool HasLogged(std::string_view text) const {
    for (const std::string& line : sink_.lines()) {
      if (line.find(text) != line.npos) return true;
    }
    return false;
  }
  std::string Log() const {
    std::string text;
    for (const std::string& line : sink_.lines()) text += line + "\n";
    return text;
  }

  // Connections to it whose TLS handshake failed.
  int rejected = 0;

 private:
  static std::function<std::shared_ptr<const http::TlsContext>()> Using(
      std::shared_ptr<const http::TlsContext> context) {
    if (context == nullptr) return nullptr;
    return [context] { return context; };
  }

  World& world_;
  const uint64_t id_;
  const Tls tls_;
  runtime::simulated::Disk disk_;
  Databases databases_;
  observe::testing::MemorySink sink_;
  observe::Logger logger_;
  observe::Registry registry_;
  runtime::simulated::Workers workers_;
  server::Environment environment_;
  std::unique_ptr<runtime::Loop> loop_;
  RecordingMember local_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<http::Server> server_;
};

inline raft::Message MessageOf(raft::MessageType type, base::MemberId from, base::MemberId to,
                               uint64_t index = 0) {
  raft::Message message{.type = type, .to = to, .from = from, .term = base::Term(1)};
  message.log_term = base::Term(1);
  message.index = base::Index(index);
  return message;
}

inline raft::Message AppendOf(base::MemberId from, base::MemberId to, uint64_t index,
                              size_t bytes = 1) {
  raft::Message message = MessageOf(raft::MessageType::kApp, from, to, index);
  message.entries = {{base::Term(1), base::Index(index + 1), raft::EntryType::kNormal,
                      base::SharedBytes(std::string(bytes, 'x'))}};
  return message;
}

}  // namespace peer::testing
