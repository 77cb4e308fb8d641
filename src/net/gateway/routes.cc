#include "net/gateway/routes.h"

#include <google/protobuf/descriptor.h>

#include "base/check.h"
#include "proto/admission.pb.h"
#include "proto/gateway.pb.h"
#include "proto/rpc.pb.h"
#include "proto/usage.pb.h"
#include "proto/v3election.pb.h"
#include "proto/v3lock.pb.h"

namespace gateway {
namespace {

using google::protobuf::FileDescriptor;

const FileDescriptor* FileOf(const google::protobuf::Message& message) {
  return message.GetDescriptor()->file();
}

}  // namespace

Routes::Routes() {
  const FileDescriptor* const files[] = {
      FileOf(etcdserverpb::RangeRequest()), FileOf(v3lockpb::LockRequest()),
      FileOf(v3electionpb::LeaderRequest()), FileOf(admissionpb::RuleListRequest()),
      FileOf(usagepb::UsageRequest())};
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto* const service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        const auto* const method = service->method(j);
        for (const std::string& path : method->options().GetRepeatedExtension(cornerstore::post)) {
          const Route route{method, "/" + service->full_name() + "/" + method->name()};
          CHECK(routes_.emplace(path, route).second);
        }
      }
    }
  }
}

const Route* Routes::Find(base::ByteView path) const {
  const auto found = routes_.find(path);
  return found == routes_.end() ? nullptr : &found->second;
}

}  // namespace gateway
