#include "api/v2/stats.h"

#include <array>
#include <utility>

#include "api/v2/answers.h"
#include "api/v2/go_text.h"
#include "base/duration_text.h"
#include "base/json_string.h"
#include "state/members/member.h"
#include "state/v2/statistics.h"
#include "state/v2/store.h"

namespace v2 {
namespace {

std::string Text(base::ByteView text) {
  std::string json;
  base::AppendOldJsonString(text, &json);
  return json;
}

std::string Hex(uint64_t id) {
  return Text(members::HexText(id));
}

// As etcd writes the counts of a follower before the first message.
constexpr char kNothingMeasured[] =
    R"({"latency":{"current":0,"average":0,"standardDeviation":0,"minimum":9223372036854776000,)"
    R"("maximum":0},"counts":{"fail":0,"success":0}})";

}  // namespace

Stats::Stats(server::Server* server, server::Frontend* frontend, Totals* totals)
    : server_(*server), frontend_(*frontend), totals_(*totals) {
  int64_t none = 0;
  totals_.started.compare_exchange_strong(none, Now());
}

bool Stats::Serve(Call& call, base::ByteView name) {
  const bool is_known = name == "self" || name == "store" || name == "leader";
  if (!is_known) return false;
  if (call.method() != "GET") {
    SendMethods(call, "GET");
  } else if (name == "self") {
    call.Send(200, JsonFields(), Self());
  } else if (name == "store") {
    call.Send(200, JsonFields(), Store());
  } else if (!Leads()) {
    SendMessage(call, 403, JsonFields(server_.cluster()), "not current leader");
  } else {
    call.Send(200, JsonFields(), Followers());
  }
  return true;
}

bool Stats::Leads() const {
  return frontend_.progress().leader == server_.id().value();
}

std::string Stats::Self() const {
  const server::Progress& progress = frontend_.progress();
  const int64_t since = progress.led_since;
  const char* const state = Leads()                ? "StateLeader"
                            : progress.leader == 0 ? "StateCandidate"
                                                   : "StateFollower";
  return R"({"name":)" + Text(server_.options().name) + R"(,"id":)" + Hex(server_.id().value()) +
         R"(,"state":)" + Text(state) + R"(,"startTime":)" + Text(Rfc3339(totals_.started)) +
         R"(,"leaderInfo":{"leader":)" + Hex(progress.leader) + R"(,"uptime":)" +
         Text(base::FormatDuration(std::chrono::nanoseconds(Now() - since))) + R"(,"startTime":)" +
         Text(Rfc3339(since)) + R"(},"recvAppendRequestCnt":)" +
         std::to_string(progress.appends_received) + R"(,"sendAppendRequestCnt":)" +
         std::to_string(progress.appends_sent) + "}";
}

std::string Stats::Store() const {
  static constexpr std::array<std::pair<const char*, Action>, 7> kCounts = {{
      {"gets", Action::kGet},
      {"sets", Action::kSet},
      {"delete", Action::kDelete},
      {"update", Action::kUpdate},
      {"create", Action::kCreate},
      {"compareAndSwap", Action::kCompareAndSwap},
      {"compareAndDelete", Action::kCompareAndDelete},
  }};
  const Statistics& counts = *frontend_.state()->v2().statistics();
  std::string json = "{";
  for (const auto& [name, action] : kCounts) {
    const std::string begin = "\"" + std::string(name);
    json += begin + "Success\":" + std::to_string(counts.count(action, true)) + ",";
    json += begin + "Fail\":" + std::to_string(counts.count(action, false)) + ",";
  }
  return json + R"("expireCount":)" + std::to_string(counts.count(Action::kExpire, true)) +
         R"(,"watchers":)" + std::to_string(totals_.watchers) + "}";
}

std::string Stats::Followers() const {
  std::string json = R"({"leader":)" + Hex(server_.id().value()) + R"(,"followers":{)";
  for (const members::Member& member : frontend_.state()->view().Get()->members) {
    if (member.id == server_.id()) continue;
    if (json.back() != '{') json += ',';
    json += Hex(member.id.value()) + ":" + kNothingMeasured;
  }
  return json + "}}";
}

}  // namespace v2
