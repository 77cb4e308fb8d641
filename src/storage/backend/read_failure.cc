#include "storage/backend/read_failure.h"

#include "base/errors.h"

namespace backend {
namespace {

// Clients try what is unavailable at another member.
base::Status BeingMadeGood() {
  return {base::Code::kUnavailable,
          "etcdserver: the database is damaged, and is being filled again by other members"};
}

}  // namespace

base::Status ReadFailure(Backend& database, const base::Status& failure) {
  switch (failure.code()) {
    case base::Code::kOk:
    case base::Code::kCanceled:
      return failure;
    case base::Code::kDataLoss:
      return database.ReportDamage(failure) ? BeingMadeGood() : base::errors::kCorrupt;
    case base::Code::kResourceExhausted:
      return base::errors::kTooManyRequests;
    default:
      return {failure.code(), "etcdserver: the database cannot be read"};
  }
}

}  // namespace backend
