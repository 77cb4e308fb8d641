#pragma once

#include <cstdint>
#include <string>

namespace auth {

// Who asks: a user, and the revision of users and roles at which he was known. Nobody has said who
// he is: the revision is 0.
struct Identity {
  std::string user;
  uint64_t revision = 0;

  bool is_nobody() const { return revision == 0; }
};

}  // namespace auth
