#pragma once

#include <memory>
#include <utility>

#include "runtime/published.h"
#include "state/admission/rule_set.h"
#include "state/apply/state.h"
#include "state/auth/judge.h"
#include "state/v2/store.h"
#include "storage/mvcc/reads.h"

namespace apply {

// One loop's reads of one state, which lives as long as these do. One thread at a time.
class StateReads {
 public:
  explicit StateReads(std::shared_ptr<State> state)
      : state_(std::move(state)),
        keys_(&state_->store()),
        judge_(&state_->auth_view()),
        rules_(&state_->admission_rules()),
        tree_(&state_->v2().published()) {}

  const std::shared_ptr<State>& state() const { return state_; }
  mvcc::Reads& keys() { return keys_; }
  // Who may read what is asked after a pin was taken: so who lost a right before what he would see
  // was written sees nothing of it.
  auth::Judge& judge() { return judge_; }
  // The admission rules as they are now.
  const std::shared_ptr<const admission::RuleSet>& rules() { return rules_.Get(); }
  // The tree of the v2 API as it is now; null if the cluster has none yet.
  const std::shared_ptr<const v2::View>& tree() { return tree_.Get(); }

 private:
  const std::shared_ptr<State> state_;
  mvcc::Reads keys_;
  auth::Judge judge_;
  runtime::Published<const admission::RuleSet>::Reader rules_;
  runtime::Published<const v2::View>::Reader tree_;
};

}  // namespace apply
