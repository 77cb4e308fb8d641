#include "ctl/cluster_commands.h"

#include <future>
#include <memory>
#include <string_view>
#include <utility>

#include "base/duration_text.h"
#include "cli/progress.h"
#include "ctl/connection.h"
#include "runtime/new_file.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"

namespace ctl {
namespace {

// The size of a snapshot's checksum, which follows whole sectors.
constexpr uint64_t kChecksumBytes = 32;
constexpr uint64_t kSectorBytes = 512;
// Behind the name of a file that is not whole yet.
constexpr std::string_view kUnfinished = ".part";

// Both, for a command about endpoints one by one.
Outcome OpenEndpoints(const Invocation& invocation, Globals* globals,
                      std::vector<std::string>* endpoints) {
  if (Outcome outcome = ReadGlobals(invocation, globals); !outcome.ok()) return outcome;
  return ListEndpoints(invocation, *globals, endpoints);
}

Outcome ConnectTo(const std::string& endpoint, const Globals& globals,
                  std::unique_ptr<etcd::Client>* client) {
  etcd::ClientOptions options = globals.client;
  options.endpoints = {endpoint};
  return Connect(options, client);
}

void CheckAlarms(etcd::Client& client, const etcd::CallOptions& call, EndpointHealth* health) {
  const auto alarms = client.AlarmList(call);
  if (alarms.ok() && alarms->alarms.empty()) return;
  health->healthy = false;
  if (!alarms.ok()) {
    health->error = "Unable to fetch the alarm list";
    return;
  }
  health->error = "Active Alarm(s): ";
  for (const etcd::Alarm& alarm : alarms->alarms) {
    const bool known = alarm.type != etcd::AlarmType::kNone;
    health->error += (known ? AlarmName(alarm.type) : "UNKNOWN") + " ";
  }
}

// One endpoint's, under way from the beginning.
class HealthCheck {
 public:
  HealthCheck(const std::string& endpoint, const Globals& globals) : globals_(globals) {
    health_.endpoint = endpoint;
    const Outcome outcome = ConnectTo(endpoint, globals, &client_);
    health_.error = outcome.error;
    cause_ = outcome.cause;
    if (!outcome.ok()) return;
    client_->Get({.key = "health"}, globals.call,
                 [this, start = clock_.Now()](const etcd::Result<etcd::GetResponse>& got) {
                   health_.took = base::FormatDuration(clock_.Now() - start);
                   read_.set_value(got.status());
                 });
  }

  EndpointHealth Wait() {
    if (client_ == nullptr) return health_;
    const etcd::Status status = read_.get_future().get();
    // A read that is refused went through consensus all the same.
    health_.healthy = status.ok() || status.code() == etcd::Code::kPermissionDenied;
    if (health_.healthy) {
      CheckAlarms(*client_, globals_.call, &health_);
    } else {
      health_.error = status.ToString();
      cause_ = status.cause();
    }
    return health_;
  }
  // Why it could not be reached, after Wait.
  const std::string& cause() const { return cause_; }

