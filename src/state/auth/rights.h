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
  // `user` is one of the view's.
  Rights(const View& view, std::shared_ptr<const authpb::User> user);

  bool is_root() const { return is_root_; }
  bool Allow(Access access, const KeyRange& range) const;
  // Whether they are the same in this view, of which the user may be gone.
  bool HoldIn(const View& view) const;

 private:
  const std::shared_ptr<const authpb::User> user_;
  std::vector<std::shared_ptr<const authpb::Role>> roles_;  // of the user; null: none has the name
  const bool is_root_;
  IntervalSet read_;
  IntervalSet written_;
};

}  // namespace auth
