#include "utl/v2_snapshot.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "proto/raft_internal.pb.h"
#include "runtime/new_file.h"
#include "runtime/posix/clock.h"
#include "state/apply/applier.h"
#include "state/apply/request_codec.h"
#include "state/apply/state.h"
#include "storage/backend/memory_backend.h"
#include "storage/image/reader_source.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_digest.h"

namespace utl {
namespace {

using etcdserverpb::InternalRaftRequest;

constexpr size_t kEntriesOfCommit = 1000;

// A state that comes of requests, as if a cluster had carried them out.
class Made {
 public:
  base::Status Open() {
    ASSIGN_OR_RETURN(
        auto state, apply::State::Open(backend::OpenMemoryBackend(
                                           backend::NewMemoryDatabase(schema::kBucketNames.size())),
                                       {}, &clock_));
    applier_.emplace(apply::Applier::Options{.is_awaited = [](uint64_t) { return true; }},
                     std::move(state), raft::EntryId{base::Term(1), base::Index()});
    return {};
  }

  base::Status Do(uint32_t field, const google::protobuf::MessageLite& request) {
    base::Bytes payload;
    apply::EncodeEntry(kRequestId, {}, field, request.SerializeAsString(), &payload);
    const raft::Entry entry{.term = base::Term(1),
                            .index = base::Index(applier_->applied().index.value() + 1),
                            .data = base::SharedBytes(payload)};
    ASSIGN_OR_RETURN(const apply::Applier::Outcome outcome, applier_->Apply(entry, clock_.Now()));
    RETURN_IF_ERROR(outcome.reply.status);
    return ++not_committed_ < kEntriesOfCommit ? base::Status() : Commit();
  }

  base::Status Commit() {
    not_committed_ = 0;
    apply::State& state = applier_->state();
    std::optional<mvcc::Store::Commit> commit = state.store().TakeCommit(true);
    if (!commit.has_value()) return {};
    RETURN_IF_ERROR(state.database().Commit(*commit->batch));
    state.store().Committed(*std::move(commit));
    return {};
  }

  base::Status WriteTo(runtime::File& file) {
    ASSIGN_OR_RETURN(const auto reader, applier_->state().database().NewReader());
    image::ReaderSource source(reader.get());
    ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source));
    snap::SnapshotHasher hasher;
    uint64_t offset = 0;
    RETURN_IF_ERROR(snap::WriteBbolt(source, layout, [&](base::ByteView piece) {
      hasher.Update(piece);
      return file.WriteAt(std::exchange(offset, offset + piece.size()), piece);
    }));
    RETURN_IF_ERROR(file.WriteAt(offset, hasher.Finish()));
    return file.Sync();
  }

 private:
  // So that it is told what became of each.
  static constexpr uint64_t kRequestId = 1;

  const runtime::posix::Clock clock_{};
  std::optional<apply::Applier> applier_;
  size_t not_committed_ = 0;
};

base::Result<size_t> Fill(Made* made, const std::vector<ctl::V2Key>& keys) {
  std::map<int64_t, int64_t> leases;  // by the time that they last
  for (const ctl::V2Key& key : keys) {
    if (key.ttl != 0 && !leases.contains(key.ttl)) {
      etcdserverpb::LeaseGrantRequest grant;
      grant.set_id(static_cast<int64_t>(leases.size()) + 1);
      grant.set_ttl(key.ttl);
      RETURN_IF_ERROR(made->Do(InternalRaftRequest::kLeaseGrantFieldNumber, grant));
      leases.emplace(key.ttl, grant.id());
    }
    etcdserverpb::PutRequest put;
    put.set_key(key.key);
    put.set_value(key.value);
    if (key.ttl != 0) put.set_lease(leases.at(key.ttl));
    RETURN_IF_ERROR(made->Do(InternalRaftRequest::kPutFieldNumber, put));
  }
  RETURN_IF_ERROR(made->Commit());
  return leases.size();
}

}  // namespace

base::Result<size_t> WriteSnapshotOf(runtime::Disk& disk, const std::string& path,
                                     const std::vector<ctl::V2Key>& keys) {
  Made made;
  RETURN_IF_ERROR(made.Open());
  ASSIGN_OR_RETURN(const size_t leases, Fill(&made, keys));
  ASSIGN_OR_RETURN(auto file, runtime::NewFile::At(disk, path));
  RETURN_IF_ERROR(made.WriteTo(file.file()));
  RETURN_IF_ERROR(file.Finish());
  RETURN_IF_ERROR(disk.SyncDirectory(runtime::ParentPath(path)));
  return leases;
}

}  // namespace utl
