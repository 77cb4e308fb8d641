#include "sim/recipe_judges.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sim {

// ---- Queues ----

void QueueJudge::OnAsked(const std::string& value, uint64_t number) {
  elements_[value].number = number;
}

void QueueJudge::OnPut(const std::string& value, runtime::TimePoint now) {
  elements_[value].put = now;
}

QueueJudge::Element* QueueJudge::Find(const std::string& value) {
  const auto found = elements_.find(value);
  if (found != elements_.end() && !found->second.is_refused) return &found->second;
  Fail("has \"" + value + "\", which nobody has put");
  return nullptr;
}

void QueueJudge::OnTaken(const std::string& value, int64_t revision, runtime::TimePoint asked,
                         runtime::TimePoint now) {
  Element* const element = Find(value);
  if (element == nullptr) return;
  if (std::exchange(element->is_taken, true)) Fail("\"" + value + "\" was handed out twice");
  const Taking taking{element->number, revision, asked, now};
  CheckOrder(*element, taking);
  taken_.push_back(taking);
}

// This one was there all the time that another was asked for if it was put before that one, or was
// known to be there.
void QueueJudge::CheckOrder(const Element& element, const Taking& taking) {
  for (const Taking& other : taken_) {
    if (other.ended >= taking.asked) continue;
    const bool is_earlier =
        std::pair(taking.number, taking.revision) < std::pair(other.number, other.revision);
    const bool was_there = taking.revision < other.revision || element.put < other.asked;
    if (!is_earlier || !was_there) continue;
    return Fail("the element of revision " + std::to_string(other.revision) +
                " was handed out before that of revision " + std::to_string(taking.revision));
  }
}

void QueueJudge::OnLeft(const std::set<std::string>& values) {
  for (const std::string& value : values) {
    const Element* const element = Find(value);
    if (element != nullptr && element->is_taken) Fail("has still what was handed out");
  }
  const auto lost =
      static_cast<size_t>(std::count_if(elements_.begin(), elements_.end(), [&](const auto& of) {
        const auto& [value, element] = of;
        const bool was_put = element.put != runtime::TimePoint::max();
        return was_put && !element.is_taken && !values.contains(value);
      }));
  if (lost <= may_be_taken_) return;
  Fail("has lost " + std::to_string(lost) + " elements, and " + std::to_string(may_be_taken_) +
       " were said to be");
}

// ---- Counts ----

void CountJudge::OnCounted(int64_t revision, int64_t count) {
  const auto [at, is_new] = revisions_.emplace(count, revision);
  if (!is_new) {
    return Fail("was made " + std::to_string(count) + " at revisions " +
                std::to_string(at->second) + " and " + std::to_string(revision));
  }
  const auto later = std::next(at);
  const bool rises = (at == revisions_.begin() || std::prev(at)->second < revision) &&
                     (later == revisions_.end() || revision < later->second);
  if (!rises) Fail("was made " + std::to_string(count) + " before it was made less");
}

void CountJudge::OnLeft(int64_t count) const {
  const int64_t least = revisions_.empty() ? 0 : revisions_.rbegin()->first;
  if (least <= count && count <= asked_) return;
  Fail("is " + std::to_string(count) + ", was made " + std::to_string(least) + ", and " +
       std::to_string(asked_) + " were asked for");
}

// ---- Barriers ----

void BarrierJudge::OnPassed(uint64_t round, runtime::TimePoint asked) const {
  const auto held = held_since_.find(round);
  const bool was_held = held != held_since_.end() && held->second <= asked;
  if (!was_held || released_.contains(round)) return;
  fail_("the barrier: somebody is past it while it is held");
}

size_t MeetingJudge::OnComing(uint64_t round, std::function<bool()> lives) {
  visits_.push_back({.round = round, .lives = std::move(lives)});
  const auto may_be_there = [round](const Visit& visit) {
    return visit.round == round && !visit.is_gone;
  };
  const auto there =
      static_cast<size_t>(std::count_if(visits_.begin(), visits_.end(), may_be_there));
  for (Visit& visit : visits_) {
    if (may_be_there(visit)) visit.most = std::max(visit.most, there);
  }
  return visits_.size() - 1;
}

void MeetingJudge::OnEntered(size_t who) {
  Visit& visit = visits_[who];
  visit.has_entered = true;
  if (visit.most >= count_) return;
  fail_("the double barrier: " + std::to_string(visit.most) + " have entered together, not " +
        std::to_string(count_));
}

void MeetingJudge::OnLeft(size_t who) {
  visits_[who].is_gone = true;
  for (const Visit& visit : visits_) {
    const bool is_of_them = visit.round == visits_[who].round && visit.has_entered;
    if (!is_of_them || visit.is_gone || visit.is_leaving || !visit.lives()) continue;
    return fail_("the double barrier: somebody has left, and another is there still");
  }
}

}  // namespace sim
