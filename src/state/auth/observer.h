#pragma once

#include <string>
#include <string_view>

namespace auth {

// Learns what entries do to what this member alone keeps of users: their tokens. On the apply loop,
// within the entry.
class Observer {
 public:
  virtual ~Observer() = default;
  // The user has logged in and is known by `token` from now on, at every member.
  virtual void OnToken(const std::string& user, const std::string& token) = 0;
  // The user is deleted, or has another password: all that he is known by counts no more.
  virtual void OnUserChanged(const std::string& user) = 0;
  // No token counts any more: authentication was disabled, or a snapshot has replaced the state.
  virtual void OnAllChanged() = 0;
};

}  // namespace auth
