#include "storage/backend/lmdb_check.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "storage/backend/lmdb_nodes.h"
#include "storage/backend/lmdb_page.h"
#include "storage/backend/stored_record.h"

namespace backend {
namespace {

using lmdb::KeyBounds;
using lmdb::KeyOf;
using lmdb::Meta;
using lmdb::Node;
using lmdb::PageHead;
using lmdb::Tree;
using Kind = lmdb::TreeKind;

constexpr uint32_t kPageBytesMin = 512;
constexpr uint32_t kPageBytesMax = 65536;
constexpr uint64_t kAheadPagesMax = 32;

class Checker {
 public:
  Checker(const runtime::File* file, std::string path, uint64_t file_bytes, uint64_t map_bytes)
      : file_(*file), path_(std::move(path)), file_bytes_(file_bytes), map_bytes_(map_bytes) {}

  base::Status Run() {
    RETURN_IF_ERROR(ReadMeta());
    RETURN_IF_ERROR(CheckTree(meta_->free, Kind::kFree));
    RETURN_IF_ERROR(CheckTree(meta_->main, Kind::kMain));
    for (const Tree& bucket : buckets_) RETURN_IF_ERROR(CheckTree(bucket, Kind::kBucket));
    RETURN_IF_ERROR(CheckSize());
    return CheckTransactions();
  }

 private:
  // What was counted of a tree.
  struct Count {
    Kind kind;
    uint16_t depth;
    uint64_t branch_pages = 0;
    uint64_t leaf_pages = 0;
    uint64_t overflow_pages = 0;
    uint64_t records = 0;
  };
  base::Status Damaged(uint64_t page, std::string_view what) const {
    return {base::Code::kDataLoss,
            path_ + ": damaged page " + std::to_string(page) + ": " + std::string(what)};
  }
  // With what is wrong with the page; OK for nothing.
  base::Status Judge(uint64_t page, std::string_view fault) const {
    return fault.empty() ? base::Status() : Damaged(page, fault);
  }

  // A copy of `pages` pages from `page` on.
  base::Status ReadPages(uint64_t page, uint64_t pages, base::Bytes* out) const {
    RETURN_IF_ERROR(file_.ReadAt(page * page_bytes_, pages * page_bytes_, out));
    return out->size() == pages * page_bytes_ ? base::Status() : EndsBefore(page);
  }
  base::Status EndsBefore(uint64_t page) const {
    return Damaged(page,
                   "the file ends before it, after " + std::to_string(file_bytes_) + " bytes");
  }

  // The page, as long as no other one is read. Pages that follow one another, as those of a tree
  // that was written in its order do, are read ahead, more of them each time.
  base::Result<base::ByteView> ReadPage(uint64_t page) {
    if (page < ahead_first_ || page - ahead_first_ >= ahead_.size() / page_bytes_) {
      const bool follows = page == ahead_first_ + ahead_pages_;
      ahead_pages_ = follows ? std::min(2 * ahead_pages_, kAheadPagesMax) : 1;
      ahead_first_ = page;
      RETURN_IF_ERROR(
          file_.ReadAt(page * page_bytes_, ahead_pages_ * uint64_t{page_bytes_}, &ahead_));
      if (ahead_.size() < page_bytes_) return EndsBefore(page);
    }
    return base::ByteView(ahead_).substr((page - ahead_first_) * page_bytes_, page_bytes_);
  }

  base::Status ReadMeta() {
    base::Bytes first;
    RETURN_IF_ERROR(file_.ReadAt(0, Meta::kBytes, &first));
    if (first.size() < Meta::kBytes) return Damaged(0, "the file ends within it");
    page_bytes_ = Meta(first).free.page_bytes;
    if (page_bytes_ < kPageBytesMin || page_bytes_ > kPageBytesMax ||
        (page_bytes_ & (page_bytes_ - 1)) != 0) {
      return Damaged(0, "not a meta page");
    }
    std::optional<Meta>* const metas = metas_;
    for (uint64_t page = 0; page < lmdb::kMetaPages; ++page) {
      base::Bytes bytes;
      RETURN_IF_ERROR(ReadPages(page, 1, &bytes));
      metas[page].emplace(bytes);
      RETURN_IF_ERROR(Judge(page, lmdb::FaultOfMeta(page, bytes, page_bytes_)));
    }
    const uint64_t even = metas[0]->transaction;
    const uint64_t odd = metas[1]->transaction;
    const bool is_new = even == 0 && odd == 0;
    if (!is_new && (even % 2 != 0 || std::max(even, odd) - std::min(even, odd) != 1)) {
      return Damaged(0, "its transaction and that of page 1 do not follow one another");
    }
    meta_ = odd > even ? metas[1] : metas[0];
    if (meta_->last_page >= map_bytes_ / page_bytes_) {
      return Damaged(meta_->transaction % 2, "the last page is beyond the map");
    }
    is_used_.resize(std::max<uint64_t>(meta_->last_page + 1, lmdb::kMetaPages));
    is_used_[0] = is_used_[1] = true;
    return {};
  }

