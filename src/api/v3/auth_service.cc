#include "api/v3/auth_service.h"

#include <openssl/crypto.h>

#include <utility>

#include "api/v3/request_spans.h"
#include "base/base64.h"
#include "base/errors.h"
#include "proto/auth.pb.h"
#include "proto/raft_internal.pb.h"

// Why a log-in looks at the revision twice: while the password was checked, and the entry was on
// its way, it may have become another, or the user another. Then it is checked again.
//
// Passwords are wiped from where this keeps them; what the network has received them into is its
// own, and used again for what comes next.

namespace v3 {
namespace {

using etcdserverpb::InternalRaftRequest;

constexpr char kService[] = "etcdserverpb.Auth";

void Wipe(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

// Without its port: what a client chooses anew at each connection.
std::string HostOf(const runtime::Address& address) {
  return address.host;
}

}  // namespace

// One log-in: is the password right, is the user one still, what is his token.
class AuthService::LogIn : public std::enable_shared_from_this<LogIn> {
 public:
  LogIn(const Context* context, Call call, etcdserverpb::AuthenticateRequest request)
      : context_(*context), call_(std::move(call)), request_(std::move(request)) {}
  ~LogIn() { Wipe(request_.mutable_password()); }

  void Start() {
    context_.frontend().ReadIndex([self = shared_from_this()](const base::Status& status) {
      if (!status.ok()) return self->call_->Finish(status);
      self->Check();
    });
  }

 private:
  void Check() {
    if (!call_->is_open()) return;
    const auth::View& view = context_.judge().view();
    if (!view.enabled) return call_->Finish(base::errors::kAuthNotEnabled);
    revision_ = view.revision;
    const auto& user = view.users.Find(request_.name());
    if (user != nullptr && user->options().no_password()) {
      return Refuse(base::errors::kNoPasswordUser);
    }
    // Who is no user is checked as well: how long it takes does not tell who is one.
    identity::Passwords& passwords = *context_.identification().passwords;
    passwords.Check({.user = request_.name(),
                     .hash = user == nullptr ? passwords.nobodys_hash() : user->password(),
                     .password = request_.password(),
                     .address = HostOf(call_->connection().peer),
                     .gone = call_->gone()},
                    &context_.frontend().loop(),
                    [self = shared_from_this()](const base::Result<bool>& is_right) {
                      if (!is_right.ok()) return self->call_->Finish(is_right.status());
                      if (!*is_right) return self->Refuse(base::errors::kAuthFailed);
                      self->Propose();
                    });
  }

  void Propose() {
    if (!call_->is_open()) return;
    etcdserverpb::InternalAuthenticateRequest request;
    request.set_name(request_.name());
    request.set_simple_token(context_.identification().tokens->NewPrefix());
    TellMoment(*call_, kProposed);
    context_.frontend().Propose(
        InternalRaftRequest::kAuthenticateFieldNumber, request.SerializeAsString(),
        [self = shared_from_this()](const apply::Reply& reply) { self->OnApplied(reply); },
        call_.caller);
  }

  void OnApplied(const apply::Reply& reply) {
    TellMoment(*call_, kApplied);
    if (!reply.status.ok()) return call_->Finish(reply.status);
    if (context_.judge().view().revision != revision_) return Check();
    etcdserverpb::AuthenticateResponse response;
    if (!response.ParseFromString(reply.body)) return;
    if (!response.token().empty()) return context_.Reply(*call_, response);
    Sign();
  }

  // Some signatures take milliseconds.
  void Sign() {
    auto token = std::make_shared<base::Result<std::string>>(std::string());
    const bool accepted = context_.server().environment().bulk_workers->Run(
        [self = shared_from_this(), token] {
          *token =
              self->context_.identification().tokens->Sign(self->request_.name(), self->revision_);
        },
        &context_.frontend().loop(),
        [self = shared_from_this(), token] {
          if (!token->ok()) return self->call_->Finish(token->status());
          etcdserverpb::AuthenticateResponse response;
          response.set_token(**token);
          self->context_.Reply(*self->call_, response);
        });
    if (!accepted) call_->Finish(base::errors::kTooManyRequests);
  }

  void Refuse(const base::Status& status) {
    context_.server().environment().logger->Warn(
        "invalid authentication was requested",
        {{"user", request_.name()}, {"error", status.message()}});
    call_->Finish(status);
  }

