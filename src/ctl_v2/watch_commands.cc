#include "ctl_v2/watch_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/output.h"
#include "client_v2/keys.h"
#include "ctl/interruption.h"
#include "ctl/program.h"
#include "ctl_v2/connection.h"
#include "ctl_v2/key_commands.h"
#include "runtime/posix/signals.h"

namespace ctl_v2 {
namespace {

using client_v2::Event;
using client_v2::Watcher;

using Type = cli::FlagSpec::Type;

// Who interrupts a watch has seen enough.
void EndWell() {
  runtime::posix::ExitAtOnce(kExitSuccess);
}

int RunWatch(const Call& call) {
  const cli::Flags& flags = call.own.flags;
  const ctl::Interruption interruption(EndWell);
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kYes, &exit_code);
  if (cluster == nullptr) return exit_code;
  if (call.own.arguments.empty()) {
    return Fail(call, {.text = "key required"}, kExitBadArguments);
  }
  const bool is_recursive = flags.GetBool("recursive");
  Watcher watcher(cluster.get(), call.own.arguments[0],
                  static_cast<uint64_t>(flags.GetInt("after-index")), is_recursive);
  while (true) {
    Event event;
    const auto failure = watcher.Next(&event);
    if (failure.has_value()) return Fail(call, *failure, kExitServerError);
    if (event.node.is_directory) continue;
    if (is_recursive) {
      cli::Print(call.own.out, "[" + event.action + "] " + event.node.key + "\n");
    }
    PrintEvent(call, event);
    if (!flags.GetBool("forever") || !cli::OutcomeOfOutput(call.own.out).ok()) return kExitSuccess;
  }
}

// KEY -- PROGRAM ARGUMENT..; without "--" the key is the last.
void Split(const std::vector<std::string>& arguments, std::string* key,
           std::vector<std::string>* program) {
  if (std::find(arguments.begin() + 1, arguments.end(), "--") != arguments.end()) {
    *key = arguments.front();
    program->assign(arguments.begin() + std::min<ptrdiff_t>(2, std::ssize(arguments)),
                    arguments.end());
    return;
  }
  *key = arguments.back();
  program->assign(arguments.begin(), arguments.end() - 1);
}

std::vector<std::string> EnvironmentOf(const Event& event) {
  return ctl::EnvironmentWith(
      {"ETCD_WATCH_ACTION=" + event.action,
       "ETCD_WATCH_MODIFIED_INDEX=" + std::to_string(event.node.modified_index),
       "ETCD_WATCH_KEY=" + event.node.key, "ETCD_WATCH_VALUE=" + event.node.value},
      /*replaces=*/true);
}

int RunExecWatch(const Call& call) {
  const cli::Flags& flags = call.own.flags;
  const ctl::Interruption interruption(EndWell);
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kYes, &exit_code);
  if (cluster == nullptr) return exit_code;
  std::string key;
  std::vector<std::string> program;
  if (call.own.arguments.size() > 1) Split(call.own.arguments, &key, &program);
  if (program.empty()) {
    return Fail(call, {.text = "key and command to exec required"}, kExitBadArguments);
  }
  const auto after = static_cast<uint64_t>(std::max<int64_t>(0, flags.GetInt("after-index")));
  Watcher watcher(cluster.get(), key, after, flags.GetBool("recursive"));
  while (true) {
    Event event;
    const auto failure = watcher.Next(&event);
    if (failure.has_value()) return Fail(call, *failure, kExitServerError);
    if (event.node.is_directory) {
      cli::Print(call.own.err, "Ignored dir " + event.node.key + " change\n");
      continue;
    }
    ctl::ForgetEndedPrograms();
    const std::string reason = ctl::StartProgram(program, EnvironmentOf(event));
    if (!reason.empty()) {
      cli::Print(call.own.err, reason);
      return kExitBadArguments;
    }
  }
}

Flag AfterIndex() {
  return {{"after-index", 0, Type::kInt, "0", "changes behind this index; 0: from now on"}};
}
Flag Recursive() {
  return {{"recursive", 0, Type::kBool, "false", "changes of all below it, too"}, "r"};
}

}  // namespace

std::vector<Command> WatchCommands() {
  return {
      {"watch",
       "wait for a change of a key",
       "KEY",
       "",
       {{{"forever", 0, Type::kBool, "false", "all changes, until it is interrupted"}, "f"},
        AfterIndex(),
        Recursive()},
       {},
       RunWatch},
      {"exec-watch",
       "run a program at each change of a key",
       "KEY -- PROGRAM [ARGUMENT..]",
       "What has changed is in the program's environment: ETCD_WATCH_ACTION,\n"
       "ETCD_WATCH_MODIFIED_INDEX, ETCD_WATCH_KEY and ETCD_WATCH_VALUE.",
       {AfterIndex(), Recursive()},
       {},
       RunExecWatch,
       /*keeps_dashes=*/true},
  };
}

}  // namespace ctl_v2
