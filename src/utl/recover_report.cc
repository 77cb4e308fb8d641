#include "utl/recover_report.h"

#include <utility>

#include "base/go_text.h"
#include "base/human_bytes.h"
#include "base/json_string.h"
#include "cli/table.h"

namespace utl {
namespace {

// One fact: how tables call it, how fields do, how JSON does; and what it is.
struct Fact {
  std::string title;
  std::string field;
  std::string json;
  std::string text;      // for people
  std::string exact;     // in fields and JSON; empty: null
  bool is_text = false;  // in quotes
};
using Facts = std::vector<Fact>;

Fact Text(const char* title, const char* field, const char* json, const std::string& value) {
  return {title, field, json, value, value, /*is_text=*/true};
}
template <typename T>
Fact Number(const char* title, const char* field, const char* json, T value) {
  return {title, field, json, std::to_string(value), std::to_string(value)};
}
Fact Id(const char* title, const char* field, const char* json, uint64_t id) {
  return Text(title, field, json, id == 0 ? "" : members::HexText(id));
}

std::string DamagedParts(const Survivor& survivor) {
  std::vector<std::string> parts;
  if (!survivor.log_damage.empty()) parts.emplace_back("log");
  if (!survivor.database_damage.empty()) parts.emplace_back("database");
  return parts.empty() ? "none" : base::Join(parts, "+");
}

Fact HashOf(const Survivor& survivor) {
  if (survivor.hash.has_value() && survivor.hash->ok()) {
    return Number("hash", "Hash", "hash", survivor.hash->value().hash);
  }
  return {"hash", "Hash", "hash", survivor.hash.has_value() ? "compacted" : "", ""};
}

Facts FactsOf(const Survivor& survivor) {
  const int64_t hashed =
      survivor.hash.has_value() && survivor.hash->ok() ? survivor.hash->value().revision : 0;
  return {Text("directory", "Directory", "directory", survivor.data_dir),
          Text("of", "Of", "of", survivor.is_of_etcd ? "etcd" : "cornerstore"),
          Id("id", "MemberID", "memberID", survivor.member.value()),
          Text("name", "Name", "name", survivor.name()),
          Id("cluster", "ClusterID", "clusterID", survivor.cluster.value()),
          Number("term", "Term", "term", survivor.term.value()),
          Id("vote", "Vote", "vote", survivor.vote.value()),
          Number("commit", "CommitIndex", "commitIndex", survivor.commit.value()),
          Number("last entry", "LastIndex", "lastIndex", survivor.last().index.value()),
          Number("of term", "LastTerm", "lastTerm", survivor.last().term.value()),
          Number("consistent index", "ConsistentIndex", "consistentIndex",
                 survivor.consistent_index.value()),
          Number("revision", "Revision", "revision", survivor.revision),
          Number("keys", "Keys", "totalKey", survivor.keys),
          {"size", "Size", "totalSize", base::HumanBytes(survivor.bytes),
           std::to_string(survivor.bytes)},
          HashOf(survivor),
          Number("at revision", "HashRevision", "hashRevision", hashed),
          Text("damage", "Damage", "damage", DamagedParts(survivor))};
}

Facts FactsOf(const members::Member& member) {
  return {Id("id", "MemberID", "memberID", member.id.value()),
          Text("name", "Name", "name", member.name),
          Text("peer addrs", "PeerURLs", "peerURLs", base::Join(member.peer_urls, ",")),
          Text("client addrs", "ClientURLs", "clientURLs", base::Join(member.client_urls, ",")),
          {"is learner", "IsLearner", "isLearner", member.is_learner ? "true" : "false",
           member.is_learner ? "true" : "false"}};
}

std::string ValueOf(const Fact& fact) {
  if (fact.is_text) return base::JsonString(fact.exact);
  return fact.exact.empty() ? "null" : fact.exact;
}

// Without the brace at its end.
std::string OpenObject(const Facts& facts) {
  std::string json;
  for (const Fact& fact : facts) {
    json += (json.empty() ? "{" : ",") + base::JsonString(fact.json) + ":" + ValueOf(fact);
  }
  return json;
}

std::string Array(const std::vector<std::string>& elements) {
  return "[" + base::Join(elements, ",") + "]";
}

std::string Json(const Survivor& survivor) {
  std::vector<std::string> members;
  for (const members::Member& member : survivor.members) {
    members.push_back(OpenObject(FactsOf(member)) + "}");
  }
  return OpenObject(FactsOf(survivor)) + ",\"logDamage\":" + base::JsonString(survivor.log_damage) +
         ",\"databaseDamage\":" + base::JsonString(survivor.database_damage) +
         ",\"mendedDamage\":" + base::JsonString(survivor.mended_damage) +
         ",\"members\":" + Array(members) + "}";
}

std::string Json(const EndpointAnswer& answer) {
  return OpenObject({Text("", "", "endpoint", answer.endpoint), Text("", "", "error", answer.error),
                     Id("", "", "clusterID", answer.cluster.value()),
                     Id("", "", "memberID", answer.member.value()),
                     Id("", "", "leader", answer.leader.value())}) +
         "}";
}

// What is to be said in sentences.
std::vector<std::string> LinesOf(const RecoverReport& report) {
  std::vector<std::string> lines;
  for (const Survivor& survivor : report.survivors) {
    for (const std::string& damage : {survivor.log_damage, survivor.database_damage}) {
      if (!damage.empty()) lines.push_back(survivor.data_dir + " is damaged: " + damage);
    }
    if (!survivor.mended_damage.empty()) {
      lines.push_back(survivor.data_dir + " is damaged where its database has what was there: " +
                      survivor.mended_damage);
    }
  }
  lines.insert(lines.end(), report.verdict.lines.begin(), report.verdict.lines.end());
  lines.insert(lines.end(), report.quorum.lines.begin(), report.quorum.lines.end());
  if (!report.quorum.quorum.empty()) {
    lines.push_back("A quorum is alive: " + report.quorum.quorum + ".");
  }
  return lines;
}

std::string Json(const RecoverReport& report) {
  std::vector<std::string> survivors;
  for (const Survivor& survivor : report.survivors) survivors.push_back(Json(survivor));
  std::vector<std::string> endpoints;
  for (const EndpointAnswer& answer : report.answers) endpoints.push_back(Json(answer));
  std::vector<std::string> lines;
  for (const std::string& line : LinesOf(report)) lines.push_back(base::JsonString(line));
  const auto& chosen = report.verdict.chosen;
  return "{\"survivors\":" + Array(survivors) + ",\"mostAdvanced\":" +
         (chosen.has_value() ? base::JsonString(report.survivors[*chosen].data_dir) : "null") +
         ",\"endpoints\":" + Array(endpoints) +
         ",\"quorum\":" + (report.quorum.quorum.empty() ? "false" : "true") +
         ",\"findings\":" + Array(lines) + "}\n";
}

std::string Fields(const Facts& facts) {
  std::string text;
  for (const Fact& fact : facts) {
    text +=
        "\"" + fact.field + "\" : " + (fact.is_text ? base::Quote(fact.exact) : fact.text) + "\n";
  }
  return text;
}

std::string Fields(const RecoverReport& report) {
  std::string text;
  for (const Survivor& survivor : report.survivors) {
    text += Fields(FactsOf(survivor));
    for (const members::Member& member : survivor.members) text += Fields(FactsOf(member));
    text += "\n";
  }
  for (const std::string& line : LinesOf(report)) {
    text += "\"Finding\" : " + base::Quote(line) + "\n";
  }
  return text;
}

void AddRow(const Facts& facts, cli::Rows* rows) {
  rows->header.clear();
  rows->rows.emplace_back();
  for (const Fact& fact : facts) {
    rows->header.push_back(fact.title);
    rows->rows.back().push_back(fact.text);
  }
}

struct Tables {
  cli::Rows survivors;
  cli::Rows members;
};

Tables TablesOf(const RecoverReport& report) {
  Tables tables;
  for (const Survivor& survivor : report.survivors) {
    AddRow(FactsOf(survivor), &tables.survivors);
    for (const members::Member& member : survivor.members) {
      Facts facts = FactsOf(member);
      facts.insert(facts.begin(), Text("known in", "", "", survivor.data_dir));
      AddRow(facts, &tables.members);
    }
  }
  return tables;
}

std::string Joined(const cli::Rows& rows) {
  std::string text;
  for (const cli::Row& row : rows.rows) text += base::Join(row, ", ") + "\n";
  return text;
}

}  // namespace

std::string Render(const RecoverReport& report, const std::string& format) {
  if (format == "json") return Json(report);
  if (format == "fields") return Fields(report);
  const Tables tables = TablesOf(report);
  std::string text;
  for (const cli::Rows* rows : {&tables.survivors, &tables.members}) {
    if (rows->rows.empty()) continue;
    text += format == "table" ? cli::RenderTable(*rows) : Joined(*rows);
  }
  for (const std::string& line : LinesOf(report)) text += line + "\n";
  return text;
}

}  // namespace utl
