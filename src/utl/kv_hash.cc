#include "utl/kv_hash.h"

#include <string_view>

#include "storage/backend/write_buffer.h"
#include "storage/mvcc/reads.h"
#include "storage/mvcc/store.h"

namespace utl {

base::Result<mvcc::KeyValueHash> HashOf(offline::Files& files, backend::Backend* database,
                                        base::Revision at) {
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  ASSIGN_OR_RETURN(const auto store, mvcc::Store::Open(database, &buffer, &files.clock(), {},
                                                       [](base::ByteView, base::LeaseId) {}));
  mvcc::Reads reads(store.get());
  const auto hash = reads.HashKv(at);
  // What a member says of a revision, without saying that it is one.
  constexpr std::string_view kMember = "etcdserver: ";
  const std::string_view why = hash.status().message();
  if (hash.ok() || !why.starts_with(kMember)) return hash;
  return base::Status(hash.status().code(), why.substr(kMember.size()));
}

}  // namespace utl
