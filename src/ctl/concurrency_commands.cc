#include "ctl/concurrency_commands.h"

#include <etcd/concurrency.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctl/connection.h"
#include "ctl/interruption.h"
#include "ctl/program.h"
#include "runtime/posix/parker.h"

namespace ctl {
namespace {

// Compat: whatever they do, these wait as long as it takes.
const etcd::CallOptions kForEver{.timeout = etcd::kNoTimeout};
const int64_t kSessionTtl = etcd::SessionOptions().ttl;

// A session that is held until a signal comes.
class Held {
 public:
  // `ttl`: of the session, in seconds.
  Outcome Open(const Invocation& invocation, int64_t ttl) {
    if (Outcome outcome = ReadGlobals(invocation, &connection_.globals); !outcome.ok()) {
      return outcome;
    }
    // Behind the question for a password, which a signal ends, too; before the client.
    interruption_.emplace([this] { parker_.Unpark(); });
    if (Outcome outcome = Connect(connection_.globals.client, &connection_.client); !outcome.ok()) {
      return outcome;
    }
    auto session = etcd::Session::New(
        connection_.client.get(),
        {.ttl = ttl, .on_done = [this](const etcd::Status&) { parker_.Unpark(); }}, UntilSignal());
    if (!session.ok()) return FailedCall(session.status());
    session_ = std::move(session).value();
    return {};
  }

  etcd::Session* session() { return session_.get(); }
  // Of what is to end with the first signal.
  etcd::CallOptions UntilSignal() const {
    return {.timeout = etcd::kNoTimeout, .cancellation = interruption_->handle()};
  }
  bool interrupted() const { return interruption_->handle().canceled(); }

  // Shows what there is of the key. Who is not told that he holds something does not hold it.
  Outcome Show(const std::string& key, bool* there_is) {
    const auto got = connection_.client->Get({.key = key}, UntilSignal());
    if (!got.ok()) return FailedCall(got.status());
    *there_is = !got->kvs.empty();
    Outcome outcome = Show(*got);
    if (!outcome.ok()) (void)session_->Close(connection_.globals.call);
    return outcome;
  }
  Outcome Show(const etcd::GetResponse& response) {
    return connection_.globals.printer->Get(response);
  }

  // False if the session was over first.
  bool AwaitSignal() {
    while (!interrupted() && !session_->done().canceled()) parker_.Park();
    return interrupted();
  }

 private:
  runtime::posix::Parker parker_;
  std::optional<Interruption> interruption_;
  Connection connection_;
  std::unique_ptr<etcd::Session> session_;
};

// Runs the command while the lock is held.
Outcome RunLocked(const std::vector<std::string>& command, etcd::Mutex* mutex) {
  // Compat: what is set already stays as it is.
  const std::vector<std::string> environment =
      EnvironmentWith({"ETCD_LOCK_KEY=" + mutex->key(),
                       "ETCD_LOCK_REV=" + std::to_string(mutex->header().revision)},
                      false);
  const ProgramEnding ending = RunProgram(command, environment);
  const etcd::Status unlocked = mutex->Unlock(kForEver);
  if (!ending.failure.empty()) return Failed(ending.exit_code, ending.failure);
  return unlocked.ok() ? Outcome() : FailedCall(unlocked);
}

Outcome Observe(const etcd::Election& election, Held* held) {
  Outcome outcome;
  const etcd::Status status =
      election.Observe(held->UntilSignal(), [&](const etcd::ElectionLeader& leader) {
        outcome = held->Show(etcd::GetResponse{leader.header, {leader.kv}});
        return outcome.ok();
      });
  if (!outcome.ok() || held->interrupted()) return outcome;
  return {kExitError, "elect: observer lost", status.cause()};
}

Outcome Campaign(etcd::Election* election, const std::string& proposal, Held* held) {
  const etcd::Status elected = election->Campaign(proposal, held->UntilSignal());
  if (!elected.ok()) return FailedCall(elected);
  bool there_is = false;
  if (Outcome outcome = held->Show(election->key(), &there_is); !outcome.ok()) return outcome;
  if (!held->AwaitSignal()) return Failed(kExitError, "elect: session expired");
  const etcd::Status resigned = election->Resign(kForEver);
  return resigned.ok() ? Outcome() : FailedCall(resigned);
}

}  // namespace

Outcome RunLock(const Invocation& invocation) {
  if (invocation.arguments.empty()) {
    return Failed(kExitBadArguments,
                  "lock takes a lock name argument and an optional command to execute");
  }
  Held held;
  const int64_t ttl = invocation.flags.GetInt("ttl");
  // Compat: what is no time is the session's own.
  if (Outcome outcome = held.Open(invocation, ttl > 0 ? ttl : kSessionTtl); !outcome.ok()) {
    return outcome;
  }
  etcd::Mutex mutex(held.session(), invocation.arguments[0]);
  const etcd::Status locked = mutex.Lock(held.UntilSignal());
  if (!locked.ok()) return FailedCall(locked);
  const std::vector<std::string> command(invocation.arguments.begin() + 1,
                                         invocation.arguments.end());
  if (!command.empty()) return RunLocked(command, &mutex);
  bool there_is = false;
  if (Outcome outcome = held.Show(mutex.key(), &there_is); !outcome.ok()) return outcome;
  if (!there_is) return Failed(kExitError, "lock lost on init");
  if (!held.AwaitSignal()) return Failed(kExitError, "session expired");
  const etcd::Status unlocked = mutex.Unlock(kForEver);
  return unlocked.ok() ? Outcome() : FailedCall(unlocked);
}

Outcome RunElect(const Invocation& invocation) {
  const size_t count = invocation.arguments.size();
  if (count != 1 && count != 2) {
    return Failed(kExitBadArguments,
                  "elect takes one election name argument and an optional proposal argument");
  }
  const bool listens = invocation.flags.GetBool("listen");
  if (count == 1 && !listens) {
    return Failed(kExitBadArguments, "no proposal argument but -l not set");
  }
  if (count == 2 && listens) {
    return Failed(kExitBadArguments, "proposal given but -l is set");
  }
  Held held;
  if (Outcome outcome = held.Open(invocation, kSessionTtl); !outcome.ok()) {
    return outcome;
  }
  etcd::Election election(held.session(), invocation.arguments[0]);
  return listens ? Observe(election, &held) : Campaign(&election, invocation.arguments[1], &held);
}

}  // namespace ctl
