#include "api/web/health.h"

#include <algorithm>
#include <utility>

#include "api/web/method.h"
#include "base/form.h"

namespace web {
namespace {

constexpr const char* kLinearizableRead = "linearizable_read";
constexpr const char* kRefilling = "the database is damaged and waits for a snapshot to refill it";

http::PlainResponse HealthResponse(const std::string& problem) {
  const std::string json = std::string(R"({"health":")") + (problem.empty() ? "true" : "false") +
                           R"(","reason":")" + problem + R"("})";
  if (!problem.empty()) return http::TextResponse(503, json);
  http::PlainResponse response;
  response.fields.Add("content-type", "text/plain; charset=utf-8");
  response.body = json;
  return response;
}

bool Contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

// Checks of one request, one after another.
class Health::Run : public std::enable_shared_from_this<Run> {
 public:
  Run(std::vector<Check> checks, bool verbose, http::Responder responder)
      : checks_(std::move(checks)), verbose_(verbose), responder_(std::move(responder)) {}

  void Next() {
    if (next_ == checks_.size()) return Answer();
    checks_[next_].run([run = shared_from_this()](const std::string& problem) {
      run->Report(problem);
      run->Next();
    });
  }

 private:
  void Report(const std::string& problem) {
    const std::string& name = checks_[next_++].name;
    failed_ = failed_ || !problem.empty();
    report_ +=
        problem.empty() ? "[+]" + name + " ok\n" : "[-]" + name + " failed: " + problem + "\n";
  }
  void Answer() {
    if (failed_) return responder_.Send(http::TextResponse(503, report_));
    responder_.Send(http::TextResponse(200, (verbose_ ? report_ : "") + "ok"));
  }

  const std::vector<Check> checks_;
  const bool verbose_;
  http::Responder responder_;
  size_t next_ = 0;
  bool failed_ = false;
  std::string report_;
};

Health::Health(server::Server* server, server::Frontend* frontend, HealthMetrics* metrics)
    : server_(server), frontend_(frontend), metrics_(metrics) {}

void Health::AddTo(http::PlainService& service) {
  service.Handle("/health", [this](const auto& request, auto responder) {
    ServeHealth(request, std::move(responder));
  });
  const Check serializable_read{"serializable_read", [this](Done done) { done(ReadProblem()); }};
  AddChecks(service, "livez", {serializable_read});
  AddChecks(service, "readyz",
            {{"data_corruption", [this](Done done) { done(CorruptionProblem()); }},
             serializable_read,
             {kLinearizableRead, [this](Done done) { ReadLinearizably(std::move(done)); }},
             {"non_learner", [this](Done done) { done(LearnerProblem()); }}});
}

void Health::AddChecks(http::PlainService& service, const std::string& type,
                       std::vector<Check> checks) {
  const std::string path = "/" + type;
  for (Check& check : checks) {
    check.run = [this, type, name = check.name, run = std::move(check.run)](Done done) {
      run([this, type, name, done = std::move(done)](const std::string& problem) mutable {
        metrics_->CountCheck(type, name, problem.empty());
        done(problem);
      });
    };
  }
  for (const Check& check : checks) {
    service.Handle(path + "/" + check.name, [check](const auto& request, auto responder) {
      if (RefuseMethod(request, responder)) return;
      const bool verbose = base::Form(http::Query(request.head)).Has("verbose");
      std::make_shared<Run>(std::vector{check}, verbose, std::move(responder))->Next();
    });
  }
  const bool until_stop = type == "readyz";
  service.Handle(path, [this, until_stop, checks = std::move(checks)](const auto& request,
                                                                      auto responder) {
    if (RefuseMethod(request, responder)) return;
    const base::Form query(http::Query(request.head));
    const std::vector<std::string> excluded = query.All("exclude");
    const bool stalls = until_stop && server_->progress().log_stalls;
    std::vector<Check> chosen;
    for (const Check& check : checks) {
      // Why: it would wait for entries that this disk does not take, as long as a request may.
      if (stalls && check.name == kLinearizableRead) continue;
      if (!Contains(excluded, check.name)) chosen.push_back(check);
    }
    if (stalls) {
      chosen.push_back({"log_write", [](Done done) { done("the disk of the log stands still"); }});
    }
    if (until_stop && stopping_) {
      chosen.push_back({"shutdown", [](Done done) { done("the member is stopping"); }});
    }
    std::make_shared<Run>(std::move(chosen), query.Has("verbose"), std::move(responder))->Next();
  });
}

void Health::ServeHealth(const http::PlainRequest& request, http::Responder responder) {
  if (RefuseMethod(request, responder)) return;
  CheckHealth(request, [this, responder](const std::string& problem) mutable {
    metrics_->CountHealth(problem.empty());
    responder.Send(HealthResponse(problem));
  });
}

void Health::CheckHealth(const http::PlainRequest& request, Report report) {
  const base::Form query(http::Query(request.head));
  const std::string alarm = AlarmProblem(query.All("exclude"));
  if (!alarm.empty()) return report(alarm);
  auto report_read = [report](const std::string& problem) {
    report(problem.empty() ? "" : "RANGE ERROR:" + problem);
  };
  if (server_->progress().awaits_snapshot) return report(kRefilling);
  if (query.Get("serializable") == "true") return report_read(ReadProblem());
  if (server_->progress().leader == 0) return report("RAFT NO LEADER");
  ReadLinearizably(report_read);
}

std::string Health::AlarmProblem(const std::vector<std::string>& excluded) const {
  const auto view = frontend_->state()->view().Get();
  for (const alarms::Alarm& alarm : view->alarms) {
    const char* const name = alarm.type == alarms::Type::kNoSpace ? "NOSPACE" : "CORRUPT";
    if (!Contains(excluded, name)) return std::string("ALARM ") + name;
  }
  return {};
}

std::string Health::CorruptionProblem() const {
  if (server_->progress().awaits_snapshot) return kRefilling;
  const auto view = frontend_->state()->view().Get();
  const bool is_corrupt =
      std::any_of(view->alarms.begin(), view->alarms.end(),
                  [](const auto& alarm) { return alarm.type == alarms::Type::kCorrupt; });
  return is_corrupt ? "alarm activated: CORRUPT" : "";
}

std::string Health::ReadProblem() const {
  const std::shared_ptr<apply::StateReads> reads = frontend_->reads();
  const auto pin = reads->keys().Pin(base::Revision(0));
  if (!pin.ok()) return std::string(pin.status().message());
  const auto range = (*pin)->Range(mvcc::KeyRange::All(), 1);
  return range.ok() ? "" : std::string(range.status().message());
}

void Health::ReadLinearizably(Done done) {
  frontend_->ReadIndex([this, done = std::move(done)](const base::Status& status) mutable {
    done(status.ok() ? ReadProblem() : std::string(status.message()));
  });
}

std::string Health::LearnerProblem() const {
  const auto view = frontend_->state()->view().Get();
  for (const members::Member& member : view->members) {
    if (member.id == server_->id() && member.is_learner) return "not supported for learner";
  }
  return {};
}

}  // namespace web
