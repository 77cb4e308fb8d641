#include "sim/auth_workload.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/errors.h"
#include "state/auth/view.h"

namespace sim {
namespace {

// At a time.
constexpr size_t kUsers = 3;
// Of the users so far, the last ones are looked at.
constexpr size_t kRecentUsers = 5;
constexpr size_t kTokensMax = 6;
// Requests that somebody makes who has heard of a right.
constexpr int kTriesOfRight = 4;
template <typename Message>
Message Parsed(base::ByteView bytes) {
  Message message;
  CHECK(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return message;
}

}  // namespace

AuthWorkload::AuthWorkload(runtime::simulated::Scheduler* scheduler, UserRequests::Parts parts)
    : clock_(scheduler->clock()),
      random_(scheduler->random()),
      checker_(*parts.checker),
      ask_(parts.ask),
      administrator_(scheduler, &facts_, parts.ask),
      requests_(std::move(parts), &facts_) {}

void AuthWorkload::Act() {
  if (!std::exchange(has_begun_, true)) administrator_.Begin();
  User& user = RandomUser();
  if (!user.is_there) return AddUser(user);
  switch (random_.Below(24)) {
    case 0:
      if (random_.OneIn(3)) return administrator_.Toggle();
      [[fallthrough]];
    case 1:
      return DeleteUser(user);
    case 2:
    case 3:
      return ChangePassword(user);
    case 4:
      return LogIn(user, user.password);
    case 5:
      return LogInWrongly(user);
    case 6:
    case 7:
    case 8:
      return Give(user);
    case 9:
    case 10:
    case 11:
      return TakeAway();
    case 12:
      return requests_.PutAsRoot(root_token(), DrawPart());
    default:
      return Use(user);
  }
}

// One of those who are there, or one that is to be. Who is left behind is used, too.
AuthWorkload::User& AuthWorkload::RandomUser() {
  const auto is_left = [](const auto& user) { return user->is_left; };
  const auto left = std::count_if(users_.begin(), users_.end(), is_left);
  if (users_.size() < kUsers + static_cast<size_t>(left)) {
    users_.push_back(std::make_unique<User>());
    users_.back()->name = "user" + std::to_string(++users_made_);
    return *users_.back();
  }
  return *users_[users_.size() - 1 - random_.Below(std::min(users_.size(), kRecentUsers))];
}

size_t AuthWorkload::AddPassword(const User& user) {
  const size_t number = facts_.passwords.size();
  facts_.passwords.push_back({user.name, "password" + std::to_string(number), {}});
  facts_.passwords.back().spell.asked = clock_.Now();
  return number;
}

void AuthWorkload::AddUser(User& user) {
  if (user.is_left || std::exchange(user.is_changing, true)) return;
  const size_t password = AddPassword(user);
  etcdserverpb::AuthUserAddRequest request;
  request.set_name(user.name);
  request.set_password(facts_.passwords[password].text);
  administrator_.Ask("/etcdserverpb.Auth/UserAdd", request,
                     [this, &user, password](const Client::Answer& answer) {
                       user.is_changing = false;
                       if (!answer.status.ok()) {
                         user.is_left = true;
                         return;
                       }
                       user.is_there = true;
                       user.password = password;
                       facts_.passwords[password].spell.told = clock_.Now();
                       LogIn(user, password);
                       Give(user);
                     });
}

void AuthWorkload::DeleteUser(User& user) {
  if (user.is_left || std::exchange(user.is_changing, true)) return;
  etcdserverpb::AuthUserDeleteRequest request;
  request.set_name(user.name);
  facts_.OnDeleting(user.name, clock_.Now());
  administrator_.Ask("/etcdserverpb.Auth/UserDelete", request,
                     [this, &user, asked = clock_.Now()](const Client::Answer& answer) {
                       user.is_changing = false;
                       if (!answer.status.ok()) {
                         user.is_left = true;
                         return;
                       }
                       user.is_there = false;
                       facts_.OnDeleted(user.name, asked, clock_.Now());
                       AddUser(user);
                       for (int i = 0; i < kTriesOfRight; ++i) Use(user);
                     });
}

void AuthWorkload::ChangePassword(User& user) {
  if (user.is_left || std::exchange(user.is_changing, true)) return;
  const size_t before = user.password;
  const size_t password = AddPassword(user);
  Spell& spell = facts_.passwords[before].spell;
  spell.ending = std::min(spell.ending, clock_.Now());
  etcdserverpb::AuthUserChangePasswordRequest request;
  request.set_name(user.name);
  request.set_password(facts_.passwords[password].text);
  // Who logs in meanwhile does so with the one or the other.
  LogIn(user, before);
  administrator_.Ask("/etcdserverpb.Auth/UserChangePassword", request,
                     [this, &user, before, password](const Client::Answer& answer) {
                       user.is_changing = false;
                       if (!answer.status.ok()) {
                         user.is_left = true;
                         return;
                       }
                       user.password = password;
                       facts_.passwords[before].spell.End(clock_.Now());
                       facts_.passwords[password].spell.told = clock_.Now();
                       LogIn(user, before);
                       LogIn(user, password);
                       for (int i = 0; i < kTriesOfRight; ++i) Use(user);
                     });
}

void AuthWorkload::LogIn(User& user, size_t password) {
  etcdserverpb::AuthenticateRequest request;
  request.set_name(user.name);
  request.set_password(facts_.passwords[password].text);
  ask_({.path = "/etcdserverpb.Auth/Authenticate",
        .request = request.SerializeAsString(),
        .token = {},
        .values = {}},
       [this, &user, password, asked = clock_.Now()](const Client::Answer& answer) {
         user.is_logging_in = false;
         OnLogIn(user, password, asked, answer);
       });
}

void AuthWorkload::LogInWrongly(User& user) {
  // One that he had, or that another has; or nobody.
  if (random_.OneIn(2)) return LogIn(user, random_.Below(facts_.passwords.size()));
  etcdserverpb::AuthenticateRequest request;
  request.set_name(user.name);
  request.set_password("nobody's");
  ask_({.path = "/etcdserverpb.Auth/Authenticate",
        .request = request.SerializeAsString(),
        .token = {},
        .values = {}},
       [this, name = user.name](const Client::Answer& answer) {
         if (answer.status.ok()) Fail(name, "has logged in with nobody's password");
       });
}

void AuthWorkload::OnLogIn(User& user, size_t password, runtime::TimePoint asked,
                           const Client::Answer& answer) {
  const AuthFacts::Password& with = facts_.passwords[password];
  const runtime::TimePoint now = clock_.Now();
  const bool is_his = with.user == user.name;
  if (answer.status == base::errors::kAuthFailed) {
    if (is_his && with.spell.MustLast(asked, now)) Fail(user.name, "has logged in in vain");
    return;
  }
  if (!answer.status.ok()) return;
  if (!is_his || !with.spell.MayLast(asked, now)) {
    Fail(user.name, "has logged in with a password that was not his");
  }
  const auto response = Parsed<etcdserverpb::AuthenticateResponse>(answer.reply);
  user.tokens.push_back({response.token(), password, now});
  if (user.tokens.size() > kTokensMax) user.tokens.erase(user.tokens.begin());
}

// Not to one who is being deleted, or may be at any time.
void AuthWorkload::Give(User& user) {
  if (!user.is_there || user.is_changing || user.is_left) return;
  const size_t number = facts_.grants.size();
  AuthFacts::Grant grant;
  grant.user = user.name;
  grant.role = "role" + std::to_string(number);
  grant.part = DrawPart();
  grant.type = static_cast<authpb::Permission::Type>(random_.Below(3));
  grant.spell.asked = clock_.Now();
  facts_.grants.push_back(std::move(grant));
  GiveOn(number, 0, random_.OneIn(2));
}

// In three steps: the role, what it permits, and that the user has it.
void AuthWorkload::GiveOn(size_t number, int step, bool permission_first) {
  const auto on_done = [=, this](const Client::Answer& answer) {
    AuthFacts::Grant& grant = facts_.grants[number];
    if (!answer.status.ok()) return;  // it may be there, or be to come
    grant.has_role = true;
    if (step < 2) return GiveOn(number, step + 1, permission_first);
    grant.spell.told = clock_.Now();
    TryRight(number);
  };
  const AuthFacts::Grant& grant = facts_.grants[number];
  if (step == 0) {
    etcdserverpb::AuthRoleAddRequest request;
    request.set_name(grant.role);
    administrator_.Ask("/etcdserverpb.Auth/RoleAdd", request, on_done);
  } else if ((step == 1) == permission_first) {
    etcdserverpb::AuthRoleGrantPermissionRequest request;
    request.set_name(grant.role);
    request.mutable_perm()->set_permtype(grant.type);
    request.mutable_perm()->set_key(grant.part.key());
    request.mutable_perm()->set_range_end(grant.part.range_end());
    administrator_.Ask("/etcdserverpb.Auth/RoleGrantPermission", request, on_done);
  } else {
    etcdserverpb::AuthUserGrantRoleRequest request;
    request.set_user(grant.user);
    request.set_role(grant.role);
    administrator_.Ask("/etcdserverpb.Auth/UserGrantRole", request, on_done);
  }
}

// What is not known to be there whole is taken away with its role, which does not come back.
void AuthWorkload::TakeAway() {
  std::vector<size_t> there;
  for (size_t i = 0; i < facts_.grants.size(); ++i) {
    const AuthFacts::Grant& grant = facts_.grants[i];
    if (grant.has_role && grant.spell.ended == Spell::kNever) there.push_back(i);
  }
  if (there.empty()) return;
  const size_t number = there[random_.Below(there.size())];
  AuthFacts::Grant& grant = facts_.grants[number];
  const bool is_first = grant.spell.ending == Spell::kNever && grant.spell.told != Spell::kNever;
  grant.spell.ending = std::min(grant.spell.ending, clock_.Now());
  const auto on_done = [this, number](const Client::Answer& answer) { OnTaken(number, answer); };
  switch (is_first ? random_.Below(3) : 0) {
    case 0: {
      etcdserverpb::AuthRoleDeleteRequest request;
      request.set_role(grant.role);
      return administrator_.Ask("/etcdserverpb.Auth/RoleDelete", request, on_done);
    }
    case 1: {
      etcdserverpb::AuthRoleRevokePermissionRequest request;
      request.set_role(grant.role);
      request.set_key(grant.part.key());
      request.set_range_end(grant.part.range_end());
      return administrator_.Ask("/etcdserverpb.Auth/RoleRevokePermission", request, on_done);
    }
    default: {
      etcdserverpb::AuthUserRevokeRoleRequest request;
      request.set_name(grant.user);
      request.set_role(grant.role);
      administrator_.Ask("/etcdserverpb.Auth/UserRevokeRole", request, on_done);
    }
  }
}

void AuthWorkload::OnTaken(size_t number, const Client::Answer& answer) {
  // Somebody may have deleted the role before.
  const bool is_gone = answer.status.ok() || answer.status == base::errors::kRoleNotFound;
  if (!is_gone) return;
  facts_.grants[number].spell.End(clock_.Now());
  TryRight(number);
}

void AuthWorkload::TryRight(size_t number) {
  const AuthFacts::Grant& grant = facts_.grants[number];
  const auto found = std::find_if(users_.begin(), users_.end(),
                                  [&grant](const auto& user) { return user->name == grant.user; });
  User& user = **found;
  SeeThatHeIsKnown(user);
  const bool is_given = grant.spell.ended == Spell::kNever;
  if (is_given && grant.type != authpb::Permission::WRITE) {
    requests_.Watch({user.name, DrawToken(user)}, grant.part);
  }
  for (int i = 0; i < kTriesOfRight; ++i) {
    const UserRequests::Who who{user.name, DrawToken(user)};
    if (grant.type == authpb::Permission::READ) {
      requests_.Read(who, grant.part, LogsInAgain(user));
    } else {
      requests_.Use(who, grant.part, LogsInAgain(user));
    }
  }
  requests_.PutAsRoot(root_token(), grant.part);
}

// The newest one time in two.
AuthFacts::Token AuthWorkload::DrawToken(const User& user) {
  if (user.tokens.empty() || random_.OneIn(40)) return {};
  if (random_.OneIn(2)) return user.tokens.back();
  return user.tokens[random_.Below(user.tokens.size())];
}

void AuthWorkload::Use(User& user) {
  SeeThatHeIsKnown(user);
  KeyPart part = DrawPart();
  for (const AuthFacts::Grant& grant : facts_.grants) {
    if (grant.user == user.name && random_.OneIn(3)) part = grant.part;
  }
  requests_.Use({user.name, DrawToken(user)}, part, LogsInAgain(user));
}

void AuthWorkload::SeeThatHeIsKnown(User& user) {
  const bool is_known = !user.tokens.empty() && facts_.MayCount(user.tokens.back(), clock_.Now());
  if (!is_known && user.is_there) LogsInAgain(user)();
}

UserRequests::OnUnknown AuthWorkload::LogsInAgain(User& user) {
  return [this, &user] {
    if (std::exchange(user.is_logging_in, true)) return;
    LogIn(user, user.password);
  };
}

KeyPart AuthWorkload::DrawPart() {
  const uint64_t first = random_.Below(KeyPart::kKeys);
  return {first, random_.OneIn(2) ? 0 : random_.Between(1, KeyPart::kKeys - first)};
}

void AuthWorkload::Fail(const std::string& user, const std::string& what) {
  checker_.Fail(base::Status(base::Code::kInternal, user + " " + what));
}

void AuthWorkload::CheckAll(const std::vector<Process*>& processes, Checker* checker) {
  std::optional<std::string> first;
  for (Process* const process : processes) {
    const std::shared_ptr<const auth::View> view = process->server().state()->auth_view().Get();
    std::string held =
        (view->enabled ? "enabled at " : "disabled at ") + std::to_string(view->revision) + ": ";
    for (const std::string& name : view->users.Names()) {
      held += view->users.Find(name)->ShortDebugString() + "; ";
    }
    for (const std::string& name : view->roles.Names()) {
      held += view->roles.Find(name)->ShortDebugString() + "; ";
    }
    if (!first.has_value()) first = held;
    if (held == *first) continue;
    checker->Fail(base::Status(base::Code::kInternal, "users differ: " + *first + "and " + held));
  }
}

}  // namespace sim
