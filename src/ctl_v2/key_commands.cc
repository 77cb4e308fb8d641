#include "ctl_v2/key_commands.h"

#include <cstdint>

#include "base/go_text.h"
#include "client_v2/keys.h"
#include "ctl_v2/connection.h"

namespace ctl_v2 {
namespace {

using client_v2::AskKey;
using client_v2::Event;
using client_v2::KeyCall;
using client_v2::Node;
using client_v2::Parameters;

using Type = cli::FlagSpec::Type;

enum class Exists : uint8_t { kWhatever, kNo, kYes };

const char* BoolText(bool value) {
  return value ? "true" : "false";
}

// As Go counts: a negative number is a very large one.
std::string IndexText(const cli::Flags& flags, const char* name) {
  return std::to_string(static_cast<uint64_t>(flags.GetInt(name)));
}

int RefuseArguments(const Call& call, const char* why) {
  return Fail(call, {.text = why}, kExitBadArguments);
}

// Asks, and shows what came of it.
int AskAndShow(const Call& call, Cluster& cluster, const KeyCall& request, bool shows_directories) {
  Event event;
  const auto failure = AskKey(cluster, cluster.NewDeadline(), request, &event);
  if (failure.has_value()) return Fail(call, *failure, kExitServerError);
  const bool is_simple = call.globals.GetString("output") == "simple";
  if (shows_directories || !is_simple || !event.node.is_directory) PrintEvent(call, event);
  return kExitSuccess;
}

// The argument behind the key, or what can be read. False if there is neither.
bool ReadValue(const Call& call, std::string* value) {
  if (call.own.arguments.size() > 1) {
    *value = call.own.arguments[1];
    return true;
  }
  *value = cli::ReadAll(call.own.in);
  return !value->empty();
}

// A key's value: `request` has what is special about it.
int WriteValue(const Call& call, KeyCall request) {
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kYes, &exit_code);
  if (cluster == nullptr) return exit_code;
  if (call.own.arguments.empty()) return RefuseArguments(call, "key required");
  std::string value;
  if (!ReadValue(call, &value)) return RefuseArguments(call, "value required");
  request.key = call.own.arguments[0];
  Parameters& form = request.form.emplace();
  form["value"] = value;
  const int64_t ttl = call.own.flags.GetInt("ttl");
  if (ttl > 0) form["ttl"] = std::to_string(ttl);
  return AskAndShow(call, *cluster, request, /*shows_directories=*/true);
}

int RunSet(const Call& call) {
  KeyCall request{.method = "PUT", .key = {}};
  const std::string& value = call.own.flags.GetString("swap-with-value");
  if (!value.empty()) request.query["prevValue"] = value;
  if (call.own.flags.GetInt("swap-with-index") != 0) {
    request.query["prevIndex"] = IndexText(call.own.flags, "swap-with-index");
  }
  return WriteValue(call, std::move(request));
}

int RunMake(const Call& call) {
  if (call.own.flags.GetBool("in-order")) return WriteValue(call, {.method = "POST", .key = {}});
  return WriteValue(call,
                    {.method = "PUT", .key = {}, .query = {{"prevExist", "false"}}, .once = true});
}

int RunUpdate(const Call& call) {
  return WriteValue(call, {.method = "PUT", .key = {}, .query = {{"prevExist", "true"}}});
}

int WriteDirectory(const Call& call, Exists exists) {
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kYes, &exit_code);
  if (cluster == nullptr) return exit_code;
  if (call.own.arguments.empty()) return RefuseArguments(call, "key required");
  KeyCall request{.method = "PUT",
                  .key = call.own.arguments[0],
                  .query = {{"dir", "true"}},
                  .form = Parameters(),
                  .once = exists == Exists::kNo};
  if (exists != Exists::kWhatever) request.query["prevExist"] = BoolText(exists == Exists::kYes);
  const int64_t ttl = call.own.flags.GetInt("ttl");
  if (ttl > 0) request.form->emplace("ttl", std::to_string(ttl));
  return AskAndShow(call, *cluster, request, /*shows_directories=*/false);
}

