// Any bytes are what a member asks its leader of a lease, and what it is answered.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/peer/lease_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView in(reinterpret_cast<const char*>(data), size);
  const auto renewal = peer::ParseRenewal(in);
  if (renewal.ok()) CHECK(*renewal == *peer::ParseRenewal(peer::EncodeRenewal(*renewal)));
  const auto question = peer::ParseLeaseQuestion(in);
  if (question.ok()) {
    const auto again = peer::ParseLeaseQuestion(peer::EncodeLeaseQuestion(*question));
    CHECK(again.ok() && again->lease == question->lease && again->keys == question->keys);
  }
  const base::LeaseId lease(7);
  const auto renewed = peer::RenewedOf(lease, 200, in);
  if (renewed.ok()) {
    CHECK(*renewed == *peer::RenewedOf(lease, 200, peer::RenewalResponse(lease, *renewed).body));
  }
  const auto times = peer::LeaseTimesOf(lease, 200, in);
  if (times.ok()) {
    const auto again = peer::LeaseTimesOf(lease, 200, peer::LeaseTimesResponse(lease, *times).body);
    CHECK(again.ok() && again->ttl == times->ttl && again->granted_ttl == times->granted_ttl &&
          again->keys == times->keys);
  }
  (void)peer::RenewedOf(lease, 400, in);
  return 0;
}
