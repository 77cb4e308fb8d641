#include "raft/testing/quorum_transcript.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "raft/quorum.h"
#include "raft/testing/printer.h"

namespace raft::testing {
namespace {

class AckedMap : public AckedIndexer {
 public:
  std::optional<Index> AckedIndex(MemberId member) const override {
    const auto it = map.find(member);
    return it == map.end() ? std::nullopt : std::optional(it->second);
  }

  std::map<MemberId, Index> map;
};

struct Input {
  JointConfig config;
  bool joint = false;
  // Each member in the order in which it is first named, with its value.
  std::vector<std::pair<MemberId, std::string>> values;
};

Input ParseInput(const Case& c) {
  Input input;
  std::vector<MemberId> order;
  const auto parse = [&](const char* key, MemberSet* members) {
    const auto* words = c.Find(key);
    if (words == nullptr) return false;
    for (const std::string& word : *words) {
      if (word == "zero") continue;
      const MemberId member(ToNumber(word));
      members->Insert(member);
      if (std::find(order.begin(), order.end(), member) == order.end()) order.push_back(member);
    }
    return true;
  };
  parse("cfg", &input.config.incoming);
  input.joint = parse("cfgj", &input.config.outgoing);
  const auto* values = c.Find(c.command == "vote" ? "votes" : "idx");
  for (size_t i = 0; i < order.size(); ++i) {
    const bool given = values != nullptr && i < values->size();
    input.values.emplace_back(order[i], given ? (*values)[i] : "_");
  }
  return input;
}

std::string PrintIndex(Index index) {
  return index == kAllCommitted ? "∞" : ToString(index);
}

// One line a member; its bar is as long as the number of members that are behind it.
std::string Picture(const MemberSet& members, const AckedMap& acked) {
  if (members.empty()) return "<empty majority quorum>";
  const size_t width = members.size();
  std::string text = std::string(width, ' ') + "    idx\n";
  for (MemberId member : members) {
    const std::optional<Index> index = acked.AckedIndex(member);
    size_t behind = 0;
    for (MemberId other : members) {
      behind += acked.AckedIndex(other).value_or(Index(0)) < index.value_or(Index(0));
    }
    text += index.has_value() ? std::string(behind, 'x') + ">" + std::string(width - behind, ' ')
                              : "?" + std::string(width, ' ');
    char line[64];
    std::snprintf(line, sizeof line, " %5llu    (id=%s)\n",
                  static_cast<unsigned long long>(index.value_or(Index(0)).value()),
                  Hex(member).c_str());
    text += line;
  }
  return text;
}

std::string Committed(const Input& input) {
  AckedMap acked;
  for (const auto& [member, value] : input.values) {
    if (value != "_") acked.map[member] = Index(ToNumber(value));
  }
  const Index index = CommittedIndex(input.config, acked);
  std::string text = Picture(input.config.Members(), acked);
  // Laws that hold whatever the input; a broken one shows as an unexpected line.
  const JointConfig swapped{input.config.outgoing, input.config.incoming};
  if (CommittedIndex(swapped, acked) != index) text += "not symmetric\n";
  if (!input.joint) {
    const MemberSet& members = input.config.incoming;
    if (CommittedIndex(members, acked) != index) text += "not as the zero-joint quorum\n";
    if (CommittedIndex(JointConfig{members, members}, acked) != index) {
      text += "not as the self-joint quorum\n";
    }
  }
  return text + PrintIndex(index) + "\n";
}

std::string Vote(const Input& input) {
  Votes votes;
  for (const auto& [member, value] : input.values) {
    if (value != "_") votes[member] = value == "y";
  }
  const VoteResult result = ResultOf(input.config, votes);
  const JointConfig swapped{input.config.outgoing, input.config.incoming};
  std::string text;
  if (ResultOf(swapped, votes) != result) text += "not symmetric\n";
  if (!input.joint && ResultOf(input.config.incoming, votes) != result) {
    text += "not as the zero-joint quorum\n";
  }
  return text + Print(result) + "\n";
}

}  // namespace

std::string HandleQuorum(const Case& c) {
  const Input input = ParseInput(c);
  if (c.command == "committed") return Committed(input);
  if (c.command == "vote") return Vote(input);
  return "unknown command";
}

}  // namespace raft::testing
