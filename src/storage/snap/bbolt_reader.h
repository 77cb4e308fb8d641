#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/snap/bbolt_page_reader.h"
#include "storage/snap/bbolt_tree_cursor.h"
#include "storage/snap/source.h"

namespace snap {

// Reads a bbolt file front to back: a database of etcd, or a snapshot. Nothing is believed
// unchecked: metas by their checksum, pages and elements by their bounds, keys by their order, and
// no page is reached twice between two calls of Rewind. What does not hold is kDataLoss, naming
// file, page and offset. Buckets inside buckets, which etcd has none of, are refused the same way.
//
// In memory: a bit a page, and the pages on the way to the current record. One thread at a time,
// which blocks on the disk.
class BboltReader final : public Source {
 public:
  // The database is the first `file_bytes` bytes of `file`, which outlives this and does not
  // change meanwhile. `path` is how errors call the file.
  static base::Result<std::unique_ptr<BboltReader>> Open(const runtime::File* file,
                                                         std::string path, uint64_t file_bytes);

  BboltReader(const BboltReader&) = delete;
  BboltReader& operator=(const BboltReader&) = delete;

  base::Status Rewind() override;
  base::Result<std::optional<base::ByteView>> NextBucket() override;
  base::Result<std::optional<Record>> NextRecord() override;

  // Has NextRecord go through the records of the bucket `name` from the last one back; false if
  // there is none of that name. Rewinds first.
  base::Result<bool> StartBackward(base::ByteView name);

  // Reads everything, and holds the freelist, if there is one, against it. Rewinds.
  base::Status Check();

  // Is told while pages are read how many bytes have been read since the last Rewind, and how many
  // there are. Those of free pages are never read.
  void ReportTo(std::function<void(uint64_t done, uint64_t total)> on_progress) {
    pages_.ReportTo(std::move(on_progress));
  }

  const Meta& meta() const { return pages_.meta(); }

 private:
  explicit BboltReader(BboltPageReader pages) : pages_(std::move(pages)) {}

  base::Status StartRecords(BboltTreeCursor::Direction direction);

  BboltPageReader pages_;
  BboltTreeCursor buckets_{&pages_};
  BboltTreeCursor records_{&pages_};
};

}  // namespace snap
