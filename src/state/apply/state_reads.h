#pragma once

#include <memory>
#include <utility>

#include "state/apply/state.h"
#include "storage/mvcc/reads.h"

namespace apply {

// One loop's reads of one state, which lives as long as these do. One thread at a time.
class StateReads {
 public:
  explicit StateReads(std::shared_ptr<State> state)
      : state_(std::move(state)), keys_(&state_->store()) {}

  const std::shared_ptr<State>& state() const { return state_; }
  mvcc::Reads& keys() { return keys_; }

 private:
  const std::shared_ptr<State> state_;
  mvcc::Reads keys_;
};

}  // namespace apply
