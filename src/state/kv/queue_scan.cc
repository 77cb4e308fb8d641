#include "state/kv/queue_scan.h"

#include <memory>
#include <vector>

#include "state/kv/stored_pair.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/key_value.h"

namespace kv {
namespace {

// In one step, and while the index is held.
constexpr size_t kStepKeys = 1024;
constexpr size_t kSliceKeys = 128;

}  // namespace

// The last byte of the prefix is a slash.
std::string QueueScan::EndOf(std::string prefix) {
  ++prefix.back();
  return prefix;
}

bool QueueScan::IsBetter(int64_t create_revision) const {
  if (before_ == base::Revision()) return found_ == 0 || create_revision < found_;
  return create_revision < before_.value() && create_revision > found_;
}

base::Result<bool> QueueScan::Step(mvcc::Reads& reads) {
  ASSIGN_OR_RETURN(const std::unique_ptr<mvcc::ReadPin> pin, reads.Pin({}));
  if (resume_.empty()) {
    began_ = pin->revision();
    resume_ = prefix_;
  }
  for (size_t looked = 0; looked < kStepKeys; looked += kSliceKeys) {
    const mvcc::KeyRange rest = {.begin = resume_, .end = end_, .open_end = false};
    std::vector<mvcc::KeyValue> keys;
    ASSIGN_OR_RETURN(const bool more, pin->SliceKeys(rest, kSliceKeys, &keys));
    for (const mvcc::KeyValue& each : keys) {
      if (!IsBetter(each.create_revision)) continue;
      found_ = each.create_revision;
      key_ = std::string(each.key);
    }
    if (!more) return true;
    resume_ = std::string(keys.back().key) + '\0';
  }
  return false;
}

base::Result<QueuePlace> ReadPlace(mvcc::Reads& reads, const std::string& key,
                                   int64_t create_revision) {
  ASSIGN_OR_RETURN(const std::unique_ptr<mvcc::ReadPin> pin, reads.Pin({}));
  QueuePlace place = {.at = pin->revision(), .pair = {}};
  ASSIGN_OR_RETURN(const std::optional<base::ByteView> pair, pin->Get(key));
  if (!pair.has_value()) return place;
  ASSIGN_OR_RETURN(const mvcc::KeyValue kv, ParsePair(*pair));
  if (kv.create_revision == create_revision) place.pair.emplace(*pair);
  return place;
}

}  // namespace kv
