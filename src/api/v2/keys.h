#pragma once

#include <memory>

#include "api/v2/access.h"
#include "api/v2/call.h"
#include "api/v2/hub.h"
#include "api/v2/key_request.h"
#include "api/v2/request_metrics.h"
#include "api/v2/totals.h"
#include "api/v3/quota.h"
#include "net/http/headers.h"
#include "server/frontend.h"
#include "server/server.h"
#include "state/apply/reply.h"

namespace v2 {

// /v2/keys of one loop: reads and watches of this member's tree, changes by way of the log.
class Keys {
 public:
  // All outlive this.
  Keys(server::Server* server, server::Frontend* frontend, Access* access, Totals* totals);

  // `path`: what follows /v2/keys, decoded.
  void Serve(const std::shared_ptr<Call>& call, base::ByteView path);

 private:
  using CallRef = std::shared_ptr<Call>;
  using Request = std::shared_ptr<KeyRequest>;

  void ServeBegun(const CallRef& call, const Request& request);
  void ServeAllowed(const CallRef& call, const Request& request);
  void Read(const CallRef& call, const KeyRequest& request);
  void ReadLinearizably(const CallRef& call, const Request& request);
  void Watch(const CallRef& call, const KeyRequest& request);
  void Change(const CallRef& call, const Request& request);
  void Answer(const CallRef& call, const KeyRequest& request, const apply::Reply& reply);
  void Refuse(const CallRef& call, const Error& error);
  // What was refused after it was let in; by the tree, or by the log, or a member.
  void Fail(const CallRef& call, const KeyRequest& request, const Error& error);
  void Fail(const CallRef& call, const KeyRequest& request, const base::Status& status);
  void Complete(const KeyRequest& request);
  // Of an answer that is none of these.
  http::Headers Fields(uint64_t index) const;
  http::Headers ErrorFields(uint64_t index) const;
  int64_t Now() const;

  server::Server& server_;
  server::Frontend& frontend_;
  Access& access_;
  v3::Quota quota_;
  RequestMetrics metrics_;
  Hub hub_;
};

}  // namespace v2
