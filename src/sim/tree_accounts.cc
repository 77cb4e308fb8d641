#include "sim/tree_accounts.h"

#include <array>

#include "base/base64.h"

namespace sim {
namespace {

constexpr std::array kSteps = {
    TreeAccounts::Step{"/v2/auth/users/root", R"({"user":"root","password":"r"})"},
    TreeAccounts::Step{"/v2/auth/roles/reader",
                       R"({"role":"reader","permissions":{"kv":{"read":["/*"],"write":[]}}})"},
    TreeAccounts::Step{"/v2/auth/users/reader",
                       R"({"user":"reader","password":"p","roles":["reader"]})"},
    TreeAccounts::Step{"/v2/auth/enable", ""},
};

constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kIsThere = 409;  // by a request whose answer was lost

std::string Basic(const char* name_and_password) {
  return "Basic " + base::Base64Encode(name_and_password, base::Base64::kPadded);
}

}  // namespace

const TreeAccounts::Step* TreeAccounts::next() const {
  return done_ < kSteps.size() ? &kSteps[done_] : nullptr;
}

void TreeAccounts::OnAnswered(int status) {
  if (status == kOk || status == kCreated || status == kIsThere) ++done_;
}

const std::string& TreeAccounts::Root() {
  static const std::string root = Basic("root:r");
  return root;
}

const std::string& TreeAccounts::Reader() {
  static const std::string reader = Basic("reader:p");
  return reader;
}

}  // namespace sim
