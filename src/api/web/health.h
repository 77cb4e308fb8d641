#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/web/health_metrics.h"
#include "base/callback.h"
#include "net/http/plain.h"
#include "server/server.h"

namespace web {

// Whether the member can serve, in etcd's two forms: /health, and the checks of /livez and
// /readyz, which can be asked for all together, without some, or one by one. While the log's disk
// stands still /readyz says so at once and leaves out what would wait for it.
class Health {
 public:
  // Asks on the frontend's loop. All outlive this.
  Health(server::Server* server, server::Frontend* frontend, HealthMetrics* metrics);

  void AddTo(http::PlainService& service);

  // The member is stopping: /readyz fails from now on. On the frontend's loop.
  void Stop() { stopping_ = true; }

 private:
  // Tells what is wrong, or nothing.
  using Done = base::Callback<void(const std::string& problem)>;
  struct Check {
    std::string name;
    std::function<void(Done done)> run;
  };
  class Run;

  // Takes the answer of /health.
  using Report = std::function<void(const std::string& problem)>;

  void ServeHealth(const http::PlainRequest& request, http::Responder responder);
  void CheckHealth(const http::PlainRequest& request, Report report);
  std::string AlarmProblem(const std::vector<std::string>& excluded) const;
  // At /`type`, and one by one below it.
  void AddChecks(http::PlainService& service, const std::string& type, std::vector<Check> checks);

  std::string CorruptionProblem() const;
  std::string ReadProblem() const;
  void ReadLinearizably(Done done);
  std::string LearnerProblem() const;

  server::Server* const server_;
  server::Frontend* const frontend_;
  HealthMetrics* const metrics_;
  bool stopping_ = false;
};

}  // namespace web
