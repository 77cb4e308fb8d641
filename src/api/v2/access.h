#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "api/identity/passwords.h"
#include "api/v2/accounts.h"
#include "api/v2/call.h"
#include "server/frontend.h"

namespace v2 {

// Who asks, and what he may: by the users and roles of the tree as it is when he is known. Belongs
// to one loop.
class Access {
 public:
  struct Parts {
    server::Frontend* frontend;
    identity::Passwords* passwords;
    bool by_certificate = false;  // the name of a client's certificate is that of a user
  };
  // All outlive this.
  explicit Access(const Parts& parts) : parts_(parts) {}

  // Whether it is asked who asks.
  bool IsOn() const;
  // At once, unless a password is to be checked; not if the client has gone meanwhile.
  using Then = std::function<void(bool may)>;
  // `key`: as clients write it, "/" for the root.
  void CheckKey(const std::shared_ptr<Call>& call, std::string_view key, bool recursive, Then then);
  void CheckRoot(const std::shared_ptr<Call>& call, Then then);

 private:
  // The user that is known, or nothing.
  using OnUser = std::function<void(const std::optional<User>& user)>;

  void Identify(const std::shared_ptr<Call>& call, OnUser on_user);
  void CheckPassword(const std::shared_ptr<Call>& call, base::ByteView credentials, OnUser on_user);

  const Parts parts_;
};

}  // namespace v2
