#include "sim/key_history.h"

#include <algorithm>
#include <utility>

namespace sim {

bool KeyHistory::Request::Covers(const std::string& other) const {
  return range_end.empty() ? other == key : key <= other && other < range_end;
}

size_t KeyHistory::Ask(std::string key, std::string range_end, runtime::TimePoint asked) {
  requests_.push_back({std::move(key), std::move(range_end), asked});
  return requests_.size() - 1;
}

void KeyHistory::OnDeleted(size_t number, base::Revision at) {
  requests_[number].is_open = false;
  deletions_[at] = number;
}

void KeyHistory::Add(base::Revision revision, const std::vector<KeyChange>& changes,
                     runtime::TimePoint told) {
  revisions_.try_emplace(revision, Told{changes, told});
}

// The keys as they are at one revision after the other.
class KeyHistory::Replay {
 public:
  Replay(const KeyHistory* history, Checker* checker, const OnLeaseGone* on_lease_gone)
      : history_(*history), checker_(*checker), on_lease_gone_(*on_lease_gone) {}

  void Run() {
    for (const auto& [revision, told] : history_.revisions_) {
      if (revision != base::Revision(at_.value() + 1)) Forget();
      at_ = revision;
      if (told.changes.front().is_delete) OnDeleted(told);
      for (const KeyChange& change : told.changes) {
        if (change.lease != 0 && gone_.contains(change.lease)) {
          Fail("puts \"" + change.key + "\" with lease " + std::to_string(change.lease) +
               ", whose keys were deleted with it before");
        }
        leases_[change.key] = change.is_delete ? std::nullopt : std::optional(change.lease);
      }
    }
  }

  void CheckNoneIsLeft() const {
    for (const auto& [key, lease] : leases_) {
      if (lease.value_or(0) == 0) continue;
      Fail("is the last, and \"" + key + "\" is still there with lease " + std::to_string(*lease));
    }
  }

 private:
  void Forget() {
    leases_.clear();
    is_complete_ = false;
  }

  void OnDeleted(const Told& told) {
    std::set<std::string> keys;
    for (const KeyChange& change : told.changes) keys.insert(change.key);
    const auto acknowledged = history_.deletions_.find(at_);
    if (acknowledged != history_.deletions_.end()) {
      if (IsDeletedBy(history_.requests_[acknowledged->second], keys)) return;
      return Fail("deletes other keys than the client has asked for that was told of it" +
                  Text(keys));
    }
    for (const Request& request : history_.requests_) {
      if (request.is_open && request.asked <= told.at && IsDeletedBy(request, keys)) return;
    }
    std::set<int64_t> leases;
    for (const std::string& key : keys) {
      const auto known = leases_.find(key);
      if (known == leases_.end() && !is_complete_) continue;
      leases.insert(known == leases_.end() || !known->second ? 0 : *known->second);
    }
    if (leases.empty()) return;  // nothing is known of them
    const int64_t lease = *leases.begin();
    if (leases.size() > 1 || lease == 0) {
      return Fail("deletes keys that no client has asked for, and that are not with one lease" +
                  Text(keys));
    }
    for (const auto& [key, with] : leases_) {
      if (with != lease || keys.contains(key)) continue;
      Fail("deletes keys with lease " + std::to_string(lease) + ", but not \"" + key + "\"");
    }
    gone_.insert(lease);
    on_lease_gone_(lease, at_, told.at);
  }

  // Whether the request would have deleted these keys and no others, as far as is known.
  bool IsDeletedBy(const Request& request, const std::set<std::string>& keys) const {
    for (const std::string& key : keys) {
      if (!request.Covers(key)) return false;
    }
    return std::all_of(leases_.begin(), leases_.end(), [&](const auto& known) {
      const auto& [key, lease] = known;
      return !lease.has_value() || !request.Covers(key) || keys.contains(key);
    });
  }

  std::string Text(const std::set<std::string>& keys) const {
    std::string text = ":";
    for (const std::string& key : keys) {
      const auto known = leases_.find(key);
      text += " " + key;
      if (known == leases_.end()) continue;
      text += known->second ? " (lease " + std::to_string(*known->second) + ")" : " (gone)";
    }
    return text;
  }
  void Fail(const std::string& what) const {
    checker_.Fail(base::Status(base::Code::kInternal, "revision " + ToString(at_) + " " + what));
  }

  const KeyHistory& history_;
  Checker& checker_;
  const OnLeaseGone& on_lease_gone_;
  base::Revision at_ = base::Revision(1);  // of a store that is empty
  bool is_complete_ = true;                // a key that is not in leases_ is not there
  // With which lease each key is, 0 for none; nothing for one that is not there.
  std::map<std::string, std::optional<int64_t>> leases_;
  std::set<int64_t> gone_;
};

void KeyHistory::Check(Checker* checker, bool leases_are_gone,
                       const OnLeaseGone& on_lease_gone) const {
  Replay replay(this, checker, &on_lease_gone);
  replay.Run();
  if (leases_are_gone) replay.CheckNoneIsLeft();
}

}  // namespace sim
