#include "api/v2/stats.h"

#include <array>
#include <map>
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

// Compat: the least of none.
constexpr char kNoMinimum[] = "9223372036854776000";

std::string FollowerJson(const server::AppendTimes::Values& times) {
  return R"({"latency":{"current":)" + JsonNumber(times.current) + R"(,"average":)" +
         JsonNumber(times.average) + R"(,"standardDeviation":)" +
         JsonNumber(times.standard_deviation) + R"(,"minimum":)" +
         (times.successes == 0 ? kNoMinimum : JsonNumber(times.minimum)) + R"(,"maximum":)" +
         JsonNumber(times.maximum) + R"(},"counts":{"fail":)" + std::to_string(times.failures) +
         R"(,"success":)" + std::to_string(times.successes) + "}}";
}

// Of appends in one direction; rates of none are left out.
std::string AppendsJson(const std::string& direction, const server::AppendRate& appends,
                        runtime::TimePoint now) {
  const server::AppendRate::Rates rates = appends.At(now);
  std::string json = ",\"" + direction + R"(AppendRequestCnt":)" + std::to_string(appends.count());
  if (rates.messages == 0) return json;
  return json + ",\"" + direction + R"(PkgRate":)" + JsonNumber(rates.messages) + ",\"" +
         direction + R"(BandwidthRate":)" + JsonNumber(rates.bytes);
}

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
  const runtime::TimePoint now = frontend_.loop().clock().Now();
  const char* const state = Leads()                ? "StateLeader"
                            : progress.leader == 0 ? "StateCandidate"
                                                   : "StateFollower";
  return R"({"name":)" + Text(server_.options().name) + R"(,"id":)" + Hex(server_.id().value()) +
         R"(,"state":)" + Text(state) + R"(,"startTime":)" + Text(Rfc3339(totals_.started)) +
         R"(,"leaderInfo":{"leader":)" + Hex(progress.leader) + R"(,"uptime":)" +
         Text(base::FormatDuration(std::chrono::nanoseconds(Now() - since))) + R"(,"startTime":)" +
         Text(Rfc3339(since)) + "}" + AppendsJson("recv", progress.appends_received, now) +
         AppendsJson("send", progress.appends_sent, now) + "}";
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
  const server::Transport* const transport = server_.environment().transport;
  std::map<std::string, std::string> followers;
  for (const members::Member& member : frontend_.state()->view().Get()->members) {
    if (member.id == server_.id()) continue;
    const auto times = transport == nullptr ? nullptr : transport->AppendTimesOf(member.id);
    followers[Hex(member.id.value())] =
        FollowerJson(times == nullptr ? server::AppendTimes::Values() : times->Get());
  }
  std::string json = R"({"leader":)" + Hex(server_.id().value()) + R"(,"followers":{)";
  for (const auto& [id, follower] : followers) {
    if (json.back() != '{') json += ',';
    json += id + ":" + follower;
  }
  return json + "}}";
}

}  // namespace v2
