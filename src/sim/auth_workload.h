#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/time.h"
#include "sim/administrator.h"
#include "sim/auth_facts.h"
#include "sim/checker.h"
#include "sim/client.h"
#include "sim/process.h"
#include "sim/user_requests.h"

namespace sim {

// Users with rights to a few keys, given and taken away, and what their clients hold against the
// answers:
//
// - whoever asks after anybody was told that a right was taken away does not read or write by it; a
//   serializable read, and a watch, may be behind, but tell nothing that was asked to be written
//   after that
// - whoever asks after anybody was told that a right was given is not refused for want of it, until
//   somebody asks to take it away
// - a token opens nothing once its password is known to be over, or authentication to have been
//   disabled
// - nobody logs in with a password that is wrong or over, and everybody does with one that is right
//
// All of it follows from what was told when (AuthFacts). That a member does not know a token, or
// takes it for older than the users are, may be at any time. Outlives the clients.
class AuthWorkload {
 public:
  // What `parts` names outlives this.
  explicit AuthWorkload(runtime::simulated::Scheduler* scheduler, UserRequests::Parts parts);

  // One step: somebody asks for something. The first one begins to enable authentication.
  void Act();

  // By which those are known who may do all; empty while there is none.
  const std::string& root_token() const { return administrator_.token(); }
  // It was refused.
  void RenewRootToken() { administrator_.RenewToken(); }

  // Requests of users that were served, and denied.
  uint64_t served() const { return requests_.served(); }
  uint64_t denied() const { return requests_.denied(); }

  // Compares what members hold that have nothing more to apply.
  static void CheckAll(const std::vector<Process*>& processes, Checker* checker);

 private:
  struct User {
    std::string name;
    bool is_there = false;       // somebody was told
    bool is_changing = false;    // a password is given or ended
    bool is_left = false;        // nobody knows what has become of a change: there is none any more
    bool is_logging_in = false;  // once more, because a token is not known
    size_t password = 0;         // the latest that was told
    std::vector<AuthFacts::Token> tokens;  // the newest last
  };
  User& RandomUser();
  size_t AddPassword(const User& user);
  void AddUser(User& user);
  void DeleteUser(User& user);
  void ChangePassword(User& user);
  // With one of his passwords, or one that nobody has.
  void LogIn(User& user, size_t password);
  void LogInWrongly(User& user);
  void OnLogIn(User& user, size_t password, runtime::TimePoint asked, const Client::Answer& answer);

  void Give(User& user);
  void GiveOn(size_t number, int step, bool permission_first);
  void TakeAway();
  void OnTaken(size_t number, const Client::Answer& answer);
  // Requests by one right, as those make them who have heard of it; and what he would be told of.
  void TryRight(size_t number);

  AuthFacts::Token DrawToken(const User& user);
  // Something that he may do, perhaps.
  void Use(User& user);
  // Unless he has a token that may count he logs in.
  void SeeThatHeIsKnown(User& user);
  UserRequests::OnUnknown LogsInAgain(User& user);
  KeyPart DrawPart();
  void Fail(const std::string& user, const std::string& what);

  const runtime::Clock& clock_;
  runtime::Random& random_;
  Checker& checker_;
  const AskAs ask_;
  AuthFacts facts_;
  Administrator administrator_;
  UserRequests requests_;
  bool has_begun_ = false;
  uint64_t users_made_ = 0;
  std::vector<std::unique_ptr<User>> users_;
};

}  // namespace sim
