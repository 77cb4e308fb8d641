#pragma once

#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/backend/batch.h"
#include "storage/snap/record_stream.h"
#include "storage/snap/source.h"

namespace image {

// Commits everything that `source` has to `database`, which has no records yet, in its order and in
// batches of some megabytes: so much is in memory, or the largest record. After an error any part
// may be there.
//
// kFailedPrecondition, naming it, for content that this version cannot serve: users, roles, leases,
// authentication that is enabled, a bucket that is not of the schema. What the records of a bucket
// mean is checked by those who read it: apply::State::Open.
base::Status ImportDatabase(snap::Source& source, backend::Backend& database);

// The same of records that come one by one. One thread at a time, which blocks on the disk.
class DatabaseFiller final : public snap::RecordStreamReader::Sink {
 public:
  // `database` outlives this and has no records yet.
  explicit DatabaseFiller(backend::Backend* database) : database_(*database) {}

  // Each may commit what has gathered.
  base::Status OnBucket(base::ByteView name) override;
  base::Status OnRecord(const snap::Record& record) override;
  // Commits the rest.
  base::Status Finish();

  // That were not committed yet.
  size_t gathered_bytes() const { return batch_.bytes(); }

 private:
  backend::Backend& database_;
  backend::BucketId bucket_ = 0;
  backend::Batch batch_;
};

}  // namespace image
