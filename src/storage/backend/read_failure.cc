#include "storage/backend/read_failure.h"

#include "base/errors.h"

namespace backend {

base::Status ReadFailure(Backend& database, const base::Status& failure) {
  switch (failure.code()) {
    case base::Code::kOk:
    case base::Code::kCanceled:
      return failure;
    case base::Code::kDataLoss:
      database.ReportDamage(failure);
      return base::errors::kCorrupt;
    case base::Code::kResourceExhausted:
      return base::errors::kTooManyRequests;
    default:
      return {failure.code(), "etcdserver: the database cannot be read"};
  }
}

}  // namespace backend
