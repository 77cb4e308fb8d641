#include "ctl/requests.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/go_text.h"
#include "ctl/pause.h"

namespace ctl {
namespace {

constexpr char kTooManyArguments[] =
    "too many arguments, only accept one argument when `--prefix` or `--from-key` is set";
constexpr char kPrefixAndFromKey[] =
    "`--prefix` and `--from-key` cannot be set at the same time, choose one";

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char character) { return std::toupper(character); });
  return text;
}

// The keys that --prefix, --from-key and the second argument name.
void SetRange(const Invocation& invocation, std::string* key, std::string* range_end) {
  const bool prefix = invocation.flags.GetBool("prefix");
  const bool from_key = invocation.flags.GetBool("from-key");
  *key = invocation.arguments[0];
  if (invocation.arguments.size() > 1) *range_end = invocation.arguments[1];
  if (prefix) *range_end = etcd::PrefixEnd(*key);
  if (from_key) *range_end = etcd::kFromKey;
  if (key->empty() && (prefix || from_key)) *key = etcd::kFromKey;
}

Outcome ReadSort(const Flags& flags, etcd::GetRequest* request) {
  const std::string order = Upper(flags.GetString("order"));
  if (order == "ASCEND") {
    request->sort_order = etcd::SortOrder::kAscend;
  } else if (order == "DESCEND") {
    request->sort_order = etcd::SortOrder::kDescend;
  } else if (!order.empty()) {
    return Failed(kExitBadFeature, "bad sort order " + flags.GetString("order"));
  }
  const std::string target = Upper(flags.GetString("sort-by"));
  if (target == "CREATE") {
    request->sort_target = etcd::SortTarget::kCreate;
  } else if (target == "MODIFY") {
    request->sort_target = etcd::SortTarget::kMod;
  } else if (target == "VALUE") {
    request->sort_target = etcd::SortTarget::kValue;
  } else if (target == "VERSION") {
    request->sort_target = etcd::SortTarget::kVersion;
  } else if (!target.empty() && target != "KEY") {
    return Failed(kExitBadFeature, "bad sort target " + flags.GetString("sort-by"));
  }
  // Compat: clientv3 leaves out what the server does anyway.
  if (request->sort_target == etcd::SortTarget::kKey &&
      request->sort_order == etcd::SortOrder::kAscend) {
    request->sort_order = etcd::SortOrder::kNone;
  }
  return {};
}

Outcome ReadBounds(const Flags& flags, etcd::GetRequest* request) {
  const auto positive = [&flags](const char* name) {
    return std::max<int64_t>(0, flags.GetInt(name));
  };
  request->min_create_revision = positive("min-create-rev");
  request->max_create_revision = positive("max-create-rev");
  request->min_mod_revision = positive("min-mod-rev");
  request->max_mod_revision = positive("max-mod-rev");
  if (request->max_create_revision > 0 &&
      request->min_create_revision > request->max_create_revision) {
    return Failed(kExitBadFeature,
                  "getMinCreateRev(=" + std::to_string(request->min_create_revision) +
                      ") > getMaxCreateRev(=" + std::to_string(request->max_create_revision) + ")");
  }
  if (request->max_mod_revision > 0 && request->min_mod_revision > request->max_mod_revision) {
    return Failed(kExitBadFeature,
                  "getMinModRev(=" + std::to_string(request->min_mod_revision) +
                      ") > getMaxModRev(=" + std::to_string(request->max_mod_revision) + ")");
  }
  return {};
}

}  // namespace

Outcome ReadSerializable(const Flags& flags, bool* serializable) {
  const std::string& consistency = flags.GetString("consistency");
  *serializable = consistency == "s";
  if (consistency == "s" || consistency == "l") return {};
  return Failed(kExitBadFeature, "unknown consistency flag " + base::Quote(consistency));
}

Outcome ReadNumber(const std::string& text, int base, int64_t* number) {
  const char* begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++begin;
  const auto [stop, error] = std::from_chars(begin, end, *number, base);
  if (error == std::errc() && stop == end) return {};
  const bool too_large = error == std::errc::result_out_of_range && stop == end;
  return Failed(kExitError, "strconv.ParseInt: parsing " + base::Quote(text) +
                                (too_large ? ": value out of range" : ": invalid syntax"));
}

