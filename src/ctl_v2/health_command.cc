#include "base/go_text.h"
#include "client_v2/json_value.h"
#include "client_v2/members.h"
#include "ctl_v2/connection.h"
#include "ctl_v2/member_commands.h"
#include "runtime/posix/signals.h"

namespace ctl_v2 {
namespace {

using client_v2::JsonValue;
using client_v2::ListMembers;
using client_v2::Member;

constexpr runtime::Duration kBetweenChecks = std::chrono::seconds(10);

// What /health says; nothing if that is no such answer.
std::optional<bool> HealthOf(const Reply& reply) {
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return std::nullopt;
  return answer.IsTrue("health");
}

// Asks a member at its URLs until one answers.
bool IsHealthy(const Call& call, Cluster& cluster, const Member& member) {
  const std::string who = "member " + member.id;
  const auto say = [&call](const std::string& line) { cli::Print(call.own.out, line + "\n"); };
  if (member.client_urls.empty()) {
    say(who + " is unreachable: no available published client urls");
    return false;
  }
  for (const std::string& url : member.client_urls) {
    Reply reply;
    const auto failure = cluster.AskUrl(url + "/health", std::nullopt, &reply);
    const std::optional<bool> health = failure.has_value() ? std::nullopt : HealthOf(reply);
    if (!health.has_value()) {
      const std::string why = failure.has_value() ? "Get \"" + url + "/health\": " + failure->text
                                                  : std::string("the answer is no JSON");
      say("failed to check the health of " + who + " on " + url + ": " + why);
      continue;
    }
    const std::string word = *health ? "healthy" : "unhealthy";
    say(who + " is " + word + ": got " + word + " result from " + url);
    return *health;
  }
  say(who + " is unreachable: [" + base::Join(member.client_urls, " ") + "] are all unreachable");
  return false;
}

// Returns the exit status.
int CheckAll(const Call& call, Cluster& cluster, const std::vector<Member>& members) {
  size_t healthy = 0;
  for (const Member& member : members) {
    if (IsHealthy(call, cluster, member)) ++healthy;
  }
  const bool is_healthy = healthy == members.size();
  const char* const word = is_healthy ? "healthy" : healthy == 0 ? "unavailable" : "degraded";
  cli::Print(call.own.out, std::string("cluster is ") + word + "\n");
  return is_healthy ? kExitSuccess : kExitNotHealthy;
}

int RunHealth(const Call& call) {
  const bool is_forever = call.own.flags.GetBool("forever");
  // Who interrupts it between two checks has seen enough.
  if (is_forever) runtime::posix::HoldTerminationSignals();
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kNo, &exit_code);
  if (cluster == nullptr) return exit_code;
  std::vector<Member> members;
  const auto failure = ListMembers(*cluster, std::nullopt, &members);
  if (failure.has_value()) {
    cli::Print(call.own.out, "cluster may be unhealthy: failed to list members\n");
    return Fail(call, *failure, kExitServerError);
  }
  while (true) {
    exit_code = CheckAll(call, *cluster, members);
    if (!is_forever) return exit_code;
    cli::Print(call.own.out, "\nnext check after 10 second...\n\n");
    if (runtime::posix::WaitForTerminationSignal(kBetweenChecks).has_value()) return kExitSuccess;
  }
}

}  // namespace

Command ClusterHealthCommand() {
  return {"cluster-health",
          "ask each member for its health",
          "",
          "Exits with 5 unless all members are healthy.",
          {{{"forever", 0, cli::FlagSpec::Type::kBool, "false",
             "every 10 seconds, until it is interrupted"},
            "f"}},
          {},
          RunHealth};
}

}  // namespace ctl_v2
