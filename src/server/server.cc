#include "server/server.h"

#include <utility>

#include "base/errors.h"
#include "base/wire.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "state/members/member.h"

namespace server {

using etcdserverpb::InternalRaftRequest;

namespace {

// The cluster's, as it is told to operators.
constexpr std::string_view kCapabilityVersion = "3.7";

}  // namespace

Server::Server(const Options& options, const Environment& environment, Recovered recovered,
               std::vector<runtime::Loop*> loops)
    : options_(options),
      environment_(environment),
      recovered_(std::move(recovered)),
      ids_(recovered_.id, environment.raft_loop->clock().WallNow(), loops.size() + 1) {}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::Open(const Options& options,
                                                   const Environment& environment,
                                                   std::vector<runtime::Loop*> loops) {
  const runtime::Clock& clock = environment.raft_loop->clock();
  const runtime::TimePoint start = clock.Now();
  ASSIGN_OR_RETURN(Recovered recovered, OpenDataDirectory(options, environment));
  const runtime::TimePoint opened = clock.Now();
  environment.logger->Info("opened data directory",
                           {{"data-dir", options.data_dir},
                            {"local-member-id", members::HexText(recovered.id.value())},
                            {"cluster-id", members::HexText(recovered.cluster.value())},
                            {"consistent-index", recovered.applied.value()},
                            {"snapshot-index", recovered.base.index.value()},
                            {"log-entries", recovered.entries.size()},
                            {"took", opened - start}});
  std::unique_ptr<Server> server(new Server(options, environment, std::move(recovered), loops));
  ASSIGN_OR_RETURN(server->apply_loop_, ApplyLoop::Open(options, environment, server->recovered_,
                                                        &server->ids_, &server->progress_));
  environment.logger->Info(
      "restored key-value store",
      {{"current-revision", server->store().revision().value()}, {"took", clock.Now() - opened}});
  server->replica_ = std::make_unique<Replica>(
      options, environment, &server->recovered_, &server->progress_,
      [apply_loop = server->apply_loop_.get()](std::vector<raft::Entry> entries) {
        apply_loop->Apply(std::move(entries));
      });
  loops.push_back(environment.apply_loop);
  for (size_t origin = 0; origin < loops.size(); ++origin) {
    server->frontends_.push_back(std::make_unique<Frontend>(
        options,
        Frontend::Parts{loops[origin], &server->ids_, origin, server->replica_.get(),
                        server->apply_loop_.get(), &server->progress_, environment.registry}));
  }
  AddServerMetrics(server.get(), environment.registry);
  return server;
}

void Server::Start(base::Callback<void()> on_ready) {
  on_ready_ = std::move(on_ready);
  std::vector<Frontend*> frontends;
  for (const auto& frontend : frontends_) frontends.push_back(frontend.get());
  environment_.apply_loop->Post([this, frontends = std::move(frontends)] {
    apply_loop_->Start(replica_.get(), frontends);
    environment_.raft_loop->Post([this] { replica_->Start(); });
    Publish();
  });
}

// Tells the cluster this member's name and where its clients find it; again until it is told.
void Server::Publish() {
  membershippb::ClusterMemberAttrSetRequest request;
  request.set_member_id(recovered_.id.value());
  request.mutable_member_attributes()->set_name(options_.name);
  for (const std::string& url : options_.advertise_client_urls) {
    request.mutable_member_attributes()->add_client_urls(url);
  }
  frontends_.back()->Propose(InternalRaftRequest::kClusterMemberAttrSetFieldNumber,
                             request.SerializeAsString(), [this](const apply::Reply& reply) {
                               if (reply.status == base::errors::kStopped) return;
                               if (!reply.status.ok()) return RetryPublish(reply.status);
                               LogPublished();
                               SetClusterVersion();
                             });
}

void Server::RetryPublish(const base::Status& status) {
  environment_.logger->Warn(
      "failed to publish local member to cluster through raft",
      {{"local-member-id", members::HexText(recovered_.id.value())}, {"error", status.message()}});
  Publish();
}

void Server::LogPublished() const {
  std::string urls;
  for (const std::string& url : options_.advertise_client_urls) {
    urls += (urls.empty() ? "" : " ") + url;
  }
  environment_.logger->Info(
      "published local member to cluster through raft",
      {{"local-member-id", members::HexText(recovered_.id.value())},
       {"local-member-attributes", "{Name:" + options_.name + " ClientURLs:[" + urls + "]}"},
       {"cluster-id", members::HexText(recovered_.cluster.value())},
       {"publish-timeout", options_.request_timeout()}});
}

// The only member's version is the cluster's.
void Server::SetClusterVersion() {
  if (view()->cluster_version == kClusterVersion) {
    environment_.logger->Info("enabled capabilities for version",
                              {{"cluster-version", kCapabilityVersion}});
    return on_ready_();
  }
  membershippb::ClusterVersionSetRequest request;
  request.set_ver(std::string(kClusterVersion));
  frontends_.back()->Propose(InternalRaftRequest::kClusterVersionSetFieldNumber,
                             request.SerializeAsString(), [this](const apply::Reply& reply) {
                               if (reply.status == base::errors::kStopped) return;
                               if (!reply.status.ok()) {
                                 environment_.logger->Warn("failed to update cluster version",
                                                           {{"error", reply.status.message()}});
                               }
                               SetClusterVersion();
                             });
}

void Server::Stop(base::Callback<void()> done) {
  stopping_ = true;
  apply_loop_->WhenDurable(std::move(done));
}

}  // namespace server
