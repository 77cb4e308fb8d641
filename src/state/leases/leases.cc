#include "state/leases/leases.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/errors.h"
#include "base/wire.h"
#include "state/leases/planted.h"
#include "storage/schema/schema.h"

namespace leases {
namespace {

// Of leasepb.Lease.
struct Field {
  enum : uint32_t { kId = 1, kTtl = 2, kRemainingTtl = 3 };
};

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kLease);

using RecordKey = std::array<char, sizeof(int64_t)>;

RecordKey KeyOf(base::LeaseId id) {
  RecordKey key;
  base::Store64Be(key.data(), static_cast<uint64_t>(id.value()));
  return key;
}

base::ByteView View(const RecordKey& key) {
  return {key.data(), key.size()};
}

base::Bytes Encode(const Lease& lease) {
  base::Bytes record;
  base::WireWriter writer(&record);
  writer.VarintIfSet(Field::kId, static_cast<uint64_t>(lease.id.value()));
  writer.VarintIfSet(Field::kTtl, static_cast<uint64_t>(lease.ttl));
  writer.VarintIfSet(Field::kRemainingTtl, static_cast<uint64_t>(lease.remaining_ttl));
  return record;
}

base::Result<Lease> Parse(base::ByteView key, base::ByteView record) {
  Lease lease;
  base::WireReader reader(record);
  while (reader.Next()) {
    if (reader.field() == Field::kId) {
      lease.id = base::LeaseId(static_cast<int64_t>(reader.varint()));
    }
    if (reader.field() == Field::kTtl) lease.ttl = static_cast<int64_t>(reader.varint());
    if (reader.field() == Field::kRemainingTtl) {
      lease.remaining_ttl = static_cast<int64_t>(reader.varint());
    }
  }
  const bool is_valid = reader.ok() && lease.id != base::LeaseId() && key == View(KeyOf(lease.id));
  if (!is_valid) return base::Status(base::Code::kDataLoss, "bucket lease: a record is no lease");
  return lease;
}

}  // namespace

base::Result<Leases> Leases::Load(backend::Reader& reader, int64_t ttl_min,
                                  backend::WriteBuffer* buffer) {
  Leases leases(ttl_min, buffer);
  const auto cursor = reader.NewCursor(kBucket);
  RETURN_IF_ERROR(cursor->Seek({}));
  while (cursor->valid()) {
    ASSIGN_OR_RETURN(const Lease lease, Parse(cursor->key(), cursor->value()));
    leases.leases_[lease.id] = {std::max(lease.ttl, ttl_min), lease.remaining_ttl};
    RETURN_IF_ERROR(cursor->Next());
  }
  return leases;
}

std::optional<Lease> Leases::Find(base::LeaseId id) const {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return std::nullopt;
  return Lease{id, found->second.ttl, found->second.remaining_ttl};
}

std::vector<Lease> Leases::All() const {
  std::vector<Lease> all;
  all.reserve(leases_.size());
  for (const auto& [id, terms] : leases_) all.push_back({id, terms.ttl, terms.remaining_ttl});
  return all;
}

std::vector<base::LeaseId> Leases::IdsAfter(std::optional<base::LeaseId> last, size_t count) const {
  std::vector<base::LeaseId> ids;
  auto at = last.has_value() ? leases_.upper_bound(*last) : leases_.begin();
  for (; at != leases_.end() && ids.size() < count; ++at) ids.push_back(at->first);
  return ids;
}

std::vector<base::Bytes> Leases::Keys(base::LeaseId id) const {
  std::vector<base::Bytes> keys;
  ForEachKey(id, [&keys](base::ByteView key) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

void Leases::ForEachKey(base::LeaseId id,
                        const std::function<bool(base::ByteView key)>& next) const {
  for (auto at = attachments_.lower_bound(AttachmentView{id, {}});
       at != attachments_.end() && at->id == id; ++at) {
    if (!next(at->key)) return;
  }
}

base::Result<Lease> Leases::Grant(base::LeaseId id, int64_t ttl) {
  if (id == base::LeaseId()) return base::Status(base::errors::kLeaseNotFound);
  if (ttl > kTtlMax) return base::Status(base::errors::kLeaseTtlTooLarge);
  const Lease lease{id, std::max(ttl, ttl_min_)};
  if (!leases_.try_emplace(id, Terms{lease.ttl, 0}).second) {
    return base::Status(base::errors::kLeaseExists);
  }
  Save(lease);
  return lease;
}

void Leases::Revoke(base::LeaseId id) {
  CHECK_EQ(leases_.erase(id), 1u);
  buffer_->Delete(kBucket, View(KeyOf(id)));
}

void Leases::Checkpoint(base::LeaseId id, int64_t remaining_ttl, bool kept) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return;
  found->second.remaining_ttl = remaining_ttl;
  if (kept) Save({id, found->second.ttl, remaining_ttl});
}

void Leases::Save(const Lease& lease) {
  buffer_->Put(kBucket, View(KeyOf(lease.id)), Encode(lease));
}

// Compat: a key may name a lease that does not exist, in a database that an old etcd has left. It
// stays as it is, without a lease that could end it.
void Leases::Attach(base::LeaseId id, base::ByteView key) {
  if (!Exists(id)) return;
  if (base::Planted(PlantedBug::kSomeAreNotAttached) && key.size() % 2 == 0) return;
  attachments_.insert({id, base::Bytes(key)});
}

void Leases::Detach(base::LeaseId id, base::ByteView key) {
  if (base::Planted(PlantedBug::kDetachIsForgotten)) return;
  const auto found = attachments_.find(AttachmentView{id, key});
  if (found != attachments_.end()) attachments_.erase(found);
}

}  // namespace leases
