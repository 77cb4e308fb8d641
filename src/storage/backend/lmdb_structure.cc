#include "storage/backend/lmdb_structure.h"

#include <lmdb.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/backend/lmdb_nodes.h"
#include "storage/backend/lmdb_page.h"

namespace backend {
namespace {

using lmdb::KeyBounds;
using lmdb::KeyOf;
using lmdb::Meta;
using lmdb::Node;
using lmdb::PageHead;
using lmdb::Tree;
using lmdb::TreeKind;

// Commits may come between the begin of a reader and a look at its meta page.
constexpr int kAttempts = 100;

class LmdbStructureCheck final : public StructureCheck {
 public:
  LmdbStructureCheck(std::shared_ptr<LmdbEnvironment> environment, MDB_txn* transaction)
      : environment_(std::move(environment)),
        transaction_(transaction),
        page_bytes_(environment_->PageBytes(transaction)) {}
  ~LmdbStructureCheck() override {
    environment_->EndRead(transaction_, LmdbEnvironment::Place::kOrdinary);
  }

  // False if it is that of another transaction meanwhile.
  base::Result<bool> FindMeta() {
    const uint64_t transaction = mdb_txn_id(transaction_);
    meta_page_ = transaction % lmdb::kMetaPages;
    base::Bytes bytes;
    RETURN_IF_ERROR(ReadPages(meta_page_, 1, &bytes));
    // Only the next but one writes there, and begins when the next one is done.
    if (environment_->LastTransaction() != transaction) return false;
    RETURN_IF_ERROR(Judge(meta_page_, lmdb::FaultOfMeta(meta_page_, bytes, page_bytes_)));
    const Meta meta(bytes);
    if (meta.transaction != transaction) return Damaged(meta_page_, "it is of another transaction");
    is_used_.resize(std::max<uint64_t>(meta.last_page + 1, lmdb::kMetaPages));
    is_used_[0] = is_used_[1] = true;
    RETURN_IF_ERROR(Begin(meta_page_, meta.main, TreeKind::kMain));
    RETURN_IF_ERROR(Begin(meta_page_, meta.free, TreeKind::kFree));
    return true;
  }

  base::Result<uint64_t> Step(uint64_t bytes) override {
    uint64_t read = 0;
    while (read < bytes && !places_.empty()) {
      const Place place = std::move(places_.back());
      places_.pop_back();
      ASSIGN_OR_RETURN(const uint64_t more, Look(place));
      read += more;
    }
    if (read == 0) RETURN_IF_ERROR(CheckCounts());
    return read;
  }

 private:
  // Of one tree: what its head says, and what was found.
  struct Counted {
    TreeKind kind;
    Tree head;
    uint64_t branch_pages = 0;
    uint64_t leaf_pages = 0;
    uint64_t overflow_pages = 0;
    uint64_t records = 0;
  };
  // A page that is to be looked at.
  struct Place {
    size_t tree;
    uint64_t page;
    uint16_t depth;
    std::optional<base::Bytes> low;
    std::optional<base::Bytes> high;
  };

  base::Status Damaged(uint64_t page, std::string_view what) const {
    return environment_->DamagedPage(page, what);
  }
  base::Status Judge(uint64_t page, std::string_view fault) const {
    return fault.empty() ? base::Status() : Damaged(page, fault);
  }

  base::Status ReadPages(uint64_t page, uint64_t pages, base::Bytes* out) const {
    if (environment_->CopyFrom(page * page_bytes_, pages * page_bytes_, out)) return {};
    return Damaged(page, "it cannot be read");
  }

  // Takes `count` pages for what `user` has; nothing else may have them.
  base::Status Use(uint64_t page, uint64_t count, uint64_t user) {
    if (page < lmdb::kMetaPages || count > is_used_.size() || page > is_used_.size() - count) {
      return Damaged(user, "it leads to page " + std::to_string(page) + ", which is not there");
    }
    for (uint64_t i = page; i < page + count; ++i) {
      if (is_used_[i]) {
        return Damaged(user, "it leads to page " + std::to_string(i) + ", which is used already");
      }
      is_used_[i] = true;
    }
    return {};
  }

  // The root, in what `user` says of its tree.
  base::Status Begin(uint64_t user, const Tree& head, TreeKind kind) {
    trees_.push_back({.kind = kind, .head = head});
    if (head.root == lmdb::kNoPage) {
      return head.depth == 0 ? base::Status() : Damaged(user, "a tree without a root has a depth");
    }
    if (head.depth == 0) return Damaged(user, "a tree with a root has no depth");
    return Reach(user,
                 {.tree = trees_.size() - 1, .page = head.root, .depth = 1, .low = {}, .high = {}});
  }

  // Leaves of buckets have records, which have checksums of their own.
  base::Status Reach(uint64_t user, Place place) {
    RETURN_IF_ERROR(Use(place.page, 1, user));
    Counted& tree = trees_[place.tree];
    const bool is_leaf = place.depth == tree.head.depth;
    ++(is_leaf ? tree.leaf_pages : tree.branch_pages);
    if (!is_leaf || tree.kind != TreeKind::kBucket) places_.push_back(std::move(place));
    return {};
  }

