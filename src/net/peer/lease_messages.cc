#include "net/peer/lease_messages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/wire.h"
#include "server/lease_requests.h"

namespace peer {
namespace {

// Of LeaseKeepAliveRequest and LeaseTimeToLiveRequest.
struct RequestField {
  enum : uint32_t { kId = 1, kKeys = 2 };
};
// Of LeaseKeepAliveResponse and LeaseTimeToLiveResponse.
struct ResponseField {
  enum : uint32_t { kHeader = 1, kId = 2, kTtl = 3, kGrantedTtl = 4, kKeys = 5 };
};
// Of LeaseInternalRequest and LeaseInternalResponse.
constexpr uint32_t kMessage = 1;

// Of a refusal.
constexpr size_t kTextBytesMax = 200;

base::Status NoRequest() {
  return {base::Code::kInvalidArgument, "error unmarshalling request"};
}

base::Status NoAnswer(base::ByteView why) {
  return {base::Code::kUnavailable, "lease: " + std::string(why)};
}

int64_t Signed(uint64_t value) {
  return static_cast<int64_t>(value);
}

http::PlainResponse Refusal(const base::Status& why, int status_of_others) {
  if (why == base::errors::kLeaseNotFound) return http::TextResponse(404, "lease not found");
  if (why == base::errors::kTimeoutWaitAppliedIndex) {
    return http::TextResponse(408, "waiting for node to catch up its applied index has timed out");
  }
  return http::TextResponse(status_of_others, why.message());
}

http::PlainResponse Answer(base::Bytes body) {
  http::PlainResponse response;
  response.fields.Add("content-type", "application/protobuf");
  response.body = std::move(body);
  return response;
}

// OK if the answer's body says more.
base::Status RefusalOf(int status, base::ByteView body) {
  if (status == 200) return {};
  if (status == 404) return base::errors::kLeaseNotFound;
  const size_t line = std::min(body.find('\n'), kTextBytesMax);
  return NoAnswer("status " + std::to_string(status) + ": " + std::string(body.substr(0, line)));
}

// The bytes of the one message in a message around it; those of an empty one if there is none.
base::Result<base::ByteView> Inside(base::ByteView body) {
  base::ByteView inside;
  base::WireReader reader(body);
  while (reader.Next()) {
    if (reader.field() == kMessage) inside = reader.bytes();
  }
  if (!reader.ok()) return NoRequest();
  return inside;
}

}  // namespace

base::Bytes EncodeRenewal(base::LeaseId lease) {
  base::Bytes body;
  base::WireWriter(&body).VarintIfSet(RequestField::kId, static_cast<uint64_t>(lease.value()));
  return body;
}

base::Bytes EncodeLeaseQuestion(const LeaseQuestion& question) {
  base::Bytes inside = EncodeRenewal(question.lease);
  if (question.keys) base::WireWriter(&inside).Bool(RequestField::kKeys, true);
  base::Bytes body;
  base::WireWriter(&body).Bytes(kMessage, inside);
  return body;
}

base::Result<base::LeaseId> ParseRenewal(base::ByteView body) {
  base::LeaseId lease;
  base::WireReader reader(body);
  while (reader.Next()) {
    if (reader.field() == RequestField::kId) lease = base::LeaseId(Signed(reader.varint()));
  }
  if (!reader.ok()) return NoRequest();
  return lease;
}

base::Result<LeaseQuestion> ParseLeaseQuestion(base::ByteView body) {
  ASSIGN_OR_RETURN(const base::ByteView inside, Inside(body));
  LeaseQuestion question;
  base::WireReader reader(inside);
  while (reader.Next()) {
    if (reader.field() == RequestField::kId) {
      question.lease = base::LeaseId(Signed(reader.varint()));
    }
    if (reader.field() == RequestField::kKeys) question.keys = reader.varint() != 0;
  }
  if (!reader.ok()) return NoRequest();
  return question;
}

http::PlainResponse RenewalResponse(base::LeaseId lease, const base::Result<int64_t>& ttl) {
  if (!ttl.ok()) return Refusal(ttl.status(), 400);
  base::Bytes body;
  base::WireWriter writer(&body);
  writer.VarintIfSet(ResponseField::kId, static_cast<uint64_t>(lease.value()));
  writer.VarintIfSet(ResponseField::kTtl, static_cast<uint64_t>(*ttl));
  return Answer(std::move(body));
}

// Compat: of an empty header, where etcd has one.
http::PlainResponse LeaseTimesResponse(base::LeaseId lease,
                                       const base::Result<server::LeaseTimes>& times) {
  if (!times.ok()) {
    const bool leads_no_more = times.status() == base::errors::kLeaderChanged;
    return Refusal(leads_no_more ? base::Status(server::kNotPrimary) : times.status(), 500);
  }
  base::Bytes inside;
  base::WireWriter writer(&inside);
  writer.Bytes(ResponseField::kHeader, {});
  writer.VarintIfSet(ResponseField::kId, static_cast<uint64_t>(lease.value()));
  writer.VarintIfSet(ResponseField::kTtl, static_cast<uint64_t>(times->ttl));
  writer.VarintIfSet(ResponseField::kGrantedTtl, static_cast<uint64_t>(times->granted_ttl));
  for (const base::Bytes& key : times->keys) writer.Bytes(ResponseField::kKeys, key);
  base::Bytes body;
  base::WireWriter(&body).Bytes(kMessage, inside);
  return Answer(std::move(body));
}

base::Result<int64_t> RenewedOf(base::LeaseId lease, int status, base::ByteView body) {
  RETURN_IF_ERROR(RefusalOf(status, body));
  base::LeaseId id;
  int64_t ttl = 0;
  base::WireReader reader(body);
  while (reader.Next()) {
    if (reader.field() == ResponseField::kId) id = base::LeaseId(Signed(reader.varint()));
    if (reader.field() == ResponseField::kTtl) ttl = Signed(reader.varint());
  }
  if (!reader.ok()) return NoAnswer("the answer cannot be read");
  if (id != lease) return NoAnswer("renew id mismatch");
  return ttl;
}

base::Result<server::LeaseTimes> LeaseTimesOf(base::LeaseId lease, int status,
                                              base::ByteView body) {
  RETURN_IF_ERROR(RefusalOf(status, body));
  const base::Result<base::ByteView> inside = Inside(body);
  if (!inside.ok()) return NoAnswer("the answer cannot be read");
  server::LeaseTimes times;
  base::LeaseId id;
  base::WireReader reader(*inside);
  while (reader.Next()) {
    switch (reader.field()) {
      case ResponseField::kId:
        id = base::LeaseId(Signed(reader.varint()));
        break;
      case ResponseField::kTtl:
        times.ttl = Signed(reader.varint());
        break;
      case ResponseField::kGrantedTtl:
        times.granted_ttl = Signed(reader.varint());
        break;
      case ResponseField::kKeys:
        times.keys.emplace_back(reader.bytes());
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) return NoAnswer("the answer cannot be read");
  if (id != lease) return NoAnswer("TTL id mismatch");
  return times;
}

}  // namespace peer
