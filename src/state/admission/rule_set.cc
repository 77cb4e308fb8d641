#include "state/admission/rule_set.h"

#include <algorithm>
#include <set>
#include <utility>

namespace admission {

RuleSet::RuleSet(std::vector<admissionpb::Rule> rules) : rules_(std::move(rules)) {
  std::sort(rules_.begin(), rules_.end(),
            [](const auto& left, const auto& right) { return left.name() < right.name(); });
  std::set<size_t> sizes;
  for (Place place = 0; place < rules_.size(); ++place) {
    const admissionpb::Rule& rule = rules_[place];
    asks_for_user_ = asks_for_user_ || !rule.user().empty();
    if (rule.prefix().empty()) {
      of_any_key_.push_back(place);
    } else {
      by_prefix_[rule.prefix()].push_back(place);
      sizes.insert(rule.prefix().size());
    }
  }
  prefix_sizes_.assign(sizes.begin(), sizes.end());
}

bool RuleSet::HoldsFor(Place place, std::string_view user) const {
  const std::string& of = rules_[place].user();
  return of.empty() || of == user;
}

std::vector<RuleSet::Place> RuleSet::Find(std::string_view user,
                                          const std::vector<auth::KeyRange>& keys) const {
  Places found = of_any_key_;
  if (!by_prefix_.empty()) {
    for (const auth::KeyRange& range : keys) FindTouched(range, &found);
  }
  std::erase_if(found, [&](Place place) { return !HoldsFor(place, user); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// Either the prefix begins the first key, or it lies in the range itself: then it is a key of it.
void RuleSet::FindTouched(const auth::KeyRange& range, Places* found) const {
  const auto add = [found](const Places& places) {
    found->insert(found->end(), places.begin(), places.end());
  };
  for (const size_t size : prefix_sizes_) {
    if (size > range.key.size()) break;
    const auto at = by_prefix_.find(range.key.substr(0, size));
    if (at != by_prefix_.end()) add(at->second);
  }
  if (range.is_single()) return;
  for (auto at = by_prefix_.upper_bound(range.key); at != by_prefix_.end(); ++at) {
    if (!range.is_open() && at->first >= range.end) break;
    add(at->second);
  }
}

}  // namespace admission