  // How many bytes were read.
  base::Result<uint64_t> Look(const Place& place) {
    base::Bytes page;
    RETURN_IF_ERROR(ReadPages(place.page, 1, &page));
    const TreeKind kind = trees_[place.tree].kind;
    const bool is_leaf = place.depth == trees_[place.tree].head.depth;
    const PageHead head(page);
    if (head.number != place.page || head.flags != (is_leaf ? lmdb::kLeaf : lmdb::kBranch)) {
      return Damaged(place.page, is_leaf ? "not a leaf" : "not a branch");
    }
    std::vector<base::ByteView> nodes;
    RETURN_IF_ERROR(Judge(place.page, finder_.Find(page, is_leaf, &nodes)));
    const KeyBounds bounds{place.low, place.high};
    RETURN_IF_ERROR(Judge(place.page, lmdb::FaultOfOrder(nodes, is_leaf, bounds, kind)));
    uint64_t read = page_bytes_;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (is_leaf) {
        ASSIGN_OR_RETURN(const uint64_t more, LookAtRecord(place, nodes[i]));
        read += more;
        continue;
      }
      const KeyBounds below = lmdb::BoundsBelow(nodes, i, bounds);
      Place child{.tree = place.tree,
                  .page = Node(nodes[i].data()).child,
                  .depth = static_cast<uint16_t>(place.depth + 1),
                  .low = {},
                  .high = {}};
      if (below.low.has_value()) child.low = base::Bytes(*below.low);
      if (below.high.has_value()) child.high = base::Bytes(*below.high);
      RETURN_IF_ERROR(Reach(place.page, std::move(child)));
    }
    return read;
  }

  // Of the trees of free pages and of buckets; how many bytes besides the leaf were read.
  base::Result<uint64_t> LookAtRecord(const Place& place, base::ByteView bytes) {
    Counted& tree = trees_[place.tree];
    ++tree.records;
    const Node node(bytes.data());
    if (tree.kind == TreeKind::kMain) {
      if (node.flags != lmdb::kSubTree) return Damaged(place.page, kUnknown);
      RETURN_IF_ERROR(Judge(place.page, lmdb::FaultOfBucket(lmdb::DataOf(bytes))));
      RETURN_IF_ERROR(Begin(place.page, Tree(lmdb::DataOf(bytes).data()), TreeKind::kBucket));
      return uint64_t{0};
    }
    if (node.flags == 0) {
      RETURN_IF_ERROR(LookAtFreeList(place.page, lmdb::DataOf(bytes)));
      return uint64_t{0};
    }
    if (node.flags != lmdb::kBigData) return Damaged(place.page, kUnknown);
    const uint64_t page = base::Load64Le(lmdb::DataOf(bytes).data());
    const uint64_t pages = lmdb::PagesOfLarge(node.data_bytes, page_bytes_);
    RETURN_IF_ERROR(Use(page, pages, place.page));
    tree.overflow_pages += pages;
    base::Bytes list;
    RETURN_IF_ERROR(ReadPages(page, pages, &list));
    RETURN_IF_ERROR(Judge(page, lmdb::FaultOfLarge(page, pages, list)));
    RETURN_IF_ERROR(LookAtFreeList(
        place.page, base::ByteView(list).substr(lmdb::kPageHeaderBytes, node.data_bytes)));
    return pages * page_bytes_;
  }

  base::Status LookAtFreeList(uint64_t user, base::ByteView list) {
    RETURN_IF_ERROR(Judge(user, lmdb::FaultOfFreeList(list)));
    for (uint64_t i = 1; i <= base::Load64Le(list.data()); ++i) {
      RETURN_IF_ERROR(Use(base::Load64Le(list.data() + i * sizeof(uint64_t)), 1, user));
    }
    return {};
  }

  // When all was looked at.
  base::Status CheckCounts() const {
    for (const Counted& tree : trees_) {
      const bool has_records = tree.kind != TreeKind::kBucket;
      if (tree.branch_pages == tree.head.branch_pages && tree.leaf_pages == tree.head.leaf_pages &&
          (!has_records || (tree.overflow_pages == tree.head.overflow_pages &&
                            tree.records == tree.head.records))) {
        continue;
      }
      return Damaged(tree.head.root == lmdb::kNoPage ? meta_page_ : tree.head.root,
                     "its tree has other pages than its head says");
    }
    return {};
  }

  static constexpr std::string_view kUnknown = "a node is of an unknown kind";

  const std::shared_ptr<LmdbEnvironment> environment_;
  MDB_txn* const transaction_;
  const uint64_t page_bytes_;
  uint64_t meta_page_ = 0;
  std::vector<Counted> trees_;
  std::vector<Place> places_;
  std::vector<bool> is_used_;  // by page: by a tree, or free
  lmdb::NodeFinder finder_;
};

}  // namespace

base::Result<std::unique_ptr<StructureCheck>> NewLmdbStructureCheck(
    std::shared_ptr<LmdbEnvironment> environment) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSIGN_OR_RETURN(MDB_txn* const transaction,
                     environment->BeginRead(LmdbEnvironment::Place::kOrdinary));
    auto check = std::make_unique<LmdbStructureCheck>(environment, transaction);
    ASSIGN_OR_RETURN(const bool is_found, check->FindMeta());
    if (is_found) return std::unique_ptr<StructureCheck>(std::move(check));
  }
  return base::Status(base::Code::kUnavailable,
                      "the database is committed to faster than its meta pages can be read");
}

}  // namespace backend
