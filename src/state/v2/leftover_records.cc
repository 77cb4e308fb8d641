#include "state/v2/leftover_records.h"

#include <utility>

#include "state/v2/records.h"
#include "state/v2/tree.h"
#include "storage/schema/schema.h"

namespace v2 {
namespace {

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kV2);

}  // namespace

void LeftoverRecords::Add(std::string path, const Node& directory) {
  if (!directory.children()) return;
  within_.push_back({std::make_shared<const std::string>(std::move(path)), directory.directory(),
                     directory.children()});
}

void LeftoverRecords::Erase(size_t count, backend::WriteBuffer* buffer,
                            const OnExpiring& on_expiring) {
  for (; count > 0 && !within_.empty(); --count) EraseOne(buffer, on_expiring);
  for (; count > 0 && !keys_.empty(); --count) {
    buffer->Delete(kBucket, keys_.back());
    keys_.pop_back();
  }
}

// Each branch is given up before what hangs on it, which is kept: nothing large is freed at once.
void LeftoverRecords::EraseOne(backend::WriteBuffer* buffer, const OnExpiring& on_expiring) {
  const Part part = std::move(within_.back());
  within_.pop_back();
  const Node& node = *part.branch->node();
  buffer->Delete(kBucket, records::NodeKey(part.directory, node.name()));
  for (const BranchRef* side : {&part.branch->left(), &part.branch->right()}) {
    if (*side) within_.push_back({part.path, part.directory, *side});
  }
  if (node.expiration() == 0 && !node.children()) return;
  std::string path = Join(*part.path, node.name());
  if (node.expiration() != 0) on_expiring(path, node);
  Add(std::move(path), node);
}

}  // namespace v2
