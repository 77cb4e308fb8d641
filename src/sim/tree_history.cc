#include "sim/tree_history.h"

#include <charconv>

namespace sim {
namespace {

base::Status Violated(const std::string& what) {
  return {base::Code::kInternal, "the tree of v2: " + what};
}

std::string_view After(std::string_view json, std::string_view name) {
  const std::string field = "\"" + std::string(name) + "\":";
  const size_t at = json.find(field);
  return at == std::string_view::npos ? std::string_view() : json.substr(at + field.size());
}

}  // namespace

std::string TreeHistory::FieldOf(std::string_view json, std::string_view name) {
  const std::string_view rest = After(json, name);
  if (!rest.starts_with('"')) return {};
  return std::string(rest.substr(1, rest.find('"', 1) - 1));
}

uint64_t TreeHistory::NumberOf(std::string_view json, std::string_view name) {
  const std::string_view rest = After(json, name);
  uint64_t number = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

base::Status TreeHistory::Add(const std::string& event) {
  const std::string_view node = std::string_view(event).substr(0, event.find(",\"prevNode\""));
  const uint64_t index = NumberOf(node, "modifiedIndex");
  const auto [known, is_new] = events_.emplace(index, event);
  if (known->second != event) return Violated("two events: " + known->second + " and " + event);
  if (!is_new) return {};
  for (const auto& [from, to] : skipped_) {
    if (from <= index && index < to) return Violated("a watch was not told of " + event);
  }
  const std::string action = FieldOf(node, "action");
  const bool removes = action == "delete" || action == "compareAndDelete" || action == "expire";
  const std::string key = FieldOf(node, "key");
  const std::string value = FieldOf(node, "value");
  changes_[key].emplace(index, Change{removes, value});
  if (removes) return {};
  if (refused_.contains(value)) return Violated("done, and refused before: " + event);
  const bool is_first = values_.emplace(value, index).second;
  return is_first ? base::Status() : Violated("carried out twice: " + event);
}

base::Status TreeHistory::Refuse(const std::string& value) {
  refused_.insert(value);
  const auto written = values_.find(value);
  if (written == values_.end()) return {};
  return Violated("refused, and done: " + events_.at(written->second));
}

base::Status TreeHistory::Skip(uint64_t from, uint64_t to) {
  if (from >= to) return {};
  const auto between = events_.lower_bound(from);
  if (between != events_.end() && between->first < to) {
    return Violated("a watch was not told of " + between->second);
  }
  skipped_.emplace_back(from, to);
  return {};
}

base::Status TreeHistory::SeeKey(const std::string& key, std::string_view value, uint64_t modified,
                                 uint64_t index) const {
  const auto found = changes_.find(key);
  if (found == changes_.end()) return {};
  const std::string at = " at " + std::to_string(index) + ": " + key + " " + std::string(value);
  const auto then = found->second.find(modified);
  if (then != found->second.end() && (then->second.removes || then->second.value != value)) {
    return Violated("a read has a value that was not written" + at);
  }
  const auto later = found->second.upper_bound(modified);
  if (later == found->second.end() || later->first > index) return {};
  return Violated("a read does not have the change of " + std::to_string(later->first) + at);
}

base::Status TreeHistory::MissKey(const std::string& key, uint64_t index) const {
  const auto found = changes_.find(key);
  if (found == changes_.end()) return {};
  auto last = found->second.upper_bound(index);
  if (last == found->second.begin() || (--last)->second.removes) return {};
  // It may be gone by what nobody was told of.
  for (uint64_t i = last->first + 1; i <= index; ++i) {
    if (!events_.contains(i)) return {};
  }
  return Violated("a read at " + std::to_string(index) + " does not find " + key);
}

}  // namespace sim
