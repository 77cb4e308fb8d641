#pragma once

#include <memory>
#include <vector>

#include "proto/auth.pb.h"
#include "state/auth/interval_set.h"
#include "state/auth/key_range.h"
#include "state/auth/view.h"

namespace auth {

enum class Access : uint8_t { kRead, kWrite };

// What a user may do: what all of his roles allow together.
class Rights {
 public:
  // Makes them those in `view`, of which `user` is one: the same as before. Costs what has changed
  // since the last call, and a look at each of his roles.
  void Update(const View& view, std::shared_ptr<const authpb::User> user);

  bool is_root() const { return is_root_; }
  bool Allow(Access access, const KeyRange& range) const;

 private:
  using Role = std::shared_ptr<const authpb::Role>;

  // His roles in `view`; null for a name that none has.
  std::vector<Role> RolesIn(const View& view, const authpb::User& user) const;

  std::shared_ptr<const authpb::User> user_;  // null before the first Update
  SharedMap<authpb::Role>::Marks marks_;      // of the view
  std::vector<Role> roles_;                   // in the order of the user's
  bool is_root_ = false;
  IntervalSet read_;
  IntervalSet written_;
};

}  // namespace auth