  // Takes `count` pages for what is being looked at; nothing else may have them.
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

  base::Status CheckTree(const Tree& tree, Kind kind) {
    Count count{.kind = kind, .depth = tree.depth};
    const uint64_t meta_page = meta_->transaction % 2;
    if (tree.root != lmdb::kNoPage) {
      RETURN_IF_ERROR(Use(tree.root, 1, meta_page));
      RETURN_IF_ERROR(CheckPage(tree.root, 1, {}, &count));
    } else if (tree.depth != 0) {
      return Damaged(meta_page, "a tree without a root has a depth");
    }
    if (count.branch_pages != tree.branch_pages || count.leaf_pages != tree.leaf_pages ||
        count.overflow_pages != tree.overflow_pages || count.records != tree.records) {
      return Damaged(tree.root == lmdb::kNoPage ? meta_page : tree.root,
                     "its tree has " + std::to_string(count.records) + " records, not " +
                         std::to_string(tree.records) + ", or other pages than its head says");
    }
    return {};
  }

  // The page and all below it, at this depth of its tree.
  base::Status CheckPage(uint64_t number, uint16_t depth, const KeyBounds& bounds, Count* count) {
    ASSIGN_OR_RETURN(base::ByteView page, ReadPage(number));
    const PageHead head(page);
    const bool is_leaf = depth == count->depth;
    base::Bytes copy;  // others are read while its nodes are gone through
    if (!is_leaf) page = copy = base::Bytes(page);
    const uint16_t flags = is_leaf ? lmdb::kLeaf : lmdb::kBranch;
    if (head.number != number || head.flags != flags || depth > count->depth) {
      return Damaged(number, is_leaf ? "not a leaf" : "not a branch");
    }
    ++(is_leaf ? count->leaf_pages : count->branch_pages);
    std::vector<base::ByteView> nodes;
    RETURN_IF_ERROR(Judge(number, finder_.Find(page, is_leaf, &nodes)));
    RETURN_IF_ERROR(Judge(number, lmdb::FaultOfOrder(nodes, is_leaf, bounds, count->kind)));
    for (size_t i = 0; i < nodes.size(); ++i) {
      RETURN_IF_ERROR(is_leaf ? CheckRecord(number, nodes[i], count)
                              : CheckChild(number, nodes, i, depth, bounds, count));
    }
    return {};
  }

  base::Status CheckChild(uint64_t number, const std::vector<base::ByteView>& nodes, size_t i,
                          uint16_t depth, const KeyBounds& bounds, Count* count) {
    const uint64_t child = Node(nodes[i].data()).child;
    RETURN_IF_ERROR(Use(child, 1, number));
    return CheckPage(child, static_cast<uint16_t>(depth + 1), lmdb::BoundsBelow(nodes, i, bounds),
                     count);
  }

  base::Status CheckRecord(uint64_t number, base::ByteView bytes, Count* count) {
    ++count->records;
    const Node node(bytes.data());
    const base::ByteView key = KeyOf(bytes);
    base::ByteView data = lmdb::DataOf(bytes);
    base::Bytes large;
    if (node.flags == lmdb::kBigData) {
      RETURN_IF_ERROR(
          ReadLarge(number, base::Load64Le(data.data()), node.data_bytes, count, &large));
      data = base::ByteView(large).substr(lmdb::kPageHeaderBytes, node.data_bytes);
    } else if (node.flags != (count->kind == Kind::kMain ? lmdb::kSubTree : 0)) {
      return Damaged(number, "a node is of an unknown kind");
    }
    switch (count->kind) {
      case Kind::kFree:
        return CheckFreeList(number, data);
      case Kind::kMain:
        return AddBucket(number, data);
      case Kind::kBucket:
        break;
    }
    if (ParseStoredRecord(key, data).has_value()) return {};
    return Damaged(number, "checksum mismatch of a record");
  }

  base::Status ReadLarge(uint64_t number, uint64_t page, uint32_t bytes, Count* count,
                         base::Bytes* out) {
    const uint64_t pages = lmdb::PagesOfLarge(bytes, page_bytes_);
    RETURN_IF_ERROR(Use(page, pages, number));
    RETURN_IF_ERROR(ReadPages(page, pages, out));
    RETURN_IF_ERROR(Judge(page, lmdb::FaultOfLarge(page, pages, *out)));
    count->overflow_pages += pages;
    return {};
  }

