#include "sim/holding_judges.h"

#include <algorithm>
#include <optional>

namespace sim {
namespace {

struct Neighbours {
  std::optional<std::pair<int64_t, int64_t>> before;
  std::optional<std::pair<int64_t, int64_t>> after;
};

Neighbours NeighboursOf(const std::map<int64_t, int64_t>& numbers, int64_t revision) {
  Neighbours neighbours;
  const auto after = numbers.upper_bound(revision);
  if (after != numbers.end()) neighbours.after = *after;
  const auto at = numbers.lower_bound(revision);
  if (at != numbers.begin()) neighbours.before = *std::prev(at);
  return neighbours;
}

std::string Text(int64_t number) {
  return std::to_string(number);
}

}  // namespace

void HoldingJudge::OnTaken(int64_t token, int64_t lease) {
  const auto [known, is_new] = leases_.emplace(token, lease);
  if (is_new || known->second == lease) return;
  Fail("token " + Text(token) + " was given to two sessions");
}

void HoldingJudge::OnHeld(int64_t token, int64_t revision) {
  if (token > 0 && token <= revision) return Judge(token, revision);
  Fail("token " + Text(token) + " holds at revision " + Text(revision));
}

void FencingJudge::Judge(int64_t token, int64_t revision) {
  const auto [known, is_new] = tokens_.emplace(revision, token);
  if (!is_new) {
    if (known->second == token) return;
    return Fail("tokens " + Text(known->second) + " and " + Text(token) +
                " both hold at revision " + Text(revision));
  }
  const auto [before, after] = NeighboursOf(tokens_, revision);
  if (before.has_value() && before->second > token) {
    return Fail("token " + Text(token) + " holds at revision " + Text(revision) +
                ", and a later one, " + Text(before->second) + ", at " + Text(before->first));
  }
  if (after.has_value() && after->second < token) {
    return Fail("token " + Text(after->second) + " holds at revision " + Text(after->first) +
                ", and a later one, " + Text(token) + ", at " + Text(revision));
  }
}

void FencingJudge::OnCounted(int64_t token, int64_t revision, int64_t counter) {
  OnHeld(token, revision);
  counters_[revision] = counter;
  const auto [before, after] = NeighboursOf(counters_, revision);
  const bool rises = (!before.has_value() || before->second < counter) &&
                     (!after.has_value() || counter < after->second);
  if (rises) return;
  const auto& other = before.has_value() && before->second >= counter ? before : after;
  Fail("the counter was made " + Text(counter) + " at revision " + Text(revision) + ", and " +
       Text(other->second) + " at " + Text(other->first));
}

void FencingJudge::OnSeen(int64_t before, int64_t token) {
  if (token >= before) return;
  Fail("an observer was told of token " + Text(token) + " after " + Text(before));
}

void SlotJudge::Judge(int64_t token, int64_t revision) {
  const auto [known, is_new] = until_.emplace(token, token);
  const int64_t from = is_new ? token : known->second;
  if (!is_new && revision <= from) return;
  known->second = revision;
  // Somewhere in what was added there are the most: where it begins, or where another one does.
  int64_t fullest = from;
  for (auto other = until_.upper_bound(from); other != until_.end() && other->first <= revision;
       ++other) {
    if (HoldersAt(other->first) > HoldersAt(fullest)) fullest = other->first;
  }
  if (HoldersAt(fullest) <= limit_) return;
  Fail("has " + Text(HoldersAt(fullest)) + " holders at revision " + Text(fullest) +
       ", and a limit of " + Text(limit_));
}

int64_t SlotJudge::HoldersAt(int64_t revision) const {
  return std::count_if(until_.begin(), until_.end(), [revision](const auto& holder) {
    return holder.first <= revision && revision <= holder.second;
  });
}

}  // namespace sim