int Delete(const Call& call, Parameters query) {
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kYes, &exit_code);
  if (cluster == nullptr) return exit_code;
  if (call.own.arguments.empty()) return RefuseArguments(call, "key required");
  const KeyCall request{
      .method = "DELETE", .key = call.own.arguments[0], .query = std::move(query), .once = true};
  return AskAndShow(call, *cluster, request, /*shows_directories=*/false);
}

int RunRemove(const Call& call) {
  const cli::Flags& flags = call.own.flags;
  Parameters query;
  if (!flags.GetString("with-value").empty()) query["prevValue"] = flags.GetString("with-value");
  if (flags.GetInt("with-index") != 0) query["prevIndex"] = IndexText(flags, "with-index");
  if (flags.GetBool("dir")) query["dir"] = "true";
  if (flags.GetBool("recursive")) query["recursive"] = "true";
  return Delete(call, std::move(query));
}

int RunRemoveDirectory(const Call& call) {
  return Delete(call, {{"dir", "true"}});
}

// Null if it was refused.
std::unique_ptr<Event> Read(const Call& call, bool is_listing, int* exit_code) {
  const auto cluster = Connect(call, Sync::kYes, exit_code);
  if (cluster == nullptr) return nullptr;
  const cli::Invocation& own = call.own;
  if (!is_listing && own.arguments.empty()) {
    *exit_code = RefuseArguments(call, "key required");
    return nullptr;
  }
  const bool is_recursive = is_listing && own.flags.GetBool("recursive");
  const KeyCall request{.method = "GET",
                        .key = own.arguments.empty() ? "/" : own.arguments[0],
                        .query = {{"recursive", BoolText(is_recursive)},
                                  {"sorted", BoolText(own.flags.GetBool("sort"))},
                                  {"quorum", BoolText(own.flags.GetBool("quorum"))}}};
  auto event = std::make_unique<Event>();
  const auto failure = AskKey(*cluster, cluster->NewDeadline(), request, event.get());
  if (!failure.has_value()) return event;
  *exit_code = Fail(call, *failure, kExitServerError);
  return nullptr;
}

int RunGet(const Call& call) {
  int exit_code = 0;
  const auto event = Read(call, /*is_listing=*/false, &exit_code);
  if (event == nullptr) return exit_code;
  if (event->node.is_directory) return FailPlainly(call, event->node.key + ": is a directory");
  PrintEvent(call, *event);
  return kExitSuccess;
}

// A node's key, and those of what is in it.
void AppendKeys(const Node& top, bool marks_directories, std::string* text) {
  std::vector<const Node*> waiting = {&top};
  while (!waiting.empty()) {
    const Node& node = *waiting.back();
    waiting.pop_back();
    *text += node.key + (node.is_directory && marks_directories ? "/\n" : "\n");
    for (size_t i = node.nodes.size(); i-- > 0;) waiting.push_back(&node.nodes[i]);
  }
}

int RunList(const Call& call) {
  int exit_code = 0;
  const auto event = Read(call, /*is_listing=*/true, &exit_code);
  if (event == nullptr) return exit_code;
  if (call.globals.GetString("output") != "simple") {
    PrintEvent(call, *event);
    return kExitSuccess;
  }
  std::string text;
  if (!event->node.is_directory) text += event->node.key + "\n";
  for (const Node& node : event->node.nodes) {
    AppendKeys(node, call.own.flags.GetBool("p"), &text);
  }
  cli::Print(call.own.out, text);
  return kExitSuccess;
}

