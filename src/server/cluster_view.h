#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "state/alarms/alarms.h"
#include "state/members/member.h"

namespace server {

// The members, the cluster's version and the alarms, as one entry of the log left them.
struct ClusterView {
  std::vector<members::Member> members;  // ascending by id
  std::string cluster_version;           // "3.7.0"; empty before it is decided
  std::vector<alarms::Alarm> alarms;     // ascending
};

// The newest view: the apply loop replaces it whole, any thread reads it.
class PublishedView {
 public:
  std::shared_ptr<const ClusterView> Get() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }
  void Set(ClusterView view) {
    auto next = std::make_shared<const ClusterView>(std::move(view));
    const std::lock_guard lock(mutex_);
    view_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const ClusterView> view_ = std::make_shared<const ClusterView>();
};

}  // namespace server
