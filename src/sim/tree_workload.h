#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http/client.h"
#include "runtime/random.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "sim/checker.h"
#include "sim/process.h"
#include "sim/tree_accounts.h"
#include "sim/tree_history.h"

namespace sim {

// A client of the v2 API, on a host of its own, with requests and watches at all members. Indexes
// only grow, from what was answered to whatever is asked afterwards; each event is the same for
// all, and a watch that goes on where it was misses none. It may have users, who are refused what
// they may not do, and that is not done. Outlives the processes.
class TreeWorkload {
 public:
  // All outlive this.
  TreeWorkload(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
               Checker* checker);
  ~TreeWorkload();

  static const std::string& Host();

  // It starts anew, and knows these members.
  void Dial(std::vector<runtime::Address> members);
  // After this, and a turn of its loop, it may be destroyed.
  void Close();
  // Some requests; watches begin with the first.
  void Act();
  uint64_t answered() const { return answered_; }

  // Whether all of them know of its users.
  void CheckAccounts(const std::vector<Process*>& processes);
  // Compares the trees and histories of members.
  static void CheckAll(const std::vector<Process*>& processes, Checker* checker);

 private:
  using Answer = http::Client::Answer;
  using OnAnswer = std::function<void(const Answer& answer)>;

  struct Request {
    const char* method;
    std::string target;
    std::string body = {};
    bool by_reader = false;  // else by root; if there are users
    std::string value = {};  // that it writes, as nobody else does
  };
  // Of some member. `on_answer` runs if one came, on the client's loop.
  void Ask(
      Request request, runtime::Duration timeout, OnAnswer on_answer,
      std::function<void()> on_none = [] {});
  void OnRefused(const Request& request, const Answer& answer);
  // The next step of that, if none is under way.
  void MakeAccounts();
  bool DrawReader() { return accounts_.has_value() && random_.OneIn(4); }
  void Write();
  void Remove();
  void Read();
  void Watch(size_t number);
  void WatchLater(size_t number);
  void OnWatched(size_t number, const Answer& answer);
  void OnWritten(const Answer& answer, uint64_t before);
  void OnRead(const std::string& key, const Answer& answer, uint64_t before);
  void Check(const base::Status& status) {
    if (!status.ok()) checker_.Fail(status);
  }

  runtime::simulated::Scheduler& scheduler_;
  runtime::Random& random_;
  Checker& checker_;
  const std::unique_ptr<runtime::Loop> loop_;
  const std::unique_ptr<runtime::Network> network_;
  std::vector<std::unique_ptr<http::Client>> members_;
  TreeHistory history_;
  std::vector<uint64_t> watches_;  // where each goes on
  bool is_watching_ = false;
  std::optional<TreeAccounts> accounts_;  // none: there are no users
  bool makes_accounts_ = false;           // a step of that is under way
  uint64_t life_ = 0;                     // of the client
  uint64_t newest_ = 0;                   // the highest index that was answered
  uint64_t read_at_ = 0;                  // the index of some key
  uint64_t values_ = 0;
  uint64_t answered_ = 0;
};

}  // namespace sim
