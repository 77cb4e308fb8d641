#pragma once

#include <cstdio>

#include "cli/progress.h"
#include "observe/metrics.h"
#include "offline/files.h"
#include "runtime/asio/loop.h"
#include "server/environment.h"

namespace utl {

// What a member opens its directory with. None of it runs: its clock is asked, and the rest is for
// members that live.
class Opening {
 public:
  enum class Durability : uint8_t {
    kEachCommit,
    kAtTheEnd,  // by who syncs the file then
  };
  // Shows on `err` how far the command is, with the word for what it does. `files` outlives this.
  Opening(offline::Files* files, std::FILE* err, const char* doing, Durability durability);

  const server::Environment& environment() const { return environment_; }

 private:
  cli::Progress progress_;
  runtime::asio::Loop loop_;
  observe::Registry registry_;
  server::Environment environment_ = {};
};

}  // namespace utl
