#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/status.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/options.h"
#include "state/members/versions.h"

namespace server {

// Has the cluster take entries that etcd does not know. Each member says in /version which it
// understands (Options::extensions). Before the first entry of an extension is proposed, Enable
// puts the extension into the cluster's state, which it can only if all members understand it: the
// entry names those who have said so, and is refused when it is applied if there is another member
// by then. From then on requests of peers that lack it are answered 412 `incompatible version`, a
// member that lacks it does not open such a database, and adding a member is warned of. Nothing
// takes an extension back out of the state.
//
// Any thread. Answers come on the apply loop, once, unless the member ends before.
class Extensions {
 public:
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
  };
  Extensions(const Options& options, const Environment& environment, const Parts& parts);

  // OK once the state has it, and at once if it does. kFailedPrecondition, naming those who do not
  // understand it or have not said so. Who asks while another waits gets the same answer.
  using OnEnabled = base::Callback<void(const base::Status& status)>;
  void Enable(std::string name, OnEnabled on_enabled);

 private:
  // All on the apply loop.
  void Ask(const std::string& name);
  void OnVersions(const std::string& name,
                  const std::map<base::MemberId, members::MemberVersions>& versions);
  void End(const std::string& name, const base::Status& status);

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  std::map<std::string, std::vector<OnEnabled>> waiting_;  // by extension
};

}  // namespace server
