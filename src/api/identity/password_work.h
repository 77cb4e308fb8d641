#pragma once

#include <string>

#include "api/identity/secret.h"
#include "base/result.h"
#include "state/auth/bcrypt.h"

namespace identity {

// One run of bcrypt. Any thread, also on several at once: it changes nothing.
struct PasswordWork {
  struct Outcome {
    base::Result<std::string> made = std::string();  // a hash; as auth::HashPassword fails
    bool is_right = false;
  };
  Secret password;
  std::string hash;  // to compare the password with
  std::string salt;  // or, if not empty, to hash it with
  int cost = 0;      // of that hash

  Outcome Run() const {
    if (salt.empty()) return {.is_right = auth::IsPasswordOf(hash, password.text())};
    return {.made = auth::HashPassword(password.text(), cost, salt)};
  }
};

}  // namespace identity
