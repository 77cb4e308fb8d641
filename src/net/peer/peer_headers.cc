#include "net/peer/peer_headers.h"

#include <charconv>
#include <compare>

#include "state/members/member.h"

namespace peer {
namespace {

struct MinorVersion {
  unsigned major = 0;
  unsigned minor = 0;
  friend auto operator<=>(const MinorVersion&, const MinorVersion&) = default;
};

// "3.7.1", and what may follow it.
std::optional<MinorVersion> ParseVersion(base::ByteView text) {
  MinorVersion version;
  unsigned patch = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (unsigned* const part : {&version.major, &version.minor, &patch}) {
    const auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc()) return std::nullopt;
    at = next;
    if (part == &patch) break;
    if (at == end || *at != '.') return std::nullopt;
    ++at;
  }
  if (at != end && *at != '-' && *at != '+') return std::nullopt;
  return version;
}

std::optional<MinorVersion> VersionIn(const http::Headers& head, std::string_view field) {
  const auto text = head.Find(field);
  // Compat: before 2.1 etcd did not say its version.
  return ParseVersion(text.value_or("2.0.0"));
}

std::string Join(const std::vector<std::string>& urls) {
  std::string joined;
  for (const std::string& url : urls) {
    if (!joined.empty()) joined += ',';
    joined += url;
  }
  return joined;
}

}  // namespace

http::Headers RequestHead(std::string_view method, std::string_view path,
                          std::string_view authority, const Identity& self) {
  http::Headers head = {{":method", method},
                        {":path", path},
                        {":authority", authority},
                        {kFromField, members::HexText(self.id.value())},
                        {kVersionField, self.version},
                        {kMinClusterVersionField, self.min_cluster_version},
                        {kClusterField, members::HexText(self.cluster.value())},
                        {kPeerUrlsField, Join(self.peer_urls)}};
  if (!self.extensions.empty()) head.Add(kExtensionsField, members::ToText(self.extensions));
  return head;
}

std::optional<std::string_view> Incompatibility(const Identity& self, const http::Headers& head) {
  const auto version = VersionIn(head, kVersionField);
  const auto min_cluster_version = VersionIn(head, kMinClusterVersionField);
  if (!version.has_value() || !min_cluster_version.has_value() ||
      *version < ParseVersion(self.min_cluster_version) ||
      *min_cluster_version > ParseVersion(self.version)) {
    return kIncompatibleVersion;
  }
  if (head.Get(kClusterField) != members::HexText(self.cluster.value())) return kClusterMismatch;
  return std::nullopt;
}

bool SaysThatItTakesRecords(const http::Headers& head) {
  return head.Get(kSnapshotField) == kSnapshotAsRecords;
}

std::optional<uint64_t> ParseHexId(base::ByteView text) {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace peer
