#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/network.h"
#include "sim/admission_workload.h"
#include "sim/auth_workload.h"
#include "sim/checker.h"
#include "sim/client.h"
#include "sim/key_history.h"
#include "sim/lease_workload.h"
#include "sim/library_workload.h"
#include "sim/plan.h"
#include "sim/process.h"
#include "sim/tally.h"
#include "sim/tree_workload.h"
#include "sim/watches.h"

namespace sim {

// What clients ask of the members, over their wires, and hold against the answers. A write that was
// acknowledged is where it was said to be, at a revision that was given once, and is seen by every
// linearizable read that begins afterwards. One that failed has left no trace if the client was
// told that nobody carried it out, and otherwise may be there, as any, once. Outlives the
// processes.
class Workload {
 public:
  // All outlive this.
  Workload(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
           Checker* checker, const Plan& plan);

  // One request of some client to some member that it is connected to.
  void Write();
  void Read();
  // Users, or who gives them rights, ask for something.
  void ChangeRights() { auth_->Act(); }
  // Somebody changes the admission rules, or lists them.
  void ChangeRules() { rules_.Act(); }
  // The client of the v2 API asks for something.
  void ChangeTree() { tree_->Act(); }
  // Some clients revoke leases.
  void RevokeLeases() { leases_.RevokeSome(); }
  // Some client starts anew, or all do, and knows these members.
  void Dial(const std::vector<runtime::Address>& members);
  void DialAll(const std::vector<runtime::Address>& members);
  // Some client stands still for so long.
  void StandStill(runtime::Duration duration) { RandomClient().StandStill(duration); }
  // Nobody does any more.
  void WakeAll();
  // Some client does not read for so long what its watch is told.
  void PauseWatch(runtime::Duration duration) { watches_->Pause(duration); }
  // Some client's host.
  const std::string& RandomHost();
  // Who uses the client library asks for nothing more and holds nothing, some time later.
  void EndLibrary();
  bool LibraryHasEnded() const { return library_ == nullptr || library_->WorkHasEnded(); }
  // The clients end, some time later: HasEnded.
  void Close();
  bool HasEnded() const { return library_ == nullptr || library_->HasEnded(); }

  // Compares what the members hold with each other and with what was answered; they have nothing
  // more to apply, and maybe no leases any more.
  void CheckAll(const std::vector<Process*>& processes, bool leases_are_gone);

  // Leases that must be there are at these members, which have all that is committed.
  void CheckLeases(const std::vector<Process*>& processes) const { leases_.CheckHeld(processes); }

  // Whether every watch was told of all that was acknowledged.
  bool WatchesHaveAll() const {
    return watches_->HaveReached(newest_) &&
           (library_ == nullptr || library_->WatchesHaveReached(newest_));
  }

  // What was asked and told.
  Tally tally() const;
  // Calls that ended so.
  uint64_t ended(Outcome outcome) const { return ended_[static_cast<size_t>(outcome)]; }

 private:
  // A value that was asked to be written; each is another, and begins with its number.
  struct Value {
    base::Revision revision;  // at which it was seen, if it was
    bool is_refused = false;  // it must not be seen
  };
  struct Put {
    std::string key;
    std::string value;
    friend bool operator==(const Put&, const Put&) = default;
  };

  template <typename Response>
  using OnResponse = std::function<void(const Response& response)>;
  using OnError = std::function<void(const base::Status& status)>;
  // `values` are those that the request would write, some or all. `on_error` hears of a member's
  // error.
  template <typename Response>
  void Ask(
      const char* path, const google::protobuf::MessageLite& request,
      std::vector<std::string> values, OnResponse<Response> on_response,
      OnError on_error = [](const base::Status&) {});
  Client::Call NewCall(const char* path, std::string request);
  void CountEnd(const Client::Answer& answer);
  // The same of a call that was to say who may do all.
  void CountRootsEnd(const Client::Answer& answer);
  std::string RootToken() const { return auth_ == nullptr ? "" : auth_->root_token(); }
  void RenewRootToken();
  std::unique_ptr<AuthWorkload> NewAuthWorkload(runtime::simulated::Scheduler* scheduler);
  LibraryKeys::Parts PartsOfLibrary();
  // Has some client ask as who may do all.
  void AskAsRoot(const char* path, std::string request,
                 std::function<void(const Client::Answer& answer)> done);
  void AskFor(UserRequest request, std::function<void(const Client::Answer& answer)> done);
  Client& RandomClient() { return *clients_[random_.Below(clients_.size())]; }

  void PutKey();
  void DeleteKey();
  void CompareAndPut();
  void Compact();
  void Acknowledge(base::Revision revision, const Put& put);
  void AcknowledgeRevision(base::Revision revision);

  void CheckRange(const etcdserverpb::RangeResponse& response);
  // An answer at a revision shows a pair.
  void CheckPair(base::Revision at, base::Revision mod, const Put& put);
  // A linearizable read begins; what is returned is told at which revision it was answered.
  std::function<void(base::Revision at)> BeginRead();
  // At `asked`; a pair with a lease shows that the lease is there.
  void SeeLeases(const etcdserverpb::RangeResponse& response, runtime::TimePoint asked);
  void CheckHistory(Process& process);
  void AddToHistory(base::Revision revision, std::vector<KeyChange> changes);
  // A member says that it holds this pair.
  void See(base::Revision revision, const Put& put);
  void See(const mvccpb::KeyValue& kv) {
    See(base::Revision(kv.mod_revision()), {kv.key(), kv.value()});
  }
  void Refuse(const std::vector<std::string>& values);
  Value& ValueOf(const std::string& value);

  std::string DrawKey() { return "key" + std::to_string(random_.Below(20)); }
  std::string NewValue();

  const runtime::Clock& clock_;
  runtime::Random& random_;
  Checker& checker_;
  const Plan plan_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Watches> watches_;
  std::unique_ptr<AuthWorkload> auth_;  // if the plan has users
  LeaseWorkload leases_;
  AdmissionWorkload rules_;
  std::unique_ptr<TreeWorkload> tree_;        // if the plan has one
  std::unique_ptr<LibraryWorkload> library_;  // likewise
  KeyHistory history_;
  std::vector<Value> values_;                                     // by number
  std::map<base::Revision, Put> puts_;                            // acknowledged
  std::map<std::string, std::set<base::Revision>> revisions_of_;  // of them, by key
  std::map<base::Revision, Put> seen_;                            // acknowledged or read
  base::Revision newest_;                                         // acknowledged, of any kind
  uint64_t acknowledged_writes_ = 0;
  uint64_t reads_answered_ = 0;
  std::array<uint64_t, 4> ended_{};
};

}  // namespace sim
