#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/ids.h"
#include "runtime/time.h"
#include "storage/backend/batch.h"

namespace backend {

// Changes on their way from the apply loop to the database. Applying an entry never waits for the
// disk: changes gather in an open batch, which is cut between two entries and committed on the
// backend thread while the next one gathers. Belongs to the apply loop.
class WriteBuffer {
 public:
  struct Limits {
    // An open batch is due for its commit at this age or size, whichever comes first.
    runtime::Duration age_max = std::chrono::milliseconds(100);
    size_t operations_max = 10'000;
    size_t bytes_max = size_t{16} << 20;
    // With more than this not committed the buffer is full: apply pauses, and proposals are
    // refused with `too many requests`.
    size_t uncommitted_bytes_max = size_t{256} << 20;
  };
  // Adds the records that say how far the log is covered by a batch.
  using Stamp = base::Callback<void(base::Index index, base::Term term, Batch* batch)>;

  WriteBuffer(Limits limits, Stamp stamp) : limits_(limits), stamp_(std::move(stamp)) {}

  void Put(BucketId bucket, base::ByteView key, base::ByteView value);
  void Delete(BucketId bucket, base::ByteView key);
  // What was put and deleted since the last call is all that entry `index` changes; it may be
  // nothing. Indexes ascend.
  void EndEntry(base::Index index, base::Term term, runtime::TimePoint now);
  // The same for changes that no entry of the log makes, such as those of a compaction; they are
  // covered by the last index.
  void EndUnlogged(runtime::TimePoint now);

  bool within_entry() const { return within_entry_; }
  // Whether the open batch should be committed now. The first batch waits until the one before is
  // committed: one at a time.
  bool due(runtime::TimePoint now) const;
  // Whether there is a batch to cut at all, due or not.
  bool can_cut() const { return dirty_ && !within_entry_ && !out_; }
  bool full() const { return uncommitted_bytes_ > limits_.uncommitted_bytes_max; }

  // The open batch, stamped with the last index; not within an entry, not while another batch is
  // out. It must reach Backend::Commit and then Committed.
  std::unique_ptr<Batch> Cut();
  void Committed(std::unique_ptr<Batch> batch);

  // The last index in any batch that was cut and committed.
  base::Index durable_index() const { return durable_index_; }

 private:
  void Touch(runtime::TimePoint now);

  const Limits limits_;
  Stamp stamp_;
  std::unique_ptr<Batch> open_ = std::make_unique<Batch>();
  std::unique_ptr<Batch> spare_;
  bool within_entry_ = false;
  bool dirty_ = false;  // something ended since the last cut
  bool out_ = false;    // a batch is being committed
  runtime::TimePoint dirty_since_;
  size_t uncommitted_bytes_ = 0;
  base::Index index_;
  base::Term term_;
  base::Index cut_index_;
  base::Index durable_index_;
};

}  // namespace backend
