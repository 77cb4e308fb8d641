#include "server/forgotten.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/crc32c.h"
#include "server/data_directory.h"
#include "server/note_file.h"
#include "state/members/member.h"

namespace server {
namespace {

using Json = nlohmann::ordered_json;

// 0 for what is none.
uint64_t NumberOf(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return error == std::errc() && members::HexText(number) == text ? number : 0;
}

std::string TextIn(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Forgotten> Parse(std::string_view text) {
  if (!text.ends_with('\n')) return std::nullopt;
  text.remove_suffix(1);
  const size_t end = text.rfind(' ');
  if (end == text.npos) return std::nullopt;
  const std::string_view said = text.substr(0, end);
  if (text.substr(end + 1) != members::HexText(base::Crc32c(said))) return std::nullopt;
  const Json json = Json::parse(said, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  return Forgotten{.owner = {.member = base::MemberId(NumberOf(TextIn(json, "member"))),
                             .cluster = base::ClusterId(NumberOf(TextIn(json, "cluster")))},
                   .why = TextIn(json, "why")};
}

}  // namespace

std::string ForgottenPath(const Options& options) {
  return runtime::JoinPath(Paths(options).member, "forgotten");
}

base::Status WriteForgotten(runtime::Disk& disk, const Options& options,
                            const Forgotten& forgotten) {
  const Json json = {{"cluster", members::HexText(forgotten.owner.cluster.value())},
                     {"member", members::HexText(forgotten.owner.member.value())},
                     {"why", forgotten.why}};
  const std::string said = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return WriteNoteFile(disk, ForgottenPath(options),
                       said + " " + members::HexText(base::Crc32c(said)) + "\n");
}

base::Status RemoveForgotten(runtime::Disk& disk, const Options& options) {
  return RemoveNoteFile(disk, ForgottenPath(options));
}

base::Result<std::optional<Forgotten>> ReadForgotten(runtime::Disk& disk, const Options& options) {
  const std::string path = ForgottenPath(options);
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) return std::optional<Forgotten>();
  ASSIGN_OR_RETURN(const base::Bytes text, runtime::ReadFile(disk, path));
  std::optional<Forgotten> forgotten = Parse(text);
  if (forgotten.has_value()) return forgotten;
  return base::Status(base::Code::kDataLoss,
                      path +
                          ": the note that the member has lost what it had acknowledged is "
                          "damaged");
}

base::Result<std::string> ForgottenBy(runtime::Disk& disk, const Options& options,
                                      const LogMetadata& owner) {
  const auto note = ReadForgotten(disk, options);
  if (note.status().code() == base::Code::kDataLoss) return std::string(note.status().message());
  RETURN_IF_ERROR(note.status());
  if (!note->has_value() || (*note)->owner != owner) return std::string();
  return ForgottenPath(options) + ": the member has lost what it had acknowledged (" +
         (*note)->why + ")";
}

}  // namespace server
