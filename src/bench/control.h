#pragma once

#include "ctl/interruption.h"
#include "runtime/posix/parker.h"

namespace bench {

// Where the main thread waits for what other threads do, and for whoever interrupts the program.
// Made before other threads are.
class Control {
 public:
  Control() : interruption_([this] { parker_.Unpark(); }) {}

  // SIGINT or SIGTERM has come.
  bool interrupted() const { return interruption_.handle().canceled(); }
  const etcd::Cancellation& handle() const { return interruption_.handle(); }
  // Unparked by what is waited for, and by an interruption.
  runtime::posix::Parker& parker() { return parker_; }

 private:
  runtime::posix::Parker parker_;
  ctl::Interruption interruption_;
};

}  // namespace bench
