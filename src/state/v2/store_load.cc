#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "state/v2/records.h"
#include "state/v2/store.h"
#include "state/v2/tree.h"
#include "storage/schema/schema.h"

namespace v2 {
namespace {

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kV2);

constexpr uint64_t kIndexMax = uint64_t{1} << 62;

base::Status Damaged(std::string_view what) {
  return {base::Code::kDataLoss, "bucket v2: " + std::string(what)};
}

// Directories whose parents were read, by number. Their children come later, all of one directory
// one after another. Not with their paths: those of a directory in the depth would be as large as
// the square of its depth.
struct Directory {
  NodeRef node;
  uint64_t parent;
};

bool ByName(const NodeRef& a, const NodeRef& b) {
  return a->name() < b->name();
}

// Numbers ascend, so that a directory comes before what is in it.
class NodeLoader {
 public:
  NodeLoader() {
    directories_.emplace(records::kRoot, Directory{Node::Make({.directory = records::kRoot}), 0});
  }

  // False for a node that is in no directory.
  bool Add(uint64_t directory, NodeRef node) {
    if (directory != current_) End();
    if (directories_.find(directory) == directories_.end()) return false;
    current_ = directory;
    if (node->expiration() != 0) {
      expirations_.emplace_back(node->expiration(), PathOf(directory, *node));
    }
    if (node->is_directory()) directories_.emplace(node->directory(), Directory{node, directory});
    children_.push_back(std::move(node));
    return true;
  }
  // What is in the current directory was read. Long names may have come out of order.
  void End() {
    if (children_.empty()) return;
    if (!std::is_sorted(children_.begin(), children_.end(), ByName)) {
      std::sort(children_.begin(), children_.end(), ByName);
    }
    directories_.find(current_)->second.node->SetChildren(BranchesOf(children_));
    children_.clear();
  }
  const NodeRef& root() { return directories_.find(records::kRoot)->second.node; }
  std::vector<std::pair<int64_t, std::string>>& expirations() { return expirations_; }

 private:
  std::string PathOf(uint64_t directory, const Node& node) const {
    std::vector<std::string_view> elements = {node.name()};
    while (directory != records::kRoot) {
      const Directory& above = directories_.find(directory)->second;
      elements.push_back(above.node->name());
      directory = above.parent;
    }
    std::reverse(elements.begin(), elements.end());
    return JoinAll(elements);
  }

  std::map<uint64_t, Directory> directories_;
  uint64_t current_ = 0;
  std::vector<NodeRef> children_;
  std::vector<std::pair<int64_t, std::string>> expirations_;
};

}  // namespace

base::Result<std::unique_ptr<Store>> Store::Load(backend::Reader& reader,
                                                 backend::WriteBuffer* buffer) {
  std::unique_ptr<Store> store(new Store(buffer));
  ASSIGN_OR_RETURN(const auto record, reader.Get(kBucket, records::kStoreKey));
  if (!record.has_value()) return store;
  records::StoreFields fields;
  const bool has_index = records::DecodeStore(*record, &fields) && fields.index < kIndexMax;
  if (!has_index) return Damaged("its index is none");
  store->index_ = store->stamped_ = store->saved_events_ = fields.index;
  store->next_directory_ = fields.next_directory;
  RETURN_IF_ERROR(store->LoadEvents(reader, fields.first_event));
  RETURN_IF_ERROR(store->LoadNodes(reader));
  store->ShowChanges();
  return store;
}

base::Status Store::LoadEvents(backend::Reader& reader, uint64_t first) {
  const bool is_one = first > 0 && first <= index_ + 1 && index_ + 1 - first <= History::kEventsMax;
  if (!is_one) return Damaged("the first of its events is none");
  history_ = History(first);
  for (uint64_t index = first; index <= index_; ++index) {
    ASSIGN_OR_RETURN(const auto record, reader.Get(kBucket, records::EventKey(index)));
    std::shared_ptr<const Event> event;
    if (record.has_value()) {
      event = records::DecodeEvent(*record);
      if (event == nullptr) return Damaged("an event is none");
      // Of an index that has none an older one has the place.
      if (event->index != index) event = nullptr;
    }
    history_.Add(std::move(event));
  }
  return {};
}

base::Status Store::LoadNodes(backend::Reader& reader) {
  NodeLoader loader;
  const auto cursor = reader.NewCursor(kBucket);
  RETURN_IF_ERROR(cursor->Seek(base::ByteView(&records::kNodeKind, 1)));
  while (cursor->valid() && cursor->key().front() == records::kNodeKind) {
    records::NodePlace place{};
    if (!records::ParseNodeKey(cursor->key(), &place)) return Damaged("a node has no place");
    NodeRef node = records::DecodeNode(place.name, cursor->value());
    const bool is_one = node && (!node->is_directory() || (node->directory() > place.directory &&
                                                           node->directory() < next_directory_));
    if (!is_one) return Damaged("a node is none");
    if (!loader.Add(place.directory, std::move(node))) {
      leftovers_.Add(base::Bytes(cursor->key()));
    }
    RETURN_IF_ERROR(cursor->Next());
  }
  loader.End();
  root_ = loader.root();
  for (auto& expiration : loader.expirations()) expirations_.insert(std::move(expiration));
  return {};
}

}  // namespace v2