Outcome ReadGet(const Invocation& invocation, etcd::GetRequest* request) {
  const Flags& flags = invocation.flags;
  if (invocation.arguments.empty()) {
    return Failed(kExitBadArguments,
                  "get command needs one argument as key and an optional argument as range_end");
  }
  const bool ranged = flags.GetBool("prefix") || flags.GetBool("from-key");
  if (flags.GetBool("prefix") && flags.GetBool("from-key")) {
    return Failed(kExitBadArguments, kPrefixAndFromKey);
  }
  if (flags.GetBool("keys-only") && flags.GetBool("count-only")) {
    return Failed(kExitBadArguments,
                  "`--keys-only` and `--count-only` cannot be set at the same time, choose one");
  }
  if (Outcome outcome = ReadSerializable(flags, &request->serializable); !outcome.ok()) {
    return outcome;
  }
  if (invocation.arguments.size() > 1 && ranged) {
    return Failed(kExitBadArguments, kTooManyArguments);
  }
  SetRange(invocation, &request->key, &request->range_end);
  request->limit = flags.GetInt("limit");
  request->revision = std::max<int64_t>(0, flags.GetInt("rev"));
  request->keys_only = flags.GetBool("keys-only");
  request->count_only = flags.GetBool("count-only");
  if (Outcome outcome = ReadSort(flags, request); !outcome.ok()) return outcome;
  return ReadBounds(flags, request);
}

Outcome ReadPut(const Invocation& invocation, etcd::PutRequest* request) {
  static constexpr char kUsage[] =
      "put command needs 1 argument and input from stdin or 2 arguments";
  const Flags& flags = invocation.flags;
  if (invocation.arguments.empty()) return Failed(kExitBadArguments, kUsage);
  request->key = invocation.arguments[0];
  request->ignore_value = flags.GetBool("ignore-value");
  request->ignore_lease = flags.GetBool("ignore-lease");
  request->prev_kv = flags.GetBool("prev-kv");
  const bool has_value = invocation.arguments.size() > 1;
  if (request->ignore_value && has_value) {
    return Failed(kExitBadArguments,
                  "put command needs only 1 argument when 'ignore-value' is set");
  }
  if (!request->ignore_value) {
    request->value = has_value ? invocation.arguments[1] : ReadAll(invocation.in);
    if (!has_value && request->value.empty()) return Failed(kExitBadArguments, kUsage);
  }
  if (Outcome outcome = ReadNumber(flags.GetString("lease"), 16, &request->lease); !outcome.ok()) {
    return Failed(kExitBadArguments, "bad lease ID (" + outcome.error + "), expecting ID in Hex");
  }
  return {};
}

Outcome ReadDelete(const Invocation& invocation, etcd::DeleteRequest* request) {
  const Flags& flags = invocation.flags;
  const std::vector<std::string>& arguments = invocation.arguments;
  if (arguments.empty() || arguments.size() > 2) {
    return Failed(kExitBadArguments,
                  "del command needs one argument as key and an optional argument as range_end");
  }
  if (flags.GetBool("prefix") && flags.GetBool("from-key")) {
    return Failed(kExitBadArguments, kPrefixAndFromKey);
  }
  if (arguments.size() > 1 && (flags.GetBool("prefix") || flags.GetBool("from-key"))) {
    return Failed(kExitBadArguments, kTooManyArguments);
  }
  SetRange(invocation, &request->key, &request->range_end);
  request->prev_kv = flags.GetBool("prev-kv");
  if (arguments.size() > 1 && !flags.GetBool("range")) {
    Print(invocation.err,
          "Warning: Keys between " + base::Quote(arguments[0]) + " and " +
              base::Quote(arguments[1]) +
              " will be deleted. Please interrupt the command within next 2 seconds to cancel. "
              "You can provide `--range` flag to avoid the delay.\n");
    Pause(std::chrono::seconds(2));
  }
  return {};
}

}  // namespace ctl
