#pragma once

#include <etcd/client.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/callback.h"
#include "client/host.h"
#include "runtime/random.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/threads.h"
#include "sim/checker.h"
#include "sim/plan.h"
#include "sim/watch_order.h"

namespace sim {

// A process that uses the client library, on a host of its own: some threads, which share a client
// and wait for its answers. It may be ended and started anew, and stand still for a while.
class LibraryUser {
 public:
  // All outlive this.
  struct Parts {
    runtime::simulated::Scheduler* scheduler;
    runtime::simulated::Wires* wires;
    // Goes on while the process stands still.
    runtime::Loop* loop;
    Checker* checker;
    const Plan* plan;
    WatchOrder::Parts watch;
  };
  LibraryUser(Parts parts, std::string host);
  // It has ended.
  ~LibraryUser();

  // What one of its threads does, until Ends.
  using Work = std::function<void()>;
  void AddWork(Work work) { work_.push_back(std::move(work)); }

  // Its client knows these members from now on; it starts with the first.
  void Dial(const std::vector<runtime::Address>& members);
  // Likewise, in a new process: what was under way is given up, and its leases are left.
  void StartAnew(const std::vector<runtime::Address>& members);
  // Its work ends; its watch goes on.
  void EndWork() { work_ends_ = true; }
  bool work_has_ended() const { return work_ends_ && working_ == 0; }
  // All ends, some time later: what is given up may have something to take back first.
  void Close();
  bool has_ended() const { return threads_.count() == 0; }

  const std::string& host() const { return host_; }
  // How far its watch of all keys has got.
  const WatchOrder& watch() const { return watch_; }

  // ---- For its work, in one of its threads ----

  bool Ends() const { return work_ends_ || closing_ || starting_anew_; }
  etcd::Client& client() { return *client_; }
  // Of a call that is to be over before long.
  etcd::CallOptions Call();
  // Of one that waits for others, for between so long.
  etcd::CallOptions Call(runtime::Duration low, runtime::Duration high);
  void SleepUntilNextTurn() { SleepUntilNextTurn(parts_.plan->client_library_interval); }
  void SleepUntilNextTurn(runtime::Duration mean);
  void Sleep(runtime::Duration low, runtime::Duration high);
  // Now and then, the whole process stands still for a while, as when it is swapped out; or nothing
  // passes between its host and the members that it knows.
  void Suffer();
  // How often it has stood still.
  uint64_t pauses() const { return pauses_; }
  uint64_t cut_offs() const { return cut_offs_; }

  runtime::Random& random() { return parts_.scheduler->random(); }
  const runtime::Clock& clock() const { return parts_.scheduler->clock(); }
  Checker& checker() { return *parts_.checker; }

 private:
  void StandStill(runtime::Duration duration);
  void CutOff(runtime::Duration duration);
  // From one client to the next.
  void Live();
  void LiveOnce();
  std::unique_ptr<client::Host> NewHost();
  // As one of the client's threads.
  void Begin(base::Callback<void()> body);
  void WatchKeys();
  bool OnAnswer(const etcd::WatchResponse& answer);
  etcd::ClientOptions Options();
  runtime::Duration Draw(runtime::Duration low, runtime::Duration high);

  const Parts parts_;
  const std::string host_;
  std::vector<Work> work_;
  runtime::simulated::Threads threads_;
  std::vector<std::string> members_;  // their hosts
  std::vector<std::string> endpoints_;
  WatchOrder watch_;
  std::unique_ptr<etcd::Client> client_;  // null between two
  runtime::Loop* client_loop_ = nullptr;
  etcd::Cancellation cancellation_;  // of all that the client does
  size_t busy_ = 0;                  // threads that use the client
  size_t working_ = 0;               // of which so many do its work
  bool has_begun_ = false;
  bool work_ends_ = false;
  bool starting_anew_ = false;
  bool closing_ = false;
  uint64_t pauses_ = 0;
  uint64_t cut_offs_ = 0;
};

}  // namespace sim