Flag Switch(const char* name, const char* usage, const char* alias = "") {
  return {{name, 0, Type::kBool, "false", usage}, alias};
}
Flag Number(const char* name, const char* usage) {
  return {{name, 0, Type::kInt, "0", usage}};
}
Flag Text(const char* name, const char* usage) {
  return {{name, 0, Type::kString, "", usage}};
}
Flag Ttl() {
  return Number("ttl", "seconds that it lives; 0: it does not run out");
}

constexpr const char* kAboutValues =
    "Without a VALUE, that is read from standard input. One that is also a flag goes behind --.";

int RunMakeDirectory(const Call& call) {
  return WriteDirectory(call, Exists::kNo);
}
int RunSetDirectory(const Call& call) {
  return WriteDirectory(call, Exists::kWhatever);
}
int RunUpdateDirectory(const Call& call) {
  return WriteDirectory(call, Exists::kYes);
}

}  // namespace

std::vector<Command> KeyCommands() {
  const Flag quorum = Switch("quorum", "what a majority of the members has", "q");
  const Flag sort = Switch("sort", "in the order of keys");
  return {
      {"mk",
       "make a key that there is not",
       "KEY [VALUE]",
       kAboutValues,
       {Switch("in-order", "under the next number in the directory KEY"), Ttl()},
       {},
       RunMake},
      {"mkdir", "make a directory that there is not", "KEY", "", {Ttl()}, {}, RunMakeDirectory},
      {"rm",
       "remove a key or a directory",
       "KEY",
       "",
       {Switch("dir", "a key, or an empty directory"),
        Switch("recursive", "a directory with all that is in it", "r"),
        Text("with-value", "only if this is the value"),
        Number("with-index", "only if this is the modified index")},
       {},
       RunRemove},
      {"rmdir", "remove a key or an empty directory", "KEY", "", {}, {}, RunRemoveDirectory},
      {"get", "show the value of a key", "KEY", "", {sort, quorum}, {}, RunGet},
      {"ls",
       "list a directory",
       "[KEY]",
       "",
       {sort, Switch("recursive", "with all below it", "r"), Switch("p", "directories end in /"),
        quorum},
       {},
       RunList},
      {"set",
       "set the value of a key",
       "KEY [VALUE]",
       kAboutValues,
       {Ttl(), Text("swap-with-value", "only if this was the value"),
        Number("swap-with-index", "only if this was the modified index")},
       {},
       RunSet},
      {"setdir",
       "make a directory, or set its time to live",
       "KEY",
       "",
       {Ttl()},
       {},
       RunSetDirectory},
      {"update",
       "set the value of a key that there is",
       "KEY [VALUE]",
       kAboutValues,
       {Ttl()},
       {},
       RunUpdate},
      {"updatedir",
       "set the time to live of a directory",
       "KEY",
       "",
       {Ttl()},
       {},
       RunUpdateDirectory},
  };
}

void PrintEvent(const Call& call, const Event& event) {
  const std::string& format = call.globals.GetString("output");
  const bool is_delete = event.action == "delete";
  const std::string before = event.previous.has_value() ? event.previous->value : "";
  if (format == "simple") {
    cli::Print(call.own.out,
               is_delete ? "PrevNode.Value: " + before + "\n" : event.node.value + "\n");
  } else if (format == "json") {
    cli::Print(call.own.out, client_v2::EventJson(event) + "\n");
  } else if (format == "extended") {
    std::string text = "Key: " + event.node.key +
                       "\nCreated-Index: " + std::to_string(event.node.created_index) +
                       "\nModified-Index: " + std::to_string(event.node.modified_index) + "\n";
    if (event.previous.has_value()) text += "PrevNode.Value: " + before + "\n";
    text += "TTL: " + std::to_string(event.node.ttl) + "\nIndex: " + event.index + "\n";
    if (!is_delete) text += "\n" + event.node.value + "\n";
    cli::Print(call.own.out, text);
  } else {
    cli::Print(call.own.err, "Unsupported output format: " + format + "\n");
  }
}

}  // namespace ctl_v2
