#include "storage/schema/storage_version.h"

#include <charconv>
#include <compare>
#include <optional>
#include <string>

#include "storage/schema/schema.h"

namespace schema {
namespace {

struct Minor {
  uint32_t major = 0;
  uint32_t minor = 0;

  friend auto operator<=>(const Minor&, const Minor&) = default;
};

// Of "MAJOR.MINOR.PATCH", of which the patch may be anything.
std::optional<Minor> ParseMinor(std::string_view text) {
  Minor parsed;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, parsed.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, parsed.minor);
  if (minor.ec != std::errc() || minor.ptr == end || *minor.ptr != '.') return std::nullopt;
  return parsed;
}

}  // namespace

bool NamesSchema(std::string_view cluster_version) {
  const std::optional<Minor> minor = ParseMinor(cluster_version);
  return minor.has_value() && *minor >= Minor{3, 6};
}

base::Status EnsureStorageVersion(std::string_view version, backend::Backend* database) {
  std::string wanted(version);
  {
    ASSIGN_OR_RETURN(const auto reader, database->NewReader());
    ASSIGN_OR_RETURN(const auto cluster, reader->Get(Id(Bucket::kCluster), kClusterVersion));
    if (cluster.has_value() && NamesSchema(*cluster) &&
        *ParseMinor(*cluster) < *ParseMinor(version)) {
      wanted = *cluster;
    }
    ASSIGN_OR_RETURN(const auto found, reader->Get(Id(Bucket::kMeta), kStorageVersion));
    if (found == wanted) return {};
    if (found.has_value()) {
      const std::optional<Minor> minor = ParseMinor(*found);
      if (!minor.has_value() || *minor > *ParseMinor(version)) {
        return {base::Code::kFailedPrecondition, "a database of storage version \"" +
                                                     std::string(*found) +
                                                     "\" is not supported by this version"};
      }
    }
  }
  backend::Batch batch;
  batch.Put(Id(Bucket::kMeta), kStorageVersion, wanted);
  return database->Commit(batch);
}

}  // namespace schema
