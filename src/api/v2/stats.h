#pragma once

#include <string>

#include "api/v2/call.h"
#include "api/v2/totals.h"
#include "base/bytes.h"
#include "server/frontend.h"
#include "server/server.h"

namespace v2 {

// /v2/stats of one loop.
class Stats {
 public:
  // All outlive this.
  Stats(server::Server* server, server::Frontend* frontend, Totals* totals);

  // `name`: what follows /v2/stats/. False for one that there is not.
  bool Serve(Call& call, base::ByteView name);

 private:
  std::string Self() const;
  std::string Store() const;
  std::string Followers() const;
  bool Leads() const;
  int64_t Now() const { return frontend_.loop().clock().WallNow().unix_nanos; }

  server::Server& server_;
  server::Frontend& frontend_;
  Totals& totals_;
};

}  // namespace v2
