#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/callback.h"
#include "net/http/plain.h"
#include "server/server.h"

namespace web {

// Whether the member can serve, in etcd's two forms: /health, and the checks of /livez and
// /readyz, which can be asked for all together, without some, or one by one.
class Health {
 public:
  // Asks on the frontend's loop; both outlive this.
  Health(server::Server* server, server::Frontend* frontend);

  void AddTo(http::PlainService& service);

 private:
  // Tells what is wrong, or nothing.
  using Done = base::Callback<void(const std::string& problem)>;
  struct Check {
    std::string name;
    std::function<void(Done done)> run;
  };
  class Run;

  void ServeHealth(const http::PlainRequest& request, http::Responder responder);
  std::string AlarmProblem(const std::vector<std::string>& excluded) const;
  void AddChecks(http::PlainService& service, const std::string& path, std::vector<Check> checks);

  std::string CorruptionProblem() const;
  std::string ReadProblem() const;
  void ReadLinearizably(Done done);
  std::string LearnerProblem() const;

  server::Server* const server_;
  server::Frontend* const frontend_;
};

}  // namespace web
