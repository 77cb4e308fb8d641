#include "server/apply_report.h"

#include <string>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "server/change_log.h"
#include "state/apply/loggable_text.h"
#include "state/apply/request_type.h"

namespace server {

using etcdserverpb::InternalRaftRequest;

ApplyReport::ApplyReport(const observe::Logger* logger, observe::Registry* registry,
                         runtime::Duration slow)
    : logger_(*logger),
      slow_(slow),
      durations_(ApplyDurations(registry)),
      slow_requests_(SlowRequests(registry)) {}

void ApplyReport::Applied(const etcdserverpb::InternalRaftRequest& request,
                          const apply::Reply& reply, runtime::Duration took) {
  // Compat: that a revision is compacted already is no failure to etcd.
  const bool success = reply.status.ok() || reply.status == base::errors::kCompacted;
  const uint32_t field = apply::RequestField(request);
  durations_.Observe(field, success, took);
  const bool is_of_auth = field >= InternalRaftRequest::kAuthEnableFieldNumber &&
                          field <= InternalRaftRequest::kAuthRoleRevokePermissionFieldNumber;
  const bool is_told = is_of_auth || request.has_alarm() || request.has_admission_rule_set() ||
                       request.has_admission_rule_delete();
  if (is_told && reply.status.ok()) LogChange(request, logger_);
  if (took <= slow_ && success) return;
  const std::string text = apply::LoggableText(request);
  const std::string response = "size:" + std::to_string(reply.body.size());
  if (took > slow_) {
    slow_requests_.Add();
    logger_.Warn("apply request took too long", {{"took", took},
                                                 {"expected-duration", slow_},
                                                 {"prefix", ""},
                                                 {"request", text},
                                                 {"response", response}});
  }
  if (!success) {
    logger_.Warn("failed to apply request", {{"took", took},
                                             {"request", text},
                                             {"response", response},
                                             {"error", reply.status.message()}});
  }
}

}  // namespace server
