#include "state/apply/request_type.h"

#include <vector>

#include "proto/raft_internal.pb.h"

namespace apply {

using etcdserverpb::InternalRaftRequest;

uint32_t RequestField(const InternalRaftRequest& request) {
  // The frequent ones, without reflection.
  if (request.has_put()) return InternalRaftRequest::kPutFieldNumber;
  if (request.has_txn()) return InternalRaftRequest::kTxnFieldNumber;
  if (request.has_delete_range()) return InternalRaftRequest::kDeleteRangeFieldNumber;
  if (request.has_v2()) return InternalRaftRequest::kV2FieldNumber;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  InternalRaftRequest::GetReflection()->ListFields(request, &fields);
  for (const auto* field : fields) {
    const bool is_request = field->message_type() != nullptr &&
                            field->number() != InternalRaftRequest::kHeaderFieldNumber;
    if (is_request) return static_cast<uint32_t>(field->number());
  }
  return 0;
}

std::string RequestTypeName(uint32_t field) {
  const auto* const found =
      InternalRaftRequest::descriptor()->FindFieldByNumber(static_cast<int>(field));
  if (found == nullptr) return "unknown";
  std::string name = found->camelcase_name();
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return name;
}

}  // namespace apply
