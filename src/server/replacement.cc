#include "server/replacement.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "server/note_file.h"
#include "server/planted.h"

namespace server {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kUrlBytesMax = 1024;

base::Status Invalid(std::string_view what) {
  return {base::Code::kInvalidArgument, "no replacement of a member: " + std::string(what)};
}

// 0 for what is no identifier.
uint64_t IdIn(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return 0;
  const auto& text = found->get_ref<const std::string&>();
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  const bool is_id = error == std::errc() && members::HexText(id) == text;
  return is_id ? id : 0;
}

bool IsUrls(const Json& json) {
  if (!json.is_array() || json.empty() || json.size() > kReplacementUrlsMax) return false;
  for (const Json& url : json) {
    if (!url.is_string() || url.get_ref<const std::string&>().size() > kUrlBytesMax) return false;
  }
  return true;
}

std::string NotePath(const Options& options) {
  return runtime::JoinPath(options.data_dir, "replacement");
}

}  // namespace

Replacement NewReplacement(const members::Member& member, base::ClusterId cluster,
                           runtime::WallTime now) {
  return {.cluster = cluster,
          .member = member.id,
          .successor = members::InitialMemberId(
              member.peer_urls, "replaces " + members::HexText(member.id.value()) + " at " +
                                    std::to_string(now.unix_nanos)),
          .is_voter = !member.is_learner,
          .name = member.name.substr(0, kReplacementNameBytesMax),
          .peer_urls = member.peer_urls};
}

std::string ToJson(const Replacement& replacement) {
  const Json json = {{"cluster", members::HexText(replacement.cluster.value())},
                     {"member", members::HexText(replacement.member.value())},
                     {"successor", members::HexText(replacement.successor.value())},
                     {"voter", replacement.is_voter},
                     {"name", replacement.name},
                     {"peerURLs", replacement.peer_urls}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Result<Replacement> ReplacementFromJson(base::ByteView text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Invalid("it is no JSON object");
  Replacement replacement{.cluster = base::ClusterId(IdIn(json, "cluster")),
                          .member = base::MemberId(IdIn(json, "member")),
                          .successor = base::MemberId(IdIn(json, "successor")),
                          .name = {},
                          .peer_urls = {}};
  if (replacement.cluster == base::ClusterId()) return Invalid("it names no cluster");
  if (replacement.member == base::MemberId()) return Invalid("it names no member");
  if (replacement.successor == base::MemberId() || replacement.successor == replacement.member) {
    return Invalid("it names no successor");
  }
  const auto voter = json.find("voter");
  if (voter == json.end() || !voter->is_boolean()) return Invalid("voter is no boolean");
  replacement.is_voter = voter->get<bool>();
  const auto name = json.find("name");
  if (name == json.end() || !name->is_string() ||
      name->get_ref<const std::string&>().size() > kReplacementNameBytesMax) {
    return Invalid("its name is none, or too long");
  }
  replacement.name = name->get<std::string>();
  const auto urls = json.find("peerURLs");
  if (urls == json.end() || !IsUrls(*urls)) return Invalid("its peer URLs are none");
  replacement.peer_urls = urls->get<std::vector<std::string>>();
  return replacement;
}

Joining JoiningOf(const Replacement& replacement) {
  if (base::Planted(PlantedBug::kReplacedKeepsItsId)) {
    return {replacement.member, replacement.cluster};
  }
  return {replacement.successor, replacement.cluster};
}

base::Status WriteReplacement(runtime::Disk& disk, const Options& options,
                              const Replacement& replacement) {
  return WriteNoteFile(disk, NotePath(options), ToJson(replacement) + "\n");
}

base::Result<std::optional<Replacement>> ReadReplacement(runtime::Disk& disk,
                                                         const Options& options) {
  const std::string path = NotePath(options);
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) return std::optional<Replacement>();
  ASSIGN_OR_RETURN(const base::Bytes text, runtime::ReadFile(disk, path));
  base::Result<Replacement> replacement = ReplacementFromJson(text);
  if (!replacement.ok()) {
    return base::Status(replacement.status().code(),
                        path + ": " + std::string(replacement.status().message()));
  }
  return std::optional(*std::move(replacement));
}

base::Status RemoveReplacement(runtime::Disk& disk, const Options& options) {
  return RemoveNoteFile(disk, NotePath(options));
}

}  // namespace server
