#pragma once

#include <memory>
#include <string>

#include "api/v2/access.h"
#include "api/v2/call.h"
#include "net/http/headers.h"
#include "server/frontend.h"
#include "server/server.h"
#include "state/members/member.h"

namespace v2 {

// /v2/members of one loop: who belongs to the cluster, and changes of it.
class Members {
 public:
  // All outlive this.
  Members(server::Server* server, server::Frontend* frontend, Access* access)
      : server_(*server), frontend_(*frontend), access_(*access) {}

  // `path`: what follows /v2/members, decoded.
  void Serve(const std::shared_ptr<Call>& call, base::ByteView path);

 private:
  using CallRef = std::shared_ptr<Call>;

  void List(const CallRef& call, base::ByteView name);
  void Add(const CallRef& call);
  void Update(const CallRef& call, const std::string& name);
  void Remove(const CallRef& call, const std::string& name);
  // The URLs of the request; nothing, and answered, if there are none.
  std::optional<std::vector<std::string>> UrlsOf(const CallRef& call);
  void Refuse(const CallRef& call, const std::string& name, const base::Status& status);
  void Send(const CallRef& call, int status, std::string message) const;
  // The number of a member; nothing, and answered, for what is none.
  std::optional<base::MemberId> IdOf(const CallRef& call, const std::string& name) const;

  server::Server& server_;
  server::Frontend& frontend_;
  Access& access_;
};

}  // namespace v2
