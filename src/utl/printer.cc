#include "utl/printer.h"

#include <charconv>

#include "base/go_text.h"
#include "base/human_bytes.h"
#include "base/json_string.h"
#include "cli/table.h"

namespace utl {
namespace {

// One answer: how tables call its parts, how fields do, how JSON does; and what they are.
struct Part {
  std::string title;
  std::string field;
  std::string json;
  std::string text;   // for people
  std::string exact;  // in fields
  bool is_text = false;
};
using Parts = std::vector<Part>;

std::string Hex(uint32_t number) {
  char text[8];
  const auto end = std::to_chars(text, text + sizeof text, number, 16).ptr;
  return {text, end};
}

Parts PartsOf(const SnapshotStatus& status) {
  const auto number = [](auto value) { return std::to_string(value); };
  return {{"hash", "Hash", "hash", Hex(status.hash), number(status.hash)},
          {"revision", "Revision", "revision", number(status.revision), number(status.revision)},
          {"total keys", "Keys", "totalKey", number(status.total_keys), number(status.total_keys)},
          {"total size", "Size", "totalSize", base::HumanBytes(status.total_bytes),
           number(status.total_bytes)},
          {"version", "Version", "version", status.version, status.version, /*is_text=*/true}};
}

Parts PartsOf(const mvcc::KeyValueHash& hash) {
  const auto part = [](const char* title, const char* field, const char* json, auto value) {
    return Part{title, field, json, std::to_string(value), std::to_string(value)};
  };
  return {part("hash", "Hash", "hash", hash.hash),
          part("hash revision", "Hash revision", "hashRevision", hash.revision),
          part("compact revision", "Compact revision", "compactRevision", hash.compact_revision)};
}

std::string Joined(const Parts& parts, std::string Part::*member, std::string_view separator) {
  std::vector<std::string> texts;
  for (const Part& part : parts) texts.push_back(part.*member);
  return base::Join(texts, separator);
}

std::string Json(const Parts& parts) {
  std::string json;
  for (const Part& part : parts) {
    json += (json.empty() ? "{\"" : ",\"") + part.json +
            "\":" + (part.is_text ? base::JsonString(part.exact) : part.exact);
  }
  return json + "}\n";
}

std::string Fields(const Parts& parts) {
  std::string text;
  for (const Part& part : parts) text += "\"" + part.field + "\" : " + part.exact + "\n";
  return text;
}

std::string Table(const Parts& parts) {
  cli::Rows rows{{}, {{}}};
  for (const Part& part : parts) {
    rows.header.push_back(part.title);
    rows.rows.front().push_back(part.text);
  }
  return cli::RenderTable(rows);
}

cli::Outcome ShowParts(const cli::Invocation& invocation, const Parts& parts) {
  const std::string& format = invocation.flags.GetString("write-out");
  if (format == "protobuf") {
    return cli::Failed(cli::kExitBadFeature, "protobuf not supported as output format");
  }
  cli::Print(invocation.out, format == "json"     ? Json(parts)
                             : format == "fields" ? Fields(parts)
                             : format == "table"  ? Table(parts)
                                                  : Joined(parts, &Part::text, ", ") + "\n");
  return {};
}

}  // namespace

cli::Outcome CheckFormat(const cli::Invocation& invocation) {
  const std::string& format = invocation.flags.GetString("write-out");
  for (const char* const known : {"simple", "fields", "json", "protobuf", "table"}) {
    if (format == known) return {};
  }
  return cli::Failed(cli::kExitBadFeature, "unsupported output format");
}

cli::Outcome Show(const cli::Invocation& invocation, const SnapshotStatus& status) {
  return ShowParts(invocation, PartsOf(status));
}

cli::Outcome Show(const cli::Invocation& invocation, const mvcc::KeyValueHash& hash) {
  return ShowParts(invocation, PartsOf(hash));
}

}  // namespace utl
