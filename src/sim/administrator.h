#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "proto/rpc.pb.h"
#include "runtime/random.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/time.h"
#include "sim/auth_facts.h"
#include "sim/client.h"

namespace sim {

// One request of a user.
struct UserRequest {
  const char* path = nullptr;
  std::string request;
  std::string token;                // empty: he does not say who he is
  std::vector<std::string> values;  // that it would write, some or all
  bool is_patient = false;          // waits long for its answer, and is not canceled
};
// Has some client ask some member. `done` is called once, unless the clients end before.
using AskAs =
    std::function<void(UserRequest request, std::function<void(const Client::Answer&)> done)>;

// Who is root: enables authentication, disables it for a while, and asks for what only he may.
class Administrator {
 public:
  static constexpr char kRoot[] = "root";
  static constexpr char kRootPassword[] = "root";

  // All outlive this, and this the clients.
  Administrator(runtime::simulated::Scheduler* scheduler, AuthFacts* facts, AskAs ask);

  // Root is made, and authentication enabled; however long that takes.
  void Begin();
  // Authentication is disabled, and enabled again after a while. Not while that is under way.
  void Toggle();

  // Asks as root; again, if it was not carried out for want of a token.
  using Done = std::function<void(const Client::Answer& answer)>;
  void Ask(const char* path, const google::protobuf::MessageLite& request, Done done);

  // By which root is known; empty before he has logged in.
  const std::string& token() const { return token_; }
  // Somebody was refused who says that he is root: a member does not know the token.
  void RenewToken();

 private:
  void AskAgain(const char* path, const std::string& request, int left, const Done& done);
  // Until it is done, or was before: a member answers `done_before` then.
  void Insist(const char* path, std::string request, base::Status done_before,
              std::function<void()> then);
  void Enable();
  void Disable(const std::string& name);
  void DisableAs(const std::string& name, const std::string& token);
  void After(runtime::Duration delay, std::function<void()> task);

  runtime::simulated::Scheduler& scheduler_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  AuthFacts& facts_;
  const AskAs ask_;
  const std::unique_ptr<runtime::Loop> loop_;
  std::string token_;
  bool is_logging_in_ = false;
  bool is_toggling_ = false;
  uint64_t others_ = 0;  // administrators so far, beside root
};

}  // namespace sim
