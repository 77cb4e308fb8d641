#include "api/v3/counting.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "proto/rpc.pb.h"
#include "proto/usage.pb.h"
#include "proto/v3election.pb.h"
#include "proto/v3lock.pb.h"
#include "state/apply/request_codec.h"
#include "state/kv/prefix_range.h"

namespace v3 {
namespace {

using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using Kind = Counting::Kind;

template <typename Request>
auth::KeyRange RangeOf(const Request& request) {
  return {request.key(), request.range_end()};
}

void AddKeys(const etcdserverpb::RangeRequest& request, RequestKeys* keys) {
  keys->Add(RangeOf(request));
}
void AddKeys(const etcdserverpb::PutRequest& request, RequestKeys* keys) {
  keys->Add({request.key()});
}
void AddKeys(const etcdserverpb::DeleteRangeRequest& request, RequestKeys* keys) {
  keys->Add(RangeOf(request));
}
void AddKeys(const v3lockpb::LockRequest& request, RequestKeys* keys) {
  keys->AddQueue(request.name());
}
void AddKeys(const v3electionpb::CampaignRequest& request, RequestKeys* keys) {
  keys->AddQueue(request.name());
}
// Its key is what is written, whatever the name.
void AddKeys(const v3electionpb::ProclaimRequest& request, RequestKeys* keys) {
  keys->Add({request.leader().key()});
}
void AddKeys(const v3electionpb::LeaderRequest& request, RequestKeys* keys) {
  keys->AddQueue(request.name());
}

void AddKeys(const usagepb::UsageRequest& request, RequestKeys* keys) {
  keys->AddPrefix(request.prefix());
}

// Both branches: which one is taken is not known yet. Why with a list: clients may nest them
// thousands deep.
void AddKeys(const TxnRequest& outermost, RequestKeys* keys) {
  std::vector<const TxnRequest*> left = {&outermost};
  while (!left.empty()) {
    const TxnRequest& request = *left.back();
    left.pop_back();
    for (const etcdserverpb::Compare& compare : request.compare()) keys->Add(RangeOf(compare));
    for (const auto* branch : {&request.success(), &request.failure()}) {
      for (const RequestOp& op : *branch) {
        if (op.has_request_range()) AddKeys(op.request_range(), keys);
        if (op.has_request_put()) AddKeys(op.request_put(), keys);
        if (op.has_request_delete_range()) AddKeys(op.request_delete_range(), keys);
        if (op.has_request_txn()) left.push_back(&op.request_txn());
      }
    }
  }
}

template <typename Request>
bool Read(base::ByteView message, RequestKeys* keys) {
  auto request = std::make_unique<Request>();
  if (!apply::ParseRequest(message, request.get())) return false;
  AddKeys(*request, keys);
  keys->Keep(std::move(request));
  return true;
}

struct Method {
  std::string_view service;
  std::string_view name;
  Counting counting;
};

constexpr std::string_view kKv = "etcdserverpb.KV";
constexpr std::string_view kWatch = "etcdserverpb.Watch";
constexpr std::string_view kLease = "etcdserverpb.Lease";
constexpr std::string_view kLock = "v3lockpb.Lock";
constexpr std::string_view kElection = "v3electionpb.Election";
constexpr std::string_view kUsage = "usagepb.Usage";

// Leases are kept alive, locks unlocked and leaderships resigned whatever else is asked for.
constexpr Method kMethods[] = {
    {kKv, "Range", {Kind::kEach, Read<etcdserverpb::RangeRequest>}},
    {kKv, "RangeStream", {Kind::kEach, Read<etcdserverpb::RangeRequest>}},
    {kKv, "Put", {Kind::kEach, Read<etcdserverpb::PutRequest>}},
    {kKv, "DeleteRange", {Kind::kEach, Read<etcdserverpb::DeleteRangeRequest>}},
    {kKv, "Txn", {Kind::kEach, Read<TxnRequest>}},
    {kKv, "Compact", {Kind::kNot}},
    {kWatch, "Watch", {Kind::kByStream}},
    {kLease, "LeaseGrant", {Kind::kEach}},
    {kLease, "LeaseRevoke", {Kind::kEach}},
    {kLease, "LeaseKeepAlive", {Kind::kNot}},
    {kLease, "LeaseTimeToLive", {Kind::kEach}},
    {kLease, "LeaseLeases", {Kind::kEach}},
    {kLock, "Lock", {Kind::kEach, Read<v3lockpb::LockRequest>}},
    {kLock, "Unlock", {Kind::kNot}},
    {kElection, "Campaign", {Kind::kEach, Read<v3electionpb::CampaignRequest>}},
    {kElection, "Proclaim", {Kind::kEach, Read<v3electionpb::ProclaimRequest>}},
    {kElection, "Leader", {Kind::kEach, Read<v3electionpb::LeaderRequest>}},
    {kElection, "Observe", {Kind::kEach, Read<v3electionpb::LeaderRequest>}},
    {kElection, "Resign", {Kind::kNot}},
    {kUsage, "Usage", {Kind::kEach, Read<usagepb::UsageRequest>}},
};

// Whose methods administer: none of them counts.
constexpr std::string_view kAdministration[] = {"etcdserverpb.Cluster", "etcdserverpb.Maintenance",
                                                "etcdserverpb.Auth", "admissionpb.Admission"};

}  // namespace

RequestKeys::RequestKeys() = default;
RequestKeys::~RequestKeys() = default;

void RequestKeys::AddQueue(const std::string& name) {
  // '0' follows '/'.
  Add({made_.emplace_back(name + '/'), made_.emplace_back(name + '0')});
}

void RequestKeys::AddPrefix(base::ByteView prefix) {
  kv::PrefixRange range = kv::PrefixRange::Of(prefix);
  const std::string& key = made_.emplace_back(std::move(range.key));
  Add({key, made_.emplace_back(std::move(range.end))});
}

void RequestKeys::Keep(std::unique_ptr<google::protobuf::MessageLite> request) {
  request_ = std::move(request);
}

Counting CountingOf(std::string_view service, std::string_view method) {
  const bool administers = std::find(std::begin(kAdministration), std::end(kAdministration),
                                     service) != std::end(kAdministration);
  if (administers) return {Kind::kNot};
  const auto* const found =
      std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& candidate) {
        return candidate.service == service && candidate.name == method;
      });
  CHECK(found != std::end(kMethods));
  return found->counting;
}

}  // namespace v3
