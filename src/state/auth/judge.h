#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "runtime/published.h"
#include "state/auth/identity.h"
#include "state/auth/key_range.h"
#include "state/auth/rights.h"
#include "state/auth/view.h"

namespace auth {

// The one place that decides what somebody may do, on one loop. While authentication is disabled,
// everybody may do all. Rights are merged once for a user and kept until they change.
//
// Compat: order and errors of the checks are etcd's.
class Judge {
 public:
  // `published` outlives this, and has a view.
  explicit Judge(const runtime::Published<const View>* published) : published_(published) {}

  // Users and roles as they are now.
  const View& view() { return *published_.Get(); }

  // Whether he may touch these keys: kUserEmpty, kAuthOldRevision or kPermissionDenied.
  base::Status CheckKeys(const Identity& who, Access access, const KeyRange& range);
  // Whether he is a user at all: kUserEmpty, or kPermissionDenied for one who is not any more.
  base::Status CheckUser(const Identity& who);
  // Whether he may administer: kUserEmpty, kUserNotFound or kPermissionDenied.
  base::Status CheckRoot(const Identity& who);

 private:
  struct Kept {
    uint64_t revision = 0;  // of the view in which the rights were looked at last
    Rights rights;
  };

  // Null if there is no such user.
  const Rights* RightsOf(const View& view, const std::string& user);

  runtime::Published<const View>::Reader published_;
  std::map<std::string, Kept> kept_;
};

}  // namespace auth
