#include "api/v3/maintenance_service.h"

#include <string>
#include <utility>

#include "api/v3/snapshot_call.h"
#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "storage/backend/backend.h"
#include "storage/backend/read_failure.h"
#include "storage/image/database_hash.h"

namespace v3 {
namespace {

constexpr char kService[] = "etcdserverpb.Maintenance";

// As etcd prints an AlarmMember.
std::string Text(const alarms::Alarm& alarm) {
  const std::string member =
      alarm.member == base::MemberId() ? "" : "memberID:" + ToString(alarm.member) + " ";
  return member + "alarm:" + etcdserverpb::AlarmType_Name(static_cast<int>(alarm.type));
}

base::Result<uint32_t> ReadHash(backend::Backend& database) {
  ASSIGN_OR_RETURN(auto reader, database.NewReader());
  image::DatabaseHash hash(std::move(reader));
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, hash.Step());
  }
  return hash.hash();
}

base::Result<uint32_t> HashOf(backend::Backend& database) {
  base::Result<uint32_t> hash = ReadHash(database);
  if (hash.ok()) return hash;
  return backend::ReadFailure(database, hash.status());
}

}  // namespace

void MaintenanceService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, kService, "Status", this, &MaintenanceService::Status);
  context_.AddUnary(table, kService, "Alarm", this, &MaintenanceService::Alarm);
  context_.AddUnary(table, kService, "Defragment", this, &MaintenanceService::Defragment);
  context_.AddUnary(table, kService, "Hash", this, &MaintenanceService::Hash);
  context_.AddUnary(table, kService, "HashKV", this, &MaintenanceService::HashKv);
  context_.AddUnary(table, kService, "MoveLeader", this, &MaintenanceService::MoveLeader);
  context_.AddUnary(table, kService, "Downgrade", this, &MaintenanceService::Downgrade);
  context_.AddStreaming(
      table, kService, "Snapshot", rpc::Kind::kServerStreaming, [this](Call call) {
        return std::make_shared<SnapshotCall>(&context_, std::move(call), metrics_.snapshot_seconds,
                                              &snapshot_places_);
      });
}

void MaintenanceService::Status(Call call, base::ByteView bytes) {
  etcdserverpb::StatusRequest request;
  if (!Parse(*call, bytes, &request)) return;
  server::Server& server = context_.server();
  const server::Progress& progress = server.progress();
  const std::shared_ptr<apply::State>& state = context_.state();
  const backend::Sizes sizes = state->database().sizes();
  const auto view = state->view().Get();
  etcdserverpb::StatusResponse response;
  response.set_version(std::string(server::kVersion));
  response.set_dbsize(static_cast<int64_t>(sizes.allocated));
  response.set_dbsizeinuse(static_cast<int64_t>(sizes.in_use));
  response.set_dbsizequota(server.options().quota_backend_bytes);
  response.set_leader(progress.leader);
  response.set_raftindex(progress.committed);
  response.set_raftappliedindex(progress.applied);
  response.set_raftterm(progress.term);
  response.set_storageversion(view->cluster_version);
  response.mutable_downgradeinfo()->set_enabled(view->downgrade.enabled);
  response.mutable_downgradeinfo()->set_targetversion(view->downgrade.target);
  for (const members::Member& member : view->members) {
    if (member.id == server.id()) response.set_islearner(member.is_learner);
  }
  if (progress.leader == 0) {
    response.add_errors(std::string(base::errors::kNoLeader.text));
  }
  for (const alarms::Alarm& alarm : view->alarms) response.add_errors(Text(alarm));
  context_.Reply(*call, response);
}

void MaintenanceService::Alarm(Call call, base::ByteView bytes) {
  etcdserverpb::AlarmRequest request;
  if (!Parse(*call, bytes, &request)) return;
  const bool only_reads = request.action() == etcdserverpb::AlarmRequest::GET;
  const auto who =
      context_.CheckAccess(only_reads ? MethodAccess::kUser : MethodAccess::kRoot, *call);
  if (!who.ok()) return call->Finish(who.status());
  call.terms.access = MethodAccess::kUser;  // no key is touched
  context_.Propose(std::move(call), etcdserverpb::InternalRaftRequest::kAlarmFieldNumber, bytes);
}

