#include "api/v2/access.h"

#include <string>
#include <utility>

#include "base/base64.h"

namespace v2 {
namespace {

constexpr base::ByteView kBasic = "basic ";

bool IsBasic(base::ByteView credentials) {
  if (credentials.size() < kBasic.size()) return false;
  for (size_t i = 0; i < kBasic.size(); ++i) {
    const char c = credentials[i];
    if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != kBasic[i]) return false;
  }
  return true;
}

bool Writes(const Call& call) {
  return call.method() != "GET" && call.method() != "HEAD";
}

}  // namespace

bool Access::IsOn() const {
  const std::shared_ptr<const View>& view = parts_.frontend->tree();
  return view != nullptr && IsEnabled(*view);
}

void Access::CheckKey(const std::shared_ptr<Call>& call, std::string_view key, bool recursive,
                      Then then) {
  if (!IsOn()) return then(true);
  Identify(call, [this, call, key = std::string(key), recursive,
                  then = std::move(then)](const std::optional<User>& user) {
    const std::shared_ptr<const View> view = parts_.frontend->tree();
    const bool is_guest = !user.has_value() && call->head().Get("authorization").empty();
    std::vector<std::string> roles;
    if (user.has_value()) roles = user->roles.value_or(std::vector<std::string>());
    if (is_guest) roles = {kGuestName};
    for (const std::string& name : roles) {
      const std::optional<Role> role = FindRole(*view, name);
      // Compat: of a guest it is not asked that a pattern is for all that is below the key.
      if (role.has_value() && role->MayUse(key, Writes(*call), recursive && !is_guest)) {
        return then(true);
      }
    }
    then(false);
  });
}

void Access::CheckRoot(const std::shared_ptr<Call>& call, Then then) {
  if (!IsOn()) return then(true);
  Identify(call, [then = std::move(then)](const std::optional<User>& user) {
    if (!user.has_value() || !user->roles.has_value()) return then(false);
    for (const std::string& role : *user->roles) {
      if (role == kRootName) return then(true);
    }
    then(false);
  });
}

void Access::Identify(const std::shared_ptr<Call>& call, OnUser on_user) {
  const base::ByteView credentials = call->head().Get("authorization");
  if (!credentials.empty()) return CheckPassword(call, credentials, std::move(on_user));
  const std::string& name = call->connection().certificate_common_name;
  const bool is_named = parts_.by_certificate && !name.empty();
  on_user(is_named ? FindUser(*parts_.frontend->tree(), name) : std::nullopt);
}

void Access::CheckPassword(const std::shared_ptr<Call>& call, base::ByteView credentials,
                           OnUser on_user) {
  if (!IsBasic(credentials)) return on_user(std::nullopt);
  const auto decoded = base::Base64Decode(credentials.substr(kBasic.size()), base::Base64::kPadded);
  const size_t colon = decoded.has_value() ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return on_user(std::nullopt);
  const std::string name = decoded->substr(0, colon);
  const std::optional<User> user = FindUser(*parts_.frontend->tree(), name);
  parts_.passwords->Check(
      {.user = "v2/" + name,
       .hash = user.has_value() ? user->password : parts_.passwords->nobodys_hash(),
       .password = decoded->substr(colon + 1),
       .address = call->connection().peer.host},
      &parts_.frontend->loop(),
      [call, user, on_user = std::move(on_user)](const base::Result<bool>& is_right) {
        if (!call->is_open()) return;
        on_user(is_right.ok() && *is_right ? user : std::nullopt);
      });
}

}  // namespace v2
