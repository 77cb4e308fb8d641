#include "storage/snap/bbolt_tree_builder.h"

#include <utility>

namespace snap {
namespace {

// How full pages are made, in percent: bbolt's choice when it copies a whole database. What is
// free spares a restored member the split of every page it writes to.
constexpr size_t kFillPercent = 90;
constexpr size_t kElementsMin = 2;

}  // namespace

BboltTreeBuilder::BboltTreeBuilder(BboltPageOutput* output, std::string name)
    : output_(*output), name_(std::move(name)) {
  levels_.emplace_back(kLeafPage);
}

base::Status BboltTreeBuilder::Add(base::ByteView key, base::ByteView value, uint32_t flags) {
  RETURN_IF_ERROR(CheckRecord(key, value));
  last_key_.assign(key);
  return AddTo(0, {.key = key, .value = value, .flags = flags});
}

base::Status BboltTreeBuilder::CheckRecord(base::ByteView key, base::ByteView value) const {
  if (key.empty() || key.size() > kKeyBytesMax || value.size() > kValueBytesMax) {
    return base::Status(base::Code::kInvalidArgument,
                        name_ + ": a snapshot cannot hold a key of " + std::to_string(key.size()) +
                            " bytes with a value of " + std::to_string(value.size()));
  }
  if (key <= last_key_) {
    return base::Status(base::Code::kDataLoss, name_ + ": the database's keys are out of order");
  }
  return {};
}

// Compat: bbolt too puts two elements on a page whatever their size, and lets it overflow. What
// an overflowing page leaves of its last page is used, since it would otherwise be lost.
bool BboltTreeBuilder::HasRoom(const BboltNode& node, const BboltNode::Element& element) const {
  if (node.count() < kElementsMin) return true;
  const size_t page_size = output_.page_size();
  const size_t whole_pages = (node.size() + page_size - 1) / page_size * page_size;
  const size_t limit = whole_pages > page_size ? whole_pages : page_size * kFillPercent / 100;
  return node.size() + BboltNode::SizeOf(element) <= limit;
}

base::Status BboltTreeBuilder::AddTo(size_t height, const BboltNode::Element& element) {
  if (height == levels_.size()) levels_.emplace_back(kBranchPage);
  Level& level = levels_[height];
  if (!HasRoom(level.open, element)) {
    if (level.full) RETURN_IF_ERROR(EmitChild(height, *level.full));
    level.full = std::exchange(level.open, BboltNode(height == 0 ? kLeafPage : kBranchPage));
  }
  level.open.Append(element);
  return {};
}

base::Status BboltTreeBuilder::EmitChild(size_t height, const BboltNode& node) {
  ASSIGN_OR_RETURN(const uint64_t id, output_.Emit(node));
  levels_[height].emitted_any = true;
  return AddTo(height + 1, {.key = node.first_key(), .child = id});
}

void BboltTreeBuilder::EvenOut(Level* level) {
  if (!level->full || level->open.count() >= kElementsMin) return;
  if (level->full->count() > kElementsMin) {
    level->full->MoveLastTo(&level->open);
    return;
  }
  level->full->AppendAll(&level->open);
  level->open = *std::exchange(level->full, std::nullopt);
}

std::optional<base::Bytes> BboltTreeBuilder::TakeInlineBucket() {
  const Level& leaves = levels_.front();
  if (levels_.size() > 1 || leaves.full || leaves.open.size() > output_.page_size() / 4) {
    return std::nullopt;
  }
  base::Bytes value;
  AppendBucket({}, &value);
  leaves.open.AppendTo(0, 0, &value);
  return value;
}

base::Result<uint64_t> BboltTreeBuilder::Finish() {
  for (size_t height = 0;; ++height) {
    Level& level = levels_[height];
    EvenOut(&level);
    if (!level.full && !level.emitted_any) return output_.Emit(level.open);
    if (level.full) RETURN_IF_ERROR(EmitChild(height, *level.full));
    RETURN_IF_ERROR(EmitChild(height, level.open));
  }
}

}  // namespace snap
