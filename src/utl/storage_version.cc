#include "utl/storage_version.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/go_text.h"
#include "storage/schema/schema.h"

namespace utl {
namespace {

using members::Version;

constexpr Version kFirst{3, 5, 0};          // that tells itself
constexpr Version kFirstWithText{3, 6, 0};  // in words
// Versions whose schema is another than that of the one before, or might be.
constexpr std::array kKnown = {kFirstWithText, Version{3, 7, 0}};

base::Status Misuse(const std::string& text) {
  return {base::Code::kInvalidArgument, text};
}
base::Status Refused(const std::string& text) {
  return {base::Code::kFailedPrecondition, text};
}

bool IsMeta(base::ByteView bucket) {
  return bucket == schema::kBucketNames[schema::Id(schema::Bucket::kMeta)];
}

base::Result<uint32_t> ParseNumber(const std::string& text) {
  const auto refused = [&](std::string_view why) {
    return Misuse("failed to parse target version: strconv.ParseInt: parsing " + base::Quote(text) +
                  ": " + std::string(why));
  };
  const base::Result<int64_t> number = base::ParseGoInt(text);
  if (!number.ok()) return refused(number.status().message());
  if (*number > std::numeric_limits<uint32_t>::max()) return refused("value out of range");
  return static_cast<uint32_t>(*number);
}

}  // namespace

base::Result<Version> ParseTargetVersion(const std::string& text) {
  if (std::count(text.begin(), text.end(), '.') != 1) {
    return Misuse("wrong target version format, expected \"X.Y\", got " + base::Quote(text));
  }
  // Compat: what is behind a sign is no part of the numbers, of which there are too few then.
  if (const size_t sign = text.find_first_of("+-"); sign != std::string::npos) {
    return Misuse("failed to parse target version: " + text.substr(0, sign) +
                  " is not in dotted-tri format");
  }
  const size_t dot = text.find('.');
  Version target;
  ASSIGN_OR_RETURN(target.major, ParseNumber(text.substr(0, dot)));
  ASSIGN_OR_RETURN(target.minor, ParseNumber(text.substr(dot + 1)));
  if (target < kFirst) {
    return Misuse("target version \"" + std::to_string(target.major) + "." +
                  std::to_string(target.minor) + "\" not supported. Minimal \"3.5\"");
  }
  return target;
}

base::Result<VersionMarks> ReadVersionMarks(snap::Source& source) {
  VersionMarks marks;
  RETURN_IF_ERROR(source.Rewind());
  while (true) {
    ASSIGN_OR_RETURN(const auto bucket, source.NextBucket());
    if (!bucket.has_value()) return marks;
    if (!IsMeta(*bucket)) continue;
    while (true) {
      ASSIGN_OR_RETURN(const auto record, source.NextRecord());
      if (!record.has_value()) break;
      if (record->key == schema::kStorageVersion) {
        marks.storage = members::ParseVersion(record->value);
      }
      if (record->key == schema::kTerm) {
        marks.has_term = record->value.find_first_not_of('\0') != base::ByteView::npos;
      }
    }
  }
}

base::Result<Version> DetectVersion(const VersionMarks& marks) {
  if (marks.storage.has_value()) return *marks.storage;
  if (!marks.has_term) return Refused("missing term information");
  return kFirst;
}

base::Result<std::vector<Version>> PlanMigration(Version from, Version to) {
  const auto refused = [](const std::string& why) {
    return Refused("cannot create migration plan: " + why);
  };
  if (from.major != to.major) return refused("changing major storage version is not supported");
  std::vector<Version> steps;
  for (Version at = from.Cluster(); at != to.Cluster();) {
    const bool is_upgrade = at < to;
    // The later one of two neighbours says what is different.
    const Version later{at.major, is_upgrade ? at.minor + 1 : at.minor, 0};
    if (std::find(kKnown.begin(), kKnown.end(), later) == kKnown.end()) {
      return refused("version \"" + later.ToString() + "\" is not supported");
    }
    at.minor = is_upgrade ? at.minor + 1 : at.minor - 1;
    steps.push_back(at);
  }
  return steps;
}

std::optional<std::string> StoredText(const Version& version) {
  if (version < kFirstWithText) return std::nullopt;
  return version.Cluster().ToString();
}

base::Status WithStorageVersion::Rewind() {
  is_due_ = false;
  has_next_ = false;
  return source_.Rewind();
}

base::Result<std::optional<base::ByteView>> WithStorageVersion::NextBucket() {
  has_next_ = false;
  ASSIGN_OR_RETURN(const auto name, source_.NextBucket());
  is_due_ = name.has_value() && IsMeta(*name);
  return name;
}

base::Result<std::optional<snap::Record>> WithStorageVersion::NextRecord() {
  if (std::exchange(has_next_, false)) return next_;
  ASSIGN_OR_RETURN(auto record, source_.NextRecord());
  if (!is_due_ || (record.has_value() && record->key < schema::kStorageVersion)) return record;
  is_due_ = false;
  if (record.has_value() && record->key == schema::kStorageVersion) {
    ASSIGN_OR_RETURN(record, source_.NextRecord());
  }
  if (!version_.has_value()) return record;
  has_next_ = true;
  next_ = record;
  return std::optional(snap::Record{schema::kStorageVersion, *version_});
}

}  // namespace utl
