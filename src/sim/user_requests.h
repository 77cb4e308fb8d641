#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/ids.h"
#include "proto/rpc.pb.h"
#include "runtime/random.h"
#include "runtime/time.h"
#include "sim/administrator.h"
#include "sim/auth_facts.h"
#include "sim/checker.h"
#include "sim/client.h"

namespace sim {

// What users ask of the keys that they may have rights to, and whether the answers agree with what
// is known of these. Outlives the clients.
class UserRequests {
 public:
  struct Parts {
    const runtime::Clock* clock;
    runtime::Random* random;
    Checker* checker;
    AskAs ask;
    // Has some client open a stream, as the user of a token.
    std::function<void(const char* path, const std::string& token, std::string request,
                       Client::Stream stream)>
        open;
    // A value that nobody writes but who asks for it.
    std::function<std::string()> new_value;
    // A value was put, at a revision.
    std::function<void(base::Revision at, const std::string& key, const std::string& value)> on_put;
    // Somebody was told of a value.
    std::function<void(const mvccpb::KeyValue& kv)> on_seen;
  };
  // What `parts` names and `facts` outlive this.
  UserRequests(Parts parts, const AuthFacts* facts) : parts_(std::move(parts)), facts_(*facts) {}

  // Who asks: a user, and the token that he was given.
  struct Who {
    std::string user;
    AuthFacts::Token token;
  };
  // A request of some kind. `on_unknown` is told if a member does not know a token that may count.
  using OnUnknown = std::function<void()>;
  void Use(const Who& who, const KeyPart& part, OnUnknown on_unknown);
  void Put(const Who& who, const KeyPart& part, OnUnknown on_unknown);
  void Read(const Who& who, const KeyPart& part, OnUnknown on_unknown);
  // A watch that is told until it may not be any more; if there are not too many.
  void Watch(const Who& who, const KeyPart& part);
  // By who may do all.
  void PutAsRoot(const std::string& token, const KeyPart& part);

  // While it was known that authentication is enabled: requests that were answered with OK, and
  // with kPermissionDenied.
  uint64_t served() const { return served_; }
  uint64_t denied() const { return denied_; }

 private:
  struct Attempt {
    Who who;
    Needs needs;
    runtime::TimePoint asked;
    bool may_be_behind = false;
    bool is_watch = false;  // goes on, whatever becomes of the token
    OnUnknown on_unknown;
  };

  void Transact(Attempt attempt, const KeyPart& part);
  Attempt NewAttempt(const Who& who, OnUnknown on_unknown) const;
  std::string NewValue();
  KeyPart DrawKey(const KeyPart& part);
  // Asks, and checks that what comes of it may be.
  void Ask(Attempt attempt, UserRequest request,
           std::function<void(const Attempt& attempt, base::ByteView reply)> on_ok);
  void CheckOk(const Attempt& attempt);
  void CheckRefusal(const Attempt& attempt, const base::Status& status);
  // Somebody was told of a pair who may read these places: not if he might no more when somebody
  // asked to write it.
  void CheckSeen(const Attempt& attempt, const mvccpb::KeyValue& kv);
  void Fail(const Who& who, const std::string& what) const;

  const Parts parts_;
  const AuthFacts& facts_;
  uint64_t served_ = 0;
  uint64_t denied_ = 0;
  uint64_t watches_ = 0;                                // that are open
  std::map<std::string, runtime::TimePoint> asked_of_;  // values: when somebody asked to write it
};

}  // namespace sim
