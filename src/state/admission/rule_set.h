#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/admission.pb.h"
#include "state/auth/key_range.h"

namespace admission {

// The rules at one moment; it does not change.
class RuleSet {
 public:
  // A rule's place in rules().
  using Place = size_t;

  RuleSet() = default;
  // Each is valid (rules.h), and no two have one name.
  explicit RuleSet(std::vector<admissionpb::Rule> rules);

  // By name.
  const std::vector<admissionpb::Rule>& rules() const { return rules_; }
  bool empty() const { return rules_.empty(); }
  // Whether it matters who asks, and which keys a request touches.
  bool AsksForUser() const { return asks_for_user_; }
  bool AsksForKeys() const { return !by_prefix_.empty(); }

  // Those that hold for a request of `user`, who is nobody if it is empty, that touches `keys`:
  // ascending, each once.
  std::vector<Place> Find(std::string_view user, const std::vector<auth::KeyRange>& keys) const;

 private:
  using Places = std::vector<Place>;

  bool HoldsFor(Place place, std::string_view user) const;
  // Those whose prefix some key of the range has.
  void FindTouched(const auth::KeyRange& range, Places* found) const;

  std::vector<admissionpb::Rule> rules_;
  bool asks_for_user_ = false;
  Places of_any_key_;
  std::map<std::string, Places, std::less<>> by_prefix_;
  std::vector<size_t> prefix_sizes_;  // ascending, each once
};

}  // namespace admission
