#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "client/session.h"

namespace client {

// The token of a session's calls: the user's own, or what a member gives for name and password. Who
// wants a new one while one is asked for waits for that. The password is kept here, and in the
// question while it is under way. One loop; the session outlives it.
class LogIn {
 public:
  // Without a name there is never another token than `token`.
  LogIn(Session* session, std::string user, std::string password, std::string token);
  ~LogIn();
  LogIn(const LogIn&) = delete;
  LogIn& operator=(const LogIn&) = delete;

  const std::string& token() const { return token_; }
  // Of the token; each new one has a higher.
  uint64_t number() const { return number_; }
  bool has_password() const { return !user_.empty(); }

  // Session::RenewToken and Session::GiveUpToken.
  Session::Ticket Renew(runtime::Duration timeout, Session::Done done);
  void GiveUp(Session::Ticket ticket);
  // Ends the waiting of all.
  void EndAll(const Session::Ending& ending);

 private:
  struct Waiter {
    Session::Done done;
    std::unique_ptr<runtime::Timer> timer;  // null: it waits as long as it takes
  };

  void Ask();
  void StopAsking();
  void OnAnswered(const Session::Ending& ending, base::ByteView bytes);
  void Take(std::string token);
  void OnTimer(Session::Ticket ticket);

  Session& session_;
  const std::string user_;
  const std::string password_;
  std::string token_;
  uint64_t number_ = 0;
  std::map<Session::Ticket, Waiter> waiters_;
  Session::Ticket last_ticket_ = 0;
  bool asking_ = false;
  Session::Handle call_;
  const std::unique_ptr<runtime::Timer> again_;
};

}  // namespace client