  const Context& context_;
  const Call call_;
  etcdserverpb::AuthenticateRequest request_;
  uint64_t revision_ = 0;  // at which the password was checked
};

template <typename Request>
void AuthService::AddProposing(rpc::Server& table, const char* name, uint32_t field) {
  context_.AddUnary(table, kService, name, [this, field](Call call, base::ByteView bytes) {
    Request request;
    if (Parse(*call, bytes, &request)) context_.Propose(std::move(call), field, bytes);
  });
}

void AuthService::AddTo(rpc::Server& table) {
  using namespace etcdserverpb;
  using Entry = InternalRaftRequest;
  context_.AddUnary(table, kService, "Authenticate", this, &AuthService::Authenticate);
  context_.AddUnary(table, kService, "AuthStatus", this, &AuthService::AuthStatus);
  context_.AddUnary(table, kService, "UserAdd", this, &AuthService::UserAdd);
  context_.AddUnary(table, kService, "UserChangePassword", this, &AuthService::UserChangePassword);
  context_.AddUnary(table, kService, "UserGet", this, &AuthService::UserGet);
  context_.AddUnary(table, kService, "UserList", this, &AuthService::UserList);
  context_.AddUnary(table, kService, "RoleGet", this, &AuthService::RoleGet);
  context_.AddUnary(table, kService, "RoleList", this, &AuthService::RoleList);
  AddProposing<AuthEnableRequest>(table, "AuthEnable", Entry::kAuthEnableFieldNumber);
  AddProposing<AuthDisableRequest>(table, "AuthDisable", Entry::kAuthDisableFieldNumber);
  AddProposing<AuthUserDeleteRequest>(table, "UserDelete", Entry::kAuthUserDeleteFieldNumber);
  AddProposing<AuthUserGrantRoleRequest>(table, "UserGrantRole",
                                         Entry::kAuthUserGrantRoleFieldNumber);
  AddProposing<AuthUserRevokeRoleRequest>(table, "UserRevokeRole",
                                          Entry::kAuthUserRevokeRoleFieldNumber);
  AddProposing<AuthRoleAddRequest>(table, "RoleAdd", Entry::kAuthRoleAddFieldNumber);
  AddProposing<AuthRoleDeleteRequest>(table, "RoleDelete", Entry::kAuthRoleDeleteFieldNumber);
  AddProposing<AuthRoleGrantPermissionRequest>(table, "RoleGrantPermission",
                                               Entry::kAuthRoleGrantPermissionFieldNumber);
  AddProposing<AuthRoleRevokePermissionRequest>(table, "RoleRevokePermission",
                                                Entry::kAuthRoleRevokePermissionFieldNumber);
}

void AuthService::WhenKnown(Call call, Answer answer) {
  const runtime::TimePoint start = context_.frontend().loop().clock().Now();
  context_.frontend().ReadIndex([this, call = std::move(call), answer = std::move(answer),
                                 start](const base::Status& status) mutable {
    // Compat: as what goes through the log.
    if (status == base::errors::kTimeout) {
      return call->Finish(context_.frontend().TimeoutOf(start));
    }
    if (!status.ok()) return call->Finish(status);
    if (call->is_open() && context_.TakeIdentity(&call)) answer(std::move(call));
  });
}

void AuthService::Authenticate(Call call, base::ByteView bytes) {
  etcdserverpb::AuthenticateRequest request;
  if (!Parse(*call, bytes, &request)) return;
  call->SetKept(sizeof(LogIn) + request.SpaceUsedLong());
  std::make_shared<LogIn>(&context_, std::move(call), std::move(request))->Start();
}

// Compat: etcd answers this, and all that only reads, through the log.
void AuthService::AuthStatus(Call call, base::ByteView bytes) {
  etcdserverpb::AuthStatusRequest request;
  if (!Parse(*call, bytes, &request)) return;
  WhenKnown(std::move(call), [this](const Call& known) {
    const auth::View& view = context_.judge().view();
    etcdserverpb::AuthStatusResponse response;
    response.set_enabled(view.enabled);
    response.set_authrevision(view.revision);
    context_.Reply(*known, response);
  });
}

template <typename Request>
void AuthService::ProposeHashed(Call call, uint32_t field, Request request) {
  std::string password = std::move(*request.mutable_password());
  request.clear_password();
  context_.identification().passwords->Hash(
      std::move(password), &context_.frontend().loop(),
      [this, call = std::move(call), field,
       request = std::move(request)](base::Result<std::string> hash) mutable {
        if (!hash.ok()) return call->Finish(hash.status());
        if (!call->is_open()) return;
        request.set_hashedpassword(base::Base64Encode(*hash, base::Base64::kPadded));
        context_.Propose(std::move(call), field, request.SerializeAsString());
      });
}

// Who may not add users does not make the member work for him.
void AuthService::UserAdd(Call call, base::ByteView bytes) {
  etcdserverpb::AuthUserAddRequest request;
  if (!Parse(*call, bytes, &request)) return;
  constexpr uint32_t kField = InternalRaftRequest::kAuthUserAddFieldNumber;
  WhenKnown(std::move(call), [this, request = std::move(request)](Call known) mutable {
    const base::Status may = context_.judge().CheckRoot(known.caller.identity);
    if (!may.ok()) return known->Finish(may);
    if (!request.options().no_password()) {
      return ProposeHashed(std::move(known), kField, std::move(request));
    }
    request.clear_password();
    context_.Propose(std::move(known), kField, request.SerializeAsString());
  });
}

// Compat: without a password, what the client has hashed himself, or nothing.
void AuthService::UserChangePassword(Call call, base::ByteView bytes) {
  etcdserverpb::AuthUserChangePasswordRequest request;
  if (!Parse(*call, bytes, &request)) return;
  constexpr uint32_t kField = InternalRaftRequest::kAuthUserChangePasswordFieldNumber;
  WhenKnown(std::move(call), [this, request = std::move(request)](Call known) mutable {
    const base::Status may = context_.judge().CheckRoot(known.caller.identity);
    if (!may.ok()) return known->Finish(may);
    if (!request.password().empty()) {
      return ProposeHashed(std::move(known), kField, std::move(request));
    }
    context_.Propose(std::move(known), kField, request.SerializeAsString());
  });
}

void AuthService::UserGet(Call call, base::ByteView bytes) {
  etcdserverpb::AuthUserGetRequest request;
  if (!Parse(*call, bytes, &request)) return;
  WhenKnown(std::move(call), [this, name = request.name()](const Call& known) {
    const auth::Identity& who = known.caller.identity;
    const base::Status may = context_.judge().CheckRoot(who);
    if (!may.ok() && who.user != name) return known->Finish(may);
    const auto& user = context_.judge().view().users.Find(name);
    if (user == nullptr) return known->Finish(base::errors::kUserNotFound);
    etcdserverpb::AuthUserGetResponse response;
    *response.mutable_roles() = user->roles();
    context_.Reply(*known, response);
  });
}

void AuthService::UserList(Call call, base::ByteView bytes) {
  etcdserverpb::AuthUserListRequest request;
  if (!Parse(*call, bytes, &request)) return;
  WhenKnown(std::move(call), [this](const Call& known) {
    const base::Status may = context_.judge().CheckRoot(known.caller.identity);
    if (!may.ok()) return known->Finish(may);
    etcdserverpb::AuthUserListResponse response;
    for (std::string& name : context_.judge().view().users.Names()) {
      response.add_users(std::move(name));
    }
    context_.Reply(*known, response);
  });
}

// Compat: the root role may do all, whether or not it is there with permissions of its own; but it
// must be there to be shown.
void AuthService::RoleGet(Call call, base::ByteView bytes) {
  etcdserverpb::AuthRoleGetRequest request;
  if (!Parse(*call, bytes, &request)) return;
  WhenKnown(std::move(call), [this, name = request.role()](const Call& known) {
    const auth::View& view = context_.judge().view();
    const auth::Identity& who = known.caller.identity;
    const base::Status may = context_.judge().CheckRoot(who);
    const auto& user = view.users.Find(who.user);
    const bool has_it = user != nullptr && auth::HasRole(*user, name);
    if (!may.ok() && !has_it) return known->Finish(may);
    const auto& role = view.roles.Find(name);
    if (role == nullptr) return known->Finish(base::errors::kRoleNotFound);
    etcdserverpb::AuthRoleGetResponse response;
    if (name == auth::kRoot) {
      authpb::Permission* const all = response.add_perm();
      all->set_permtype(authpb::Permission::READWRITE);
      all->set_range_end(std::string(1, '\0'));
    } else {
      *response.mutable_perm() = role->keypermission();
    }
    context_.Reply(*known, response);
  });
}

void AuthService::RoleList(Call call, base::ByteView bytes) {
  etcdserverpb::AuthRoleListRequest request;
  if (!Parse(*call, bytes, &request)) return;
  WhenKnown(std::move(call), [this](const Call& known) {
    const base::Status may = context_.judge().CheckRoot(known.caller.identity);
    if (!may.ok()) return known->Finish(may);
    etcdserverpb::AuthRoleListResponse response;
    for (std::string& name : context_.judge().view().roles.Names()) {
      response.add_roles(std::move(name));
    }
    context_.Reply(*known, response);
  });
}

}  // namespace v3
