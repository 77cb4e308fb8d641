#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "state/kv/lessor.h"
#include "state/leases/lease.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace leases {

// The leases that are granted, in memory and, through the write buffer, in the database; and the
// keys that are with them, in memory alone, since each key's record names its lease. Belongs to the
// apply loop; changes are parts of the entry being applied.
class Leases final : public kv::Lessor {
 public:
  // The leases of the database; whose keys are with which is told by Attach. Shorter ones than
  // `ttl_min` seconds become as long. kDataLoss for a record that cannot be believed. `buffer`
  // outlives this.
  static base::Result<Leases> Load(backend::Reader& reader, int64_t ttl_min,
                                   backend::WriteBuffer* buffer);
  Leases(Leases&&) = default;
  Leases& operator=(Leases&&) = default;

  size_t size() const { return leases_.size(); }
  std::optional<Lease> Find(base::LeaseId id) const;
  // Ascending by id.
  std::vector<Lease> All() const;
  // The first `count` ids beyond `last`, or of all.
  std::vector<base::LeaseId> IdsAfter(std::optional<base::LeaseId> last, size_t count) const;
  // The keys that are with a lease, ascending.
  std::vector<base::Bytes> Keys(base::LeaseId id) const;
  // The same one by one, until `next` returns false. The bytes are valid during the call.
  void ForEachKey(base::LeaseId id, const std::function<bool(base::ByteView key)>& next) const;

  // Refused with kLeaseNotFound for the id 0, kLeaseTtlTooLarge or kLeaseExists. Returns the lease,
  // whose `ttl` is at least the smallest allowed.
  base::Result<Lease> Grant(base::LeaseId id, int64_t ttl);
  // The lease exists, and no key is with it any more.
  void Revoke(base::LeaseId id);
  // Without effect for a lease that does not exist. A restart knows of it only if it is `kept`.
  void Checkpoint(base::LeaseId id, int64_t remaining_ttl, bool kept);

  // kv::Lessor
  bool Exists(base::LeaseId id) const override { return leases_.contains(id); }
  void Attach(base::LeaseId id, base::ByteView key) override;
  void Detach(base::LeaseId id, base::ByteView key) override;

 private:
  struct Terms {
    int64_t ttl;
    int64_t remaining_ttl;
  };
  // A key that is with a lease. All of one lease are neighbours, in their order.
  struct Attachment {
    base::LeaseId id;
    base::Bytes key;
  };
  struct AttachmentView {
    base::LeaseId id;
    base::ByteView key;
  };
  struct Order {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.id != b.id ? a.id < b.id : base::ByteView(a.key) < base::ByteView(b.key);
    }
  };

  Leases(int64_t ttl_min, backend::WriteBuffer* buffer) : ttl_min_(ttl_min), buffer_(buffer) {}

  void Save(const Lease& lease);

  int64_t ttl_min_;
  backend::WriteBuffer* buffer_;
  std::map<base::LeaseId, Terms> leases_;
  // Why one tree for all leases: most have one key, and a container each would take more than it.
  std::set<Attachment, Order> attachments_;
};

}  // namespace leases
