#include "utl/v2_tree.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proto/raft_internal.pb.h"
#include "server/data_directory.h"
#include "server/etcd_entry.h"
#include "server/etcd_log.h"
#include "state/apply/request_codec.h"
#include "state/v2/etcd_tree.h"
#include "state/v2/tree.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"
#include "storage/snap/snapshot_file.h"

namespace utl {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// Without what is in it.
client_v2::Node NodeOf(const v2::Node& node, std::string key, int64_t now) {
  client_v2::Node shown;
  shown.key = std::move(key);
  shown.is_directory = node.is_directory();
  shown.value = std::string(node.value());
  shown.created_index = node.created();
  shown.modified_index = node.modified();
  if (node.expiration() != 0) {
    // Not a moment too short.
    shown.ttl = (node.expiration() - now + kNanosecondsPerSecond - 1) / kNanosecondsPerSecond;
  }
  return shown;
}

std::vector<const v2::Node*> Alive(const v2::Node& directory, int64_t now) {
  std::vector<const v2::Node*> alive;
  v2::Children children(directory);
  while (const v2::Node* const child = children.Next()) {
    if (child->expiration() == 0 || child->expiration() > now) alive.push_back(child);
  }
  return alive;
}

base::Index LastToApply(const server::EtcdLog& log) {
  if (log.IsOfSoleVoter()) return log.last().index;
  return std::min(std::max(log.hard_state.commit, log.base.index), log.last().index);
}

}  // namespace

V2Tree::V2Tree()
    : database_(
          backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()))),
      buffer_({}, [](base::Index, base::Term, backend::Batch*) {}) {}

base::Status V2Tree::Begin(backend::Batch& batch) {
  RETURN_IF_ERROR(database_->Commit(batch));
  ASSIGN_OR_RETURN(const auto reader, database_->NewReader());
  ASSIGN_OR_RETURN(store_, v2::Store::Load(*reader, &buffer_));
  return {};
}

base::Status V2Tree::BeginWith(const base::Bytes& json) {
  backend::Batch batch;
  RETURN_IF_ERROR(v2::PutEtcdTree(json, &batch));
  return Begin(batch);
}

base::Result<std::unique_ptr<V2Tree>> V2Tree::OfSnapshot(runtime::Disk& disk,
                                                         const std::string& path) {
  ASSIGN_OR_RETURN(const base::Bytes bytes, runtime::ReadFile(disk, path));
  const std::optional<snap::Snapshot> file = snap::ParseSnapshotFile(bytes);
  if (!file.has_value()) {
    return base::Status(base::Code::kDataLoss, path + ": no snapshot of raft, or damaged");
  }
  std::unique_ptr<V2Tree> tree(new V2Tree());
  RETURN_IF_ERROR(tree->BeginWith(file->data));
  return tree;
}

base::Result<std::unique_ptr<V2Tree>> V2Tree::OfDirectory(runtime::Disk& disk,
                                                          const server::Options& options) {
  ASSIGN_OR_RETURN(const server::EtcdLog log, server::ReadEtcdLog(disk, server::Paths(options)));
  std::unique_ptr<V2Tree> tree(new V2Tree());
  if (log.snapshot.has_value() && !log.snapshot->store.empty()) {
    RETURN_IF_ERROR(tree->BeginWith(log.snapshot->store));
  } else {
    backend::Batch batch;
    v2::PutEmptyTree(&batch);
    RETURN_IF_ERROR(tree->Begin(batch));
  }
  const base::Index last = LastToApply(log);
  for (const raft::Entry& entry : log.entries) {
    if (entry.index > last) break;
    ASSIGN_OR_RETURN(const raft::Entry ours,
                     server::TranslateEtcdEntry(entry, server::V2Keys::kTaken));
    // Entries of v3 are no business of the tree, whatever they are.
    etcdserverpb::InternalRaftRequest request;
    if (ours.type != raft::EntryType::kNormal || ours.data.empty()) continue;
    if (!apply::ParseEntry(ours.data.view(), &request) || !request.has_v2()) continue;
    tree->store_->Apply(request.v2());
    tree->store_->TakeHappenings();
  }
  tree->store_->ShowChanges();
  return tree;
}

client_v2::Node V2Tree::Keys(int64_t now) const {
  struct Place {
    const v2::Node* from;
    client_v2::Node* to;
  };
  client_v2::Node root;
  root.is_directory = true;
  const auto view = store_->published().Get();
  const v2::Node* const keys = v2::FindChild(*view->root, v2::kKeys.substr(1));
  std::vector<Place> waiting;
  if (keys != nullptr) waiting.push_back({keys, &root});
  while (!waiting.empty()) {
    const Place place = waiting.back();
    waiting.pop_back();
    const std::vector<const v2::Node*> alive = Alive(*place.from, now);
    place.to->has_nodes = true;
    place.to->nodes.reserve(alive.size());
    for (const v2::Node* const child : alive) {
      place.to->nodes.push_back(
          NodeOf(*child, place.to->key + "/" + std::string(child->name()), now));
      if (child->is_directory()) waiting.push_back({child, &place.to->nodes.back()});
    }
  }
  return root;
}

}  // namespace utl
