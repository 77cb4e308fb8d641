#include "ctl/own_commands.h"

#include "ctl/admission_commands.h"
#include "ctl/command_texts.h"
#include "ctl/context_commands.h"
#include "ctl/debug_command.h"
#include "ctl/doctor_command.h"
#include "ctl/flag_specs.h"
#include "ctl/latency_command.h"
#include "ctl/top_command.h"
#include "ctl/usage_command.h"

namespace ctl {

Command AdmissionCommand() {
  return {
      .name = "admission",
      .use = "admission <subcommand>",
      .short_text =
          "Admission rule related commands. Use `etcdctl admission --help` to see subcommands",
      .long_text = kAdmissionLong,
      .group = kMaintenance,
      .subcommands =
          {{.name = "set",
            .use = "set [options] <rule name>",
            .short_text = "Sets how much a user, or a part of the keys, may ask of each member",
            .long_text = kAdmissionSetLong,
            .example = kAdmissionSetExample,
            .flags = {Text("for-user", "the user whose requests are meant (everybody's if empty)"),
                      Text("prefix", "the prefix of the keys that are meant (all if empty)"),
                      Count("requests-per-second", "requests that each member lets in"),
                      Count("bytes-per-second", "bytes of requests and of their answers"),
                      Time("burst",
                           "for how long what is not used is saved up, up to 1m0s (if 0, it "
                           "defaults to 1s)",
                           "0s"),
                      Count("memory-percent",
                            "share of what a member holds for its clients, for the connections of "
                            "the user (not with --prefix)")},
            .run = RunAdmissionSet},
           {.name = "delete",
            .use = "delete <rule name>",
            .short_text = "Deletes a rule: what it limited is not limited any more",
            .run = RunAdmissionDelete},
           {.name = "list",
            .use = "list",
            .short_text = "Lists all rules",
            .long_text = kAdmissionListLong,
            .run = RunAdmissionList}},
      .yields_prefixes = true,
  };
}

Command DebugCommand() {
  return {
      .name = "debug",
      .use = "debug [file] [options]",
      .short_text = "Writes an archive for a bug report, without secrets",
      .long_text = kDebugLong,
      .group = kUtility,
      .flags = {Text("log", "a member's log, whose last lines are to be in it"),
                {"log-lines", 0, FlagSpec::Type::kUint, "1000", "how many of these"},
                Switch("profile",
                       "profile CPU and heap, too, of members that were started with "
                       "--enable-pprof")},
      .persistent_flags = {Switch("cluster", kClusterUsage)},
      .run = RunDebug,
      .yields_prefixes = true,
  };
}

Command DoctorCommand() {
  return {
      .name = "doctor",
      .use = "doctor [options]",
      .short_text = "Says what is wrong with a cluster, and what to do about it",
      .long_text = kDoctorLong,
      .group = kMaintenance,
      .persistent_flags = {Switch("cluster", kClusterUsage)},
      .run = RunDoctor,
      .yields_prefixes = true,
  };
}

Command TopCommand() {
  return {
      .name = "top",
      .use = "top [options]",
      .short_text = "Shows what the members are doing, again and again",
      .long_text = kTopLong,
      .group = kMaintenance,
      .flags = {Time("interval", "time between two looks at the members", "2s"),
                Switch("once", "look twice, print what was between, and end")},
      .persistent_flags = {Switch("cluster", kClusterUsage)},
      .run = RunTop,
      .yields_prefixes = true,
  };
}

Command LatencyCommand() {
  return {
      .name = "latency",
      .use = "latency [options]",
      .short_text = "Measures how long reads and puts take at each endpoint",
      .long_text = kLatencyLong,
      .example = kLatencyExample,
      .group = kMaintenance,
      .flags =
          {{"requests", 0, FlagSpec::Type::kUint, "200", "calls of each kind at each endpoint"},
           {"rate", 0, FlagSpec::Type::kFloat, "100",
            "calls that are due each second at an endpoint (if 0, as many as the clients can)"},
           {"clients", 0, FlagSpec::Type::kUint, "1", "how many calls may be under way at a time"},
           {"value-size", 0, FlagSpec::Type::kUint, "256", "bytes of the value that is put"},
           Text("prefix", "what the key begins with that is put, read and deleted",
                "/etcdctl-latency/"),
           Switch("read-only", "only measure reads"),
           Switch("keep-key", "do not delete the key")},
      .persistent_flags = {Switch("cluster", kClusterUsage)},
      .run = RunLatency,
      .yields_prefixes = true,
  };
}

Command UsageCommand() {
  return {
      .name = "du",
      .use = "du [options] [prefix]",
      .short_text = "Says what fills the store, by the prefixes of its keys",
      .long_text = kUsageLong,
      .example = kUsageExample,
      .group = kMaintenance,
      .flags = {Text("delimiter", "what ends a level of the keys, of at most 64 bytes", "/"),
                Count("limit", "how many parts are told, up to 1000 (if 0, it defaults to 100)")},
      .run = RunUsage,
      .yields_prefixes = true,
  };
}

Command ContextCommand() {
  return {
      .name = "context",
      .use = "context <subcommand>",
      .short_text = "Context related commands. Use `etcdctl context --help` to see subcommands",
      .long_text = kContextLong,
      .example = kContextExample,
      .group = kUtility,
      .subcommands =
          {{.name = "set",
            .use = "set <name> [options]",
            .short_text = "Keeps under this name what the global flags say",
            .long_text = kContextSetLong,
            .flags = {Switch("store-password",
                             "keep the password or the token, too, as plain text that only the "
                             "owner of the file may read")},
            .run = RunContextSet,
            .argument_count = 1},
           {.name = "use",
            .use = "use <name> [options]",
            .short_text = "Has commands use this context where nothing says otherwise",
            .flags = {Switch("none", "use no context")},
            .run = RunContextUse},
           {.name = "list",
            .use = "list",
            .short_text = "Lists the names, with a star at the one in use",
            .run = RunContextList,
            .argument_count = 0},
           {.name = "show",
            .use = "show [name]",
            .short_text = "Shows what a context, or the one in use, has kept; but no secrets",
            .run = RunContextShow},
           {.name = "delete",
            .use = "delete <name>",
            .short_text = "Forgets a context",
            .run = RunContextDelete,
            .argument_count = 1}},
      .yields_prefixes = true,
  };
}

}  // namespace ctl