// Its answer has no header.
void MaintenanceService::Defragment(Call call, base::ByteView bytes) {
  etcdserverpb::DefragmentRequest request;
  if (!Parse(*call, bytes, &request)) return;
  runtime::Loop* const loop = &context_.frontend().loop();
  context_.server().defragmenter().Run([loop, rpc = call.rpc](const base::Status& status) {
    loop->Post([rpc, status] {
      if (!status.ok()) return rpc->Finish(status);
      Context::Send(*rpc, etcdserverpb::DefragmentResponse());
    });
  });
}

// The database is hashed as it is when everything applied is in it.
void MaintenanceService::Hash(Call call, base::ByteView bytes) {
  etcdserverpb::HashRequest request;
  if (!Parse(*call, bytes, &request)) return;
  server::Server& server = context_.server();
  server.WhenDurable([this, &server, call = std::move(call.rpc), state = context_.state()] {
    auto hash = std::make_shared<base::Result<uint32_t>>(base::errors::kStopped);
    const runtime::TimePoint start = Now();
    const bool accepted = server.environment().bulk_workers->Run(
        [state, hash] { *hash = HashOf(state->database()); }, &context_.frontend().loop(),
        [this, call, hash, start] {
          if (!hash->ok()) return call->Finish(hash->status());
          metrics_.hash_seconds.Observe(Now() - start);
          etcdserverpb::HashResponse response;
          response.set_hash(**hash);
          context_.Reply(*call, response);
        });
    if (!accepted) {
      context_.frontend().loop().Post([call] { call->Finish(base::errors::kTooManyRequests); });
    }
  });
}

void MaintenanceService::HashKv(Call call, base::ByteView bytes) {
  etcdserverpb::HashKVRequest request;
  if (!Parse(*call, bytes, &request)) return;
  server::Server& server = context_.server();
  auto hash = std::make_shared<base::Result<mvcc::KeyValueHash>>(base::errors::kStopped);
  // Hashing reads every key.
  const bool accepted = server.environment().bulk_workers->Run(
      [state = context_.state(), hash, revision = request.revision()] {
        *hash = mvcc::Reads(&state->store()).HashKv(base::Revision(revision));
      },
      &context_.frontend().loop(),
      [this, call = call.rpc, hash, start = Now()] {
        if (!hash->ok()) return call->Finish(hash->status());
        metrics_.hash_kv_seconds.Observe(Now() - start);
        etcdserverpb::HashKVResponse response;
        response.set_hash((*hash)->hash);
        response.set_compact_revision((*hash)->compact_revision);
        response.set_hash_revision((*hash)->revision);
        context_.Reply(*call, response);
      });
  if (!accepted) call->Finish(base::errors::kTooManyRequests);
}

// Its answer has no header.
void MaintenanceService::MoveLeader(Call call, base::ByteView bytes) {
  etcdserverpb::MoveLeaderRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.server().MoveLeader(base::MemberId(request.targetid()), call.caller,
                               [this, rpc = call.rpc](const base::Status& status) {
                                 context_.frontend().loop().Post([rpc, status] {
                                   if (!status.ok()) return rpc->Finish(status);
                                   Context::Send(*rpc, etcdserverpb::MoveLeaderResponse());
                                 });
                               });
}

void MaintenanceService::Downgrade(Call call, base::ByteView bytes) {
  etcdserverpb::DowngradeRequest request;
  if (!Parse(*call, bytes, &request)) return;
  auto answer = [this, rpc = call.rpc](base::Result<std::string> version) {
    context_.frontend().loop().Post([this, rpc, version = std::move(version)] {
      if (!version.ok()) return rpc->Finish(version.status());
      etcdserverpb::DowngradeResponse response;
      response.set_version(*version);
      context_.Reply(*rpc, response);
    });
  };
  server::Downgrading& downgrading = context_.server().downgrading();
  switch (request.action()) {
    case etcdserverpb::DowngradeRequest::VALIDATE:
      return downgrading.Validate(request.version(), std::move(answer));
    case etcdserverpb::DowngradeRequest::ENABLE:
      return downgrading.Enable(request.version(), call.caller, std::move(answer));
    case etcdserverpb::DowngradeRequest::CANCEL:
      return downgrading.Cancel(call.caller, std::move(answer));
    default:
      return call->Finish(base::errors::kUnknownMethod);
  }
}

}  // namespace v3
