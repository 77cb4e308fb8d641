#pragma once

#include "base/bytes.h"
#include "base/ids.h"

namespace kv {

// Which keys go with which lease, kept up as keys are written. Belongs to the apply loop.
class Lessor {
 public:
  virtual ~Lessor() = default;
  virtual bool Exists(base::LeaseId lease) const = 0;
  // `lease` exists; the key was with no lease.
  virtual void Attach(base::LeaseId lease, base::ByteView key) = 0;
  // The key was with `lease`.
  virtual void Detach(base::LeaseId lease, base::ByteView key) = 0;
};

}  // namespace kv
