#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/auth.pb.h"
#include "runtime/time.h"
#include "sim/spell.h"

namespace sim {

// Some of the keys "keys0", "keys1" and so on, which users have rights to: one of them, or a range
// from one of them to before another.
struct KeyPart {
  static constexpr uint64_t kKeys = 6;

  uint64_t first = 0;
  uint64_t count = 0;  // 0: the first key alone, without a range

  std::string key() const;
  std::string range_end() const;
  // Two bits for each key: the key itself, and what lies between it and the next.
  uint32_t places() const;
};

// The places that a request reads and writes.
struct Needs {
  uint32_t read = 0;
  uint32_t written = 0;
};

// What clients know of users and rights, all of it from what they asked and were told when. No
// password, and no role but root's, is given twice, so that each of them begins once.
class AuthFacts {
 public:
  struct Password {
    std::string user;
    std::string text;
    Spell spell;
  };
  // A role of its own, with one permission, for one user.
  struct Grant {
    std::string user;
    std::string role;
    KeyPart part;
    authpb::Permission::Type type = authpb::Permission::READ;
    bool has_role = false;  // somebody was told that the role is there
    Spell spell;
  };
  struct Token {
    std::string text;     // empty: he does not say who he is
    size_t password = 0;  // with which he has logged in
    runtime::TimePoint told;
  };

  std::vector<Password> passwords;
  std::vector<Grant> grants;

  // Somebody asks to delete a user, and is told that he is gone.
  void OnDeleting(const std::string& user, runtime::TimePoint now);
  void OnDeleted(const std::string& user, runtime::TimePoint asked, runtime::TimePoint now);
  // The same of authentication.
  void OnDisabling() { enabled_ = Spell::kNever; }
  void OnDisabled(runtime::TimePoint asked) { disabled_ = asked; }
  void OnEnabled(runtime::TimePoint now) { enabled_ = now; }

  // Authentication is enabled, and was at all times since then.
  bool IsEnabledSince(runtime::TimePoint then) const { return enabled_ <= then; }
  // Whether the user may, or must, have been allowed it at some moment, or all the time.
  bool MayAllow(const std::string& user, const Needs& needs, runtime::TimePoint from,
                runtime::TimePoint to) const;
  bool MustAllow(const std::string& user, const Needs& needs, runtime::TimePoint from,
                 runtime::TimePoint to) const;
  // Whether the token may count for what is asked at that time. It may not if its password was
  // known to be over, or authentication known to have been disabled since.
  bool MayCount(const Token& token, runtime::TimePoint asked) const;

 private:
  runtime::TimePoint enabled_ = Spell::kNever;  // somebody was told, and nobody disables it
  runtime::TimePoint disabled_;                 // the last one who was told so asked for it
};

}  // namespace sim
