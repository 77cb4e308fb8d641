#include "server/tree_keeper.h"

#include <optional>

#include "proto/raft_internal.pb.h"
#include "state/v2/store.h"

namespace server {
TreeKeeper::TreeKeeper(const Environment& environment, const Parts& parts)
    : parts_(parts),
      clock_(environment.apply_loop->clock()),
      timer_(environment.apply_loop->NewTimer([this] { Look(); })) {}

void TreeKeeper::Start() {
  timer_->Arm(kInterval);
}

void TreeKeeper::Look() {
  const std::optional<int64_t> first = parts_.apply_loop->tree().first_expiration();
  const int64_t now = clock_.WallNow().unix_nanos;
  const bool leads = parts_.progress->leader == parts_.self.value();
  if (!leads || !first.has_value() || *first > now) return timer_->Arm(kInterval);
  v2pb::Request request;
  request.set_method(v2pb::Request::SYNC);
  request.set_time(now);
  request.set_expire_max(kEndsOfEntry);
  parts_.frontend->Propose(etcdserverpb::InternalRaftRequest::kV2FieldNumber,
                           request.SerializeAsString(), [this](const apply::Reply& reply) {
                             // There may be more.
                             if (reply.status.ok()) return Look();
                             timer_->Arm(kInterval);
                           });
}

}  // namespace server
