#include "sim/state_machine.h"

#include "base/check.h"
#include "base/crc32c.h"
#include "sim/trace.h"

namespace sim {

void StateMachine::Apply(const raft::Entry& entry) {
  CHECK_EQ(entry.index, applied_ + 1);
  Trace step;
  step.Add(digest_, entry.term.value(), entry.type);
  step.AddBytes(entry.data.view());
  digest_ = step.fingerprint();
  applied_ = entry.index;
}

base::Bytes StateMachine::Save() const {
  base::Bytes saved(16, '\0');
  base::Store64Le(saved.data(), applied_.value());
  base::Store64Le(saved.data() + 8, digest_);
  return saved;
}

base::Result<StateMachine> StateMachine::Load(base::ByteView saved) {
  if (saved.size() != 16) return base::Status(base::Code::kDataLoss, "state machine: bad size");
  StateMachine machine;
  machine.applied_ = base::Index(base::Load64Le(saved.data()));
  machine.digest_ = base::Load64Le(saved.data() + 8);
  return machine;
}

}  // namespace sim
