#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "sim/key_history.h"

namespace sim {

// How far the watch of one client has got, which is of all keys that are ever written, and whether
// what it is told is what etcd promises: every revision once, in order, and whole; progress just
// where everything was told.
class WatchOrder {
 public:
  struct Parts {
    // It was told all that a revision does.
    std::function<void(base::Revision revision, const std::vector<KeyChange>& changes)> on_revision;
    std::function<void(const std::string& violation)> fail;
  };
  explicit WatchOrder(Parts parts) : parts_(std::move(parts)) {}

  // It begins behind that revision, unless it has begun before.
  void OnCreated(int64_t revision);
  // An answer has events, in their order, and then ends; `whole`: with the last of a revision's.
  void OnEvent(int64_t revision, KeyChange change);
  void OnEndOfAnswer(int64_t header_revision, bool whole);
  void OnProgress(int64_t header_revision);
  // A member says that it cannot go on, for this is the first revision that is left.
  void OnCompacted(int64_t compact_revision, const std::string& reason);
  // What was told of a revision that is not whole does not count.
  void OnBroken() { changes_.clear(); }

  // The first revision that it was not told of; 0: it has not begun.
  int64_t next() const { return next_; }

 private:
  void EndRevision();

  const Parts parts_;
  int64_t next_ = 0;
  int64_t at_ = 0;  // the revision of changes_
  std::vector<KeyChange> changes_;
};

}  // namespace sim
