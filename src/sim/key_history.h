#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "runtime/time.h"
#include "sim/checker.h"

namespace sim {

// What one revision does to a key.
struct KeyChange {
  std::string key;
  bool is_delete = false;
  int64_t lease = 0;  // with which the key is, if it was put

  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

// What became of the keys, revision by revision, and why those were deleted that were: by a request
// of a client, which deletes all of its range, or with a lease, which takes all of its keys along
// and no others. Where revisions are missing, which clients may not have been told of, it takes
// what follows from them to be unknown.
class KeyHistory {
 public:
  // Keys go with a lease, at a revision of which somebody was told at that moment.
  using OnLeaseGone =
      std::function<void(int64_t lease, base::Revision at, runtime::TimePoint told)>;

  // A client asks to delete these keys, as in a DeleteRangeRequest. Returns the request's number.
  size_t Ask(std::string key, std::string range_end, runtime::TimePoint asked);
  // It has deleted something at a revision, or nothing, or was not carried out. One of which
  // nothing is said may have been carried out.
  void OnDeleted(size_t number, base::Revision at);
  void OnNothingDeleted(size_t number) { requests_[number].is_open = false; }

  // Somebody was told of a revision; not for the first time, perhaps.
  void Add(base::Revision revision, const std::vector<KeyChange>& changes, runtime::TimePoint told);

  // Finds out why each key was deleted, and that none is left with a lease if these are gone.
  void Check(Checker* checker, bool leases_are_gone, const OnLeaseGone& on_lease_gone) const;

 private:
  struct Request {
    std::string key;
    std::string range_end;
    runtime::TimePoint asked;
    bool is_open = true;  // nobody knows what has become of it
    bool Covers(const std::string& other) const;
  };
  struct Told {
    std::vector<KeyChange> changes;
    runtime::TimePoint at;
  };
  class Replay;

  std::vector<Request> requests_;
  std::map<base::Revision, size_t> deletions_;  // acknowledged, the numbers of their requests
  std::map<base::Revision, Told> revisions_;
};

}  // namespace sim
