#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "state/members/versions.h"
#include "storage/snap/source.h"

// The version of a database's schema, as `etcdutl migrate` of 3.7 reads and changes it.

namespace utl {

// "3.6", at least 3.5. kInvalidArgument with etcd's text.
base::Result<members::Version> ParseTargetVersion(const std::string& text);

// What a database says of its version, or would have it be told by.
struct VersionMarks {
  std::optional<members::Version> storage;  // since 3.6
  bool has_term = false;                    // since 3.5
};
// Those of an etcd's database. Reads all of bucket `meta`.
base::Result<VersionMarks> ReadVersionMarks(snap::Source& source);
// kFailedPrecondition with etcd's text if they tell nothing.
base::Result<members::Version> DetectVersion(const VersionMarks& marks);

// The versions that a migration goes through, `to` last; none if that is `from`. Patches do not
// count. kFailedPrecondition with etcd's text for one whose schema is not known.
base::Result<std::vector<members::Version>> PlanMigration(members::Version from,
                                                          members::Version to);

// What stands in the database under that version; nothing before 3.6.
std::optional<std::string> StoredText(const members::Version& version);

// The records of another source, which outlives this, with another storage version or with none.
class WithStorageVersion final : public snap::Source {
 public:
  WithStorageVersion(snap::Source* source, std::optional<std::string> version)
      : source_(*source), version_(std::move(version)) {}

  base::Status Rewind() override;
  base::Result<std::optional<base::ByteView>> NextBucket() override;
  base::Result<std::optional<snap::Record>> NextRecord() override;

 private:
  snap::Source& source_;
  const std::optional<std::string> version_;
  bool is_due_ = false;  // in bucket `meta`, before its place
  // What the source has behind that place, while `has_next_`; nothing: it has no more.
  bool has_next_ = false;
  std::optional<snap::Record> next_;
};

}  // namespace utl