 private:
  const Globals& globals_;
  const runtime::posix::Clock clock_;
  EndpointHealth health_;
  std::string cause_;
  std::promise<etcd::Status> read_;
  std::unique_ptr<etcd::Client> client_;
};

// Each endpoint's answer to `ask`; what fails is reported with `what`, and the last failure kept.
template <typename T, typename Ask>
Outcome AskEach(const Invocation& invocation, Globals* globals, const char* what,
                std::vector<T>* answers, etcd::Status* failure, Ask ask) {
  std::vector<std::string> endpoints;
  if (Outcome outcome = OpenEndpoints(invocation, globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  for (const std::string& endpoint : endpoints) {
    std::unique_ptr<etcd::Client> client;
    if (Outcome outcome = ConnectTo(endpoint, *globals, &client); outcome.ok()) {
      auto answer = ask(*client);
      if (answer.ok()) {
        answers->push_back({endpoint, std::move(answer).value()});
        continue;
      }
      *failure = answer.status();
    } else if (IsEndpoint(endpoint)) {
      return outcome;
    } else {
      *failure = etcd::Status(etcd::Code::kInvalidArgument, outcome.error);
    }
    PrintCause(invocation.err, failure->cause());
    Print(invocation.err, std::string("Failed to get the ") + what + " of endpoint " + endpoint +
                              " (" + failure->ToString() + ")\n");
  }
  return {};
}

// Receives a snapshot into a file.
class SnapshotFile {
 public:
  SnapshotFile(runtime::File* file, std::FILE* err) : file_(*file), progress_(err, "saving") {}

  // False after an error of the disk.
  bool Append(const etcd::SnapshotChunk& chunk) {
    if (version_.empty()) version_ = chunk.version;
    error_ = file_.WriteAt(size_, chunk.blob);
    size_ += chunk.blob.size();
    progress_.Show(size_, size_ + chunk.remaining_bytes);
    return error_.ok();
  }
  base::Status Finish() {
    if (size_ % kSectorBytes != kChecksumBytes) {
      return base::Status(base::Code::kDataLoss,
                          "sha256 checksum not found [bytes: " + std::to_string(size_) + "]");
    }
    return file_.Sync();
  }

  bool is_empty() const { return size_ == 0; }
  const base::Status& error() const { return error_; }
  const std::string& version() const { return version_; }

 private:
  runtime::File& file_;
  cli::Progress progress_;
  uint64_t size_ = 0;
  std::string version_;
  base::Status error_;
};

// Compat: what a member refuses a snapshot with is shown as it came.
std::string RefusedText(const etcd::Status& status) {
  if (status.code() == etcd::Code::kDeadlineExceeded) return status.ToString();
  return "rpc error: code = " + std::string(etcd::CodeName(status.code())) +
         " desc = " + status.message();
}

// To a file beside `path`, which then takes its place.
Outcome SaveSnapshot(etcd::Client& client, const etcd::CallOptions& call, const std::string& path,
                     std::FILE* err, std::string* version) {
  const auto failed = [](const std::string& what, std::string_view why) {
    return Failed(kExitInterrupted, what + std::string(why));
  };
  runtime::posix::Disk disk;
  const std::string usual = path + std::string(kUnfinished);
  auto made = runtime::NewFile::Beside(disk, path, kUnfinished);
  if (!made.ok()) {
    return failed("could not open " + usual + " (open ",
                  std::string(made.status().message()) + ")");
  }
  if (made->is_beside_another()) {
    Print(err, usual + " is there and stays as it is; saving to " + made->path() + " meanwhile\n");
  }
  SnapshotFile file(&made->file(), err);
  const etcd::Status received = client.Snapshot(
      call, [&file](const etcd::SnapshotChunk& chunk) { return file.Append(chunk); });
  Outcome outcome;
  if (!file.error().ok()) {
    outcome = failed("could not write snapshot: ", file.error().message());
  } else if (!received.ok()) {
    outcome = failed("", file.is_empty() ? RefusedText(received) : received.ToString());
    outcome.cause = received.cause();
  } else if (const base::Status status = file.Finish(); !status.ok()) {
    outcome = failed("", status.message());
  } else if (const base::Status renamed = made->Finish(); !renamed.ok()) {
    outcome = failed("could not rename " + made->path() + " to " + path + " (",
                     std::string(renamed.message()) + ")");
  }
  *version = file.version();
  return outcome;
}

}  // namespace

Outcome RunEndpointHealth(const Invocation& invocation) {
  Globals globals;
  std::vector<std::string> endpoints;
  if (Outcome outcome = OpenEndpoints(invocation, &globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  // Together, so that those that do not answer take the time of one.
  std::vector<std::unique_ptr<HealthCheck>> checks;
  for (const std::string& endpoint : endpoints) {
    checks.push_back(std::make_unique<HealthCheck>(endpoint, globals));
  }
  std::vector<EndpointHealth> healths;
  bool unhealthy = false;
  for (const auto& check : checks) {
    healths.push_back(check->Wait());
    PrintCause(invocation.err, check->cause());
    unhealthy = unhealthy || !healths.back().error.empty();
  }
  if (Outcome outcome = globals.printer->Health(healths); !outcome.ok()) return outcome;
  return unhealthy ? Failed(kExitError, "unhealthy cluster") : Outcome{};
}

Outcome RunEndpointStatus(const Invocation& invocation) {
  Globals globals;
  std::vector<EndpointStatus> statuses;
  etcd::Status failure;
  Outcome outcome =
      AskEach(invocation, &globals, "status", &statuses, &failure,
              [&](etcd::Client& client) { return client.MemberStatus("", globals.call); });
  if (!outcome.ok()) return outcome;
  if (outcome = globals.printer->Status(statuses); !outcome.ok()) return outcome;
  return {failure.ok() ? kExitSuccess : kExitError};
}

Outcome RunEndpointHashKv(const Invocation& invocation) {
  Globals globals;
  std::vector<EndpointHashKv> hashes;
  etcd::Status failure;
  const int64_t revision = invocation.flags.GetInt("rev");
  Outcome outcome =
      AskEach(invocation, &globals, "hash", &hashes, &failure,
              [&](etcd::Client& client) { return client.HashKv("", revision, globals.call); });
  if (!outcome.ok()) return outcome;
  if (outcome = globals.printer->HashKv(hashes); !outcome.ok()) return outcome;
  return failure.ok() ? Outcome{} : FailedCall(failure);
}

Outcome RunAlarmList(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "alarm list command accepts no arguments");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->AlarmList(connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->Alarm(*response);
}

Outcome RunAlarmDisarm(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "alarm disarm command accepts no arguments");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto& [globals, client] = connection;
  const auto raised = client->AlarmList(globals.call);
  if (!raised.ok()) return FailedCall(raised.status());
  // Compat: an answer made of several has no header.
  etcd::AlarmResponse all;
  for (const etcd::Alarm& alarm : raised->alarms) {
    const auto disarmed = client->AlarmDisarm(alarm, globals.call);
    if (!disarmed.ok()) return FailedCall(disarmed.status());
    all.alarms.insert(all.alarms.end(), disarmed->alarms.begin(), disarmed->alarms.end());
  }
  return globals.printer->Alarm(all);
}

Outcome RunDefrag(const Invocation& invocation) {
  Globals globals;
  std::vector<std::string> endpoints;
  if (Outcome outcome = OpenEndpoints(invocation, &globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  const runtime::posix::Clock clock;
  bool failed = false;
  for (const std::string& endpoint : endpoints) {
    std::unique_ptr<etcd::Client> client;
    if (Outcome outcome = ConnectTo(endpoint, globals, &client); !outcome.ok()) return outcome;
    const runtime::TimePoint start = clock.Now();
    const auto response = client->Defragment("", globals.call);
    const std::string took =
        "etcd member[" + endpoint + "]. took " + base::FormatDuration(clock.Now() - start);
    if (response.ok()) {
      Print(invocation.out, "Finished defragmenting " + took + "\n");
      continue;
    }
    PrintCause(invocation.err, response.status().cause());
    Print(invocation.err,
          "Failed to defragment " + took + ". (" + response.status().ToString() + ")\n");
    failed = true;
  }
  return {failed ? kExitError : kExitSuccess};
}

Outcome RunSnapshotSave(const Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return Failed(kExitBadArguments, "snapshot save expects one argument <filename>");
  }
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  if (globals.client.endpoints.size() != 1) {
    std::string listed;
    for (const std::string& endpoint : globals.client.endpoints) {
      listed += (listed.empty() ? "" : " ") + endpoint;
    }
    return Failed(kExitInterrupted,
                  "snapshot must be requested to one selected node, not multiple [" + listed + "]");
  }
  std::unique_ptr<etcd::Client> client;
  if (Outcome outcome = Connect(globals.client, &client); !outcome.ok()) {
    outcome.exit_code = kExitInterrupted;
    return outcome;
  }
  // A large database takes its time, unless the user sets a limit.
  const etcd::CallOptions call =
      invocation.flags.IsGiven("command-timeout") ? globals.call : etcd::CallOptions{};
  const std::string& path = invocation.arguments[0];
  std::string version;
  if (Outcome outcome = SaveSnapshot(*client, call, path, invocation.err, &version);
      !outcome.ok()) {
    return outcome;
  }
  Print(invocation.out, "Snapshot saved at " + path + "\n" +
                            (version.empty() ? "" : "Server version " + version + "\n"));
  return {};
}

}  // namespace ctl
