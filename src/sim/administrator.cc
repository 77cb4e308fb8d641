#include "sim/administrator.h"

#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "state/auth/view.h"

// Why another administrator disables authentication each time: if he is not told what has become of
// that, it may still be carried out later, when everybody takes authentication to be enabled. He is
// deleted before that, and nothing that he has asked for is carried out then. A request to enable
// it that comes late does no harm: nothing is concluded from its being disabled.

namespace sim {
namespace {

using std::chrono::milliseconds;

// Between two tries.
constexpr runtime::Duration kPause = milliseconds(40);
// How often it is tried to ask with a token that counts.
constexpr int kTries = 10;
// For how long authentication is disabled, at most.
constexpr uint64_t kDisabledMaxMs = 400;

// Nothing was done, because the member does not know who asks.
bool NeedsToken(const Client::Answer& answer) {
  if (answer.outcome == Outcome::kUnprocessed) return true;
  return answer.outcome == Outcome::kAnswered &&
         (answer.status == base::errors::kInvalidAuthToken ||
          answer.status == base::errors::kUserEmpty ||
          answer.status == base::errors::kAuthOldRevision);
}

std::string LogInAs(const std::string& name, const std::string& password) {
  etcdserverpb::AuthenticateRequest request;
  request.set_name(name);
  request.set_password(password);
  return request.SerializeAsString();
}

std::string TokenIn(const Client::Answer& answer) {
  etcdserverpb::AuthenticateResponse response;
  CHECK(response.ParseFromArray(answer.reply.data(), static_cast<int>(answer.reply.size())));
  return response.token();
}

etcdserverpb::AuthUserAddRequest NewUser(const std::string& name, const std::string& password) {
  etcdserverpb::AuthUserAddRequest request;
  request.set_name(name);
  request.set_password(password);
  return request;
}

etcdserverpb::AuthUserGrantRoleRequest RootRoleFor(const std::string& name) {
  etcdserverpb::AuthUserGrantRoleRequest request;
  request.set_user(name);
  request.set_role(auth::kRoot);
  return request;
}

}  // namespace

Administrator::Administrator(runtime::simulated::Scheduler* scheduler, AuthFacts* facts, AskAs ask)
    : scheduler_(*scheduler),
      clock_(scheduler->clock()),
      random_(scheduler->random()),
      facts_(*facts),
      ask_(std::move(ask)),
      loop_(scheduler->NewLoop("administrator")) {}

void Administrator::After(runtime::Duration delay, std::function<void()> task) {
  scheduler_.RunAt(clock_.Now() + delay, loop_.get(), std::move(task));
}

void Administrator::Begin() {
  is_toggling_ = true;
  Insist("/etcdserverpb.Auth/UserAdd", NewUser(auth::kRoot, kRootPassword).SerializeAsString(),
         base::errors::kUserExists, [this] {
           Insist("/etcdserverpb.Auth/UserGrantRole", RootRoleFor(auth::kRoot).SerializeAsString(),
                  {}, [this] { Enable(); });
         });
}

void Administrator::Ask(const char* path, const google::protobuf::MessageLite& request, Done done) {
  AskAgain(path, request.SerializeAsString(), kTries, done);
}

void Administrator::AskAgain(const char* path, const std::string& request, int left,
                             const Done& done) {
  ask_({.path = path, .request = request, .token = token_, .values = {}, .is_patient = true},
       [this, path, request, left, done](const Client::Answer& answer) {
         if (!NeedsToken(answer) || left == 0) return done(answer);
         RenewToken();
         After(kPause,
               [this, path, request, left, done] { AskAgain(path, request, left - 1, done); });
       });
}

void Administrator::Insist(const char* path, std::string request, base::Status done_before,
                           std::function<void()> then) {
  AskAgain(path, request, kTries,
           [this, path, request, done_before, then](const Client::Answer& answer) {
             if (answer.status.ok() || answer.status == done_before) return then();
             After(kPause, [this, path, request, done_before, then] {
               Insist(path, request, done_before, then);
             });
           });
}

void Administrator::RenewToken() {
  if (std::exchange(is_logging_in_, true)) return;
  ask_({.path = "/etcdserverpb.Auth/Authenticate",
        .request = LogInAs(auth::kRoot, kRootPassword),
        .token = {},
        .values = {},
        .is_patient = true},
       [this](const Client::Answer& answer) {
         if (answer.status.ok()) token_ = TokenIn(answer);
         After(kPause, [this] { is_logging_in_ = false; });
       });
}

void Administrator::Enable() {
  Insist("/etcdserverpb.Auth/AuthEnable", etcdserverpb::AuthEnableRequest().SerializeAsString(), {},
         [this] {
           facts_.OnEnabled(clock_.Now());
           is_toggling_ = false;
           RenewToken();
         });
}

void Administrator::Toggle() {
  if (std::exchange(is_toggling_, true)) return;
  const std::string name = "administrator" + std::to_string(++others_);
  const auto give_up = [this] { is_toggling_ = false; };
  Ask("/etcdserverpb.Auth/UserAdd", NewUser(name, name), [=, this](const Client::Answer& added) {
    if (!added.status.ok()) return give_up();
    Ask("/etcdserverpb.Auth/UserGrantRole", RootRoleFor(name),
        [=, this](const Client::Answer& granted) {
          if (!granted.status.ok()) return give_up();
          Disable(name);
        });
  });
}

void Administrator::Disable(const std::string& name) {
  ask_({.path = "/etcdserverpb.Auth/Authenticate",
        .request = LogInAs(name, name),
        .token = {},
        .values = {},
        .is_patient = true},
       [this, name](const Client::Answer& answer) {
         is_toggling_ = answer.status.ok();
         if (answer.status.ok()) DisableAs(name, TokenIn(answer));
       });
}

void Administrator::DisableAs(const std::string& name, const std::string& token) {
  facts_.OnDisabling();
  ask_({.path = "/etcdserverpb.Auth/AuthDisable",
        .request = etcdserverpb::AuthDisableRequest().SerializeAsString(),
        .token = token,
        .values = {}},
       [this, name, asked = clock_.Now()](const Client::Answer& answer) {
         if (answer.status.ok()) {
           facts_.OnDisabled(asked);
           return After(milliseconds(random_.Below(kDisabledMaxMs)), [this] { Enable(); });
         }
         etcdserverpb::AuthUserDeleteRequest request;
         request.set_name(name);
         Insist("/etcdserverpb.Auth/UserDelete", request.SerializeAsString(),
                base::errors::kUserNotFound, [this] { Enable(); });
       });
}

}  // namespace sim
