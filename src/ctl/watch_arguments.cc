#include "ctl/watch_arguments.h"

#include <algorithm>
#include <cstddef>

namespace ctl {
namespace {

constexpr char kTooFew[] = "bad number of arguments";
constexpr char kKeyTwice[] = "bad number of arguments (found conflicting environment key)";
constexpr char kNoCommand[] = "bad number of arguments (found separator --, but no commands)";

using Words = std::vector<std::string>;

bool EndsWithSeparator(const Words& words) {
  const auto separator = std::find(words.begin(), words.end(), "--");
  return separator != words.end() && separator + 1 == words.end();
}

// The last of the arguments are those behind the separator.
WatchArguments Divide(const Words& words, const Words& arguments) {
  WatchArguments watch;
  const auto separator = std::find(words.begin(), words.end(), "--");
  if (separator != words.end()) watch.command.assign(separator + 1, words.end());
  const size_t keys = arguments.size() - std::min(arguments.size(), watch.command.size());
  watch.keys.assign(arguments.begin(), arguments.begin() + static_cast<ptrdiff_t>(keys));
  return watch;
}

void AddKeys(const WatchVariables& variables, Words* keys) {
  if (variables.key.empty()) return;
  if (!variables.range_end.empty()) keys->insert(keys->begin(), variables.range_end);
  keys->insert(keys->begin(), variables.key);
}

}  // namespace

Outcome ReadWatch(const Words& words, const Words& arguments, const WatchVariables& variables,
                  WatchArguments* watch) {
  const auto name = std::find(words.begin(), words.end(), "watch");
  const Words rest(name == words.end() ? words.begin() : name + 1, words.end());
  if (EndsWithSeparator(rest)) return Failed(kExitBadArguments, kNoCommand);
  *watch = Divide(rest, arguments);
  if (!variables.key.empty() && !watch->keys.empty()) return Failed(kExitBadArguments, kKeyTwice);
  AddKeys(variables, &watch->keys);
  return watch->keys.empty() ? Failed(kExitBadArguments, kTooFew) : Outcome();
}

Outcome ReadWatchLine(const Words& words, const WatchVariables& variables, Flags* flags,
                      WatchArguments* watch) {
  if (EndsWithSeparator(words)) return Failed(kExitBadArguments, kNoCommand);
  flags->Add({"help", 'h', FlagSpec::Type::kBool, "false", ""});
  const base::Result<Words> arguments = flags->Parse(words);
  if (!arguments.ok()) {
    return Failed(kExitBadArguments, std::string(arguments.status().message()));
  }
  if (flags->GetBool("help")) return Failed(kExitBadArguments, "pflag: help requested");
  *watch = Divide(words, *arguments);
  // Compat: what is wrong with the keys of a line that has a command is not the end.
  if (watch->command.empty()) {
    if (watch->keys.empty() && variables.key.empty()) return Failed(kExitBadArguments, kTooFew);
    if (!watch->keys.empty() && !variables.key.empty()) {
      return Failed(kExitBadArguments, kKeyTwice);
    }
  }
  AddKeys(variables, &watch->keys);
  return {};
}

Outcome ReadWatchRequest(const Flags& flags, const Words& keys, etcd::WatchRequest* request) {
  if (keys.empty()) return Failed(kExitBadArguments, kTooFew);
  const bool prefix = flags.GetBool("prefix");
  if (keys.size() == 2 && prefix) {
    return Failed(kExitBadArguments, "`range_end` and `--prefix` are mutually exclusive");
  }
  *request = prefix ? etcd::Prefix(keys[0]) : etcd::KeyRange(keys[0]);
  // Compat: of three and more words only the first is looked at.
  if (keys.size() == 2) request->range_end = keys[1];
  request->start_revision = flags.GetInt("rev");
  request->prev_kv = flags.GetBool("prev-kv");
  request->progress_notify = flags.GetBool("progress-notify");
  return {};
}

}  // namespace ctl
