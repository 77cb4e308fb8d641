#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "server/apply_loop.h"
#include "server/data_directory.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/replica.h"
#include "server/request_ids.h"

namespace server {

// One member: the log, the state, and the ways in. Knows nothing of how it is called.
class Server {
 public:
  // Opens the member's files and reads its state. Requests come from `loops`, one Frontend each.
  // Before the loops run, or on none of them.
  static base::Result<std::unique_ptr<Server>> Open(const Options& options,
                                                    const Environment& environment,
                                                    std::vector<runtime::Loop*> loops);
  // The loops have stopped.
  ~Server();

  // Takes part from now on. `on_ready` runs on the apply loop once the member is known to its
  // cluster and may be told to clients.
  void Start(base::Callback<void()> on_ready);
  // Brings what is applied into the database, then runs `done` on the apply loop. Requests that
  // come after this may be lost.
  void Stop(base::Callback<void()> done);

  base::MemberId id() const { return recovered_.id; }
  base::ClusterId cluster() const { return recovered_.cluster; }
  const Options& options() const { return options_; }
  const Environment& environment() const { return environment_; }

  // Of the loop at that place.
  Frontend& frontend(size_t loop) { return *frontends_[loop]; }

  // Any thread.
  const Progress& progress() const { return progress_; }
  std::shared_ptr<const ClusterView> view() const { return apply_loop_->view().Get(); }
  mvcc::Store& store() { return apply_loop_->store(); }
  backend::Backend& database() { return *recovered_.database; }
  ApplyLoop& apply_loop() { return *apply_loop_; }
  // Whether Stop was called: long work ends.
  bool stopping() const { return stopping_; }

 private:
  Server(const Options& options, const Environment& environment, Recovered recovered,
         std::vector<runtime::Loop*> loops);

  void Publish();
  void RetryPublish(const base::Status& status);
  void LogPublished() const;
  void SetClusterVersion();

  const Options options_;
  const Environment environment_;
  Recovered recovered_;
  Progress progress_;
  const RequestIds ids_;
  std::unique_ptr<ApplyLoop> apply_loop_;
  std::unique_ptr<Replica> replica_;
  // One for each loop of the requests, and the last for the member's own, on the apply loop.
  std::vector<std::unique_ptr<Frontend>> frontends_;
  base::Callback<void()> on_ready_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace server