  base::Status CheckFreeList(uint64_t number, base::ByteView list) {
    RETURN_IF_ERROR(Judge(number, lmdb::FaultOfFreeList(list)));
    for (uint64_t i = 1; i <= base::Load64Le(list.data()); ++i) {
      RETURN_IF_ERROR(Use(base::Load64Le(list.data() + i * sizeof(uint64_t)), 1, number));
    }
    return {};
  }

  base::Status AddBucket(uint64_t number, base::ByteView data) {
    RETURN_IF_ERROR(Judge(number, lmdb::FaultOfBucket(data)));
    buckets_.emplace_back(data.data());
    return {};
  }

  // Pages at the end that a transaction took and freed again were never written.
  base::Status CheckSize() const {
    for (uint64_t page = file_bytes_ / page_bytes_; page < is_used_.size(); ++page) {
      if (!is_used_[page]) {
        return Damaged(page,
                       "the file ends before it, after " + std::to_string(file_bytes_) + " bytes");
      }
    }
    return {};
  }

  // The pages of the older transaction are as it left them: only those from before it were reused.
  // Without any commit of ours in between, both say what an earlier one did.
  base::Status CheckTransactions() {
    std::optional<uint64_t> signatures[lmdb::kMetaPages];
    for (size_t page = 0; page < lmdb::kMetaPages; ++page) {
      signatures[page] = SignatureIn(*metas_[page]);
    }
    if (signatures[0] == signatures[1]) return {};
    for (size_t page = 0; page < lmdb::kMetaPages; ++page) {
      if (signatures[page].value_or(metas_[page]->transaction) != metas_[page]->transaction) {
        return Damaged(page, "its transaction is not that of its records");
      }
    }
    return {};
  }

  // Nothing if there is none, or if anything is wrong on the way, which need not be of any use.
  std::optional<uint64_t> SignatureIn(const Meta& meta) {
    const auto head = Find(meta.main, lmdb::kOwnBucket);
    if (!head.has_value() || head->size() != Tree::kBytes) return std::nullopt;
    const auto stored = Find(Tree(head->data()), lmdb::kTransactionKey);
    if (!stored.has_value()) return std::nullopt;
    const auto record = ParseStoredRecord(lmdb::kTransactionKey, *stored);
    if (!record.has_value() || record->value.size() != sizeof(uint64_t)) return std::nullopt;
    return base::Load64Le(record->value.data());
  }
  std::optional<base::Bytes> Find(const Tree& tree, base::ByteView key) {
    constexpr int kDepthMax = 32;
    uint64_t number = tree.root;
    for (int depth = 0; depth < kDepthMax && number < is_used_.size(); ++depth) {
      base::Bytes page;
      if (!ReadPages(number, 1, &page).ok()) return std::nullopt;
      const PageHead head(page);
      const bool is_leaf = head.flags == lmdb::kLeaf;
      std::vector<base::ByteView> nodes;
      if (!finder_.Find(page, is_leaf, &nodes).empty()) return std::nullopt;
      // The last node that is not above the key; the first of a branch has none.
      size_t i = nodes.size();
      while (i > 0 && (is_leaf || i > 1) && KeyOf(nodes[i - 1]) > key) --i;
      if (i == 0) return std::nullopt;
      const Node node(nodes[i - 1].data());
      if (is_leaf) {
        if (KeyOf(nodes[i - 1]) != key || (node.flags & lmdb::kBigData) != 0) return std::nullopt;
        return base::Bytes(lmdb::DataOf(nodes[i - 1]));
      }
      number = node.child;
    }
    return std::nullopt;
  }

  const runtime::File& file_;
  const std::string path_;
  const uint64_t file_bytes_;
  const uint64_t map_bytes_;
  uint64_t page_bytes_ = kPageBytesMin;
  std::optional<Meta> metas_[lmdb::kMetaPages];
  std::optional<Meta> meta_;  // the newest of them
  std::vector<Tree> buckets_;
  std::vector<bool> is_used_;  // by page: by a tree, or free
  base::Bytes ahead_;          // some pages
  uint64_t ahead_first_ = 0;
  uint64_t ahead_pages_ = 1;  // as many were asked for
  lmdb::NodeFinder finder_;
};

}  // namespace

base::Status CheckLmdbFile(runtime::Disk& disk, const std::string& path, uint64_t map_bytes) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) return {};
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  if (bytes == 0) return {};
  return Checker(file.get(), path, bytes, map_bytes).Run();
}

}  // namespace backend
