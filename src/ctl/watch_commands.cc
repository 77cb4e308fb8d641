#include "ctl/watch_commands.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "base/go_text.h"
#include "ctl/connection.h"
#include "ctl/event_command.h"
#include "ctl/txn_input.h"
#include "ctl/watch_arguments.h"

namespace ctl {
namespace {

const etcd::CallOptions kForEver{.timeout = etcd::kNoTimeout, .require_leader = true};

constexpr char kKeyVariable[] = "ETCDCTL_WATCH_KEY";
constexpr char kRangeEndVariable[] = "ETCDCTL_WATCH_RANGE_END";

WatchVariables ReadVariables() {
  const auto value = [](const char* name) {
    const char* const text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  return {value(kKeyVariable), value(kRangeEndVariable)};
}

Outcome OpenForWatch(const Invocation& invocation, Connection* connection) {
  return Open(invocation, connection, {kKeyVariable, kRangeEndVariable});
}

// Shows what one watch tells, and runs its command for each event. On the client's thread.
class WatchDisplay {
 public:
  WatchDisplay(const Invocation& invocation, Printer* printer, std::vector<std::string> command)
      : out_(invocation.out),
        err_(invocation.err),
        printer_(*printer),
        command_(std::move(command)) {}

  // Not ok: the program is to end so.
  Outcome Show(const etcd::WatchResponse& response) {
    if (response.is_progress) {
      Print(out_, "progress notify: " + std::to_string(response.header.revision) + "\n");
    }
    Outcome outcome = printer_.Watch({.header = response.header, .events = response.events});
    if (!outcome.ok()) return outcome;
    if (command_.empty()) return {};
    for (const etcd::Event& event : response.events) {
      const std::string failure = RunForEvent(command_, response.header.revision, event);
      if (failure.empty()) continue;
      Print(err_, "command " + QuotedCommand() + " error (" + failure + ")\n");
      return {kExitError};
    }
    return {};
  }

  Outcome ShowEnding(const etcd::WatchEnding& ending) {
    const std::string why =
        ending.cancel_reason.empty() ? ending.status.ToString() : ending.cancel_reason;
    Print(err_, "watch was canceled (" + why + ")\n");
    WatchShown shown{.compact_revision = ending.compact_revision, .canceled = true};
    // Compat: whose request was refused is shown as nobody's.
    if (ending.compact_revision != 0) shown.header = ending.header;
    return printer_.Watch(shown);
  }

 private:
  std::string QuotedCommand() const {
    std::string text;
    for (const std::string& word : command_) text += (text.empty() ? "" : " ") + base::Quote(word);
    return "[" + text + "]";
  }

  std::FILE* const out_;
  std::FILE* const err_;
  Printer& printer_;
  const std::vector<std::string> command_;
};

Outcome WatchOnce(const Invocation& invocation, const WatchVariables& variables) {
  WatchArguments watch;
  Outcome outcome = ReadWatch(invocation.words, invocation.arguments, variables, &watch);
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = OpenForWatch(invocation, &connection); !outcome.ok()) return outcome;
  etcd::WatchRequest request;
  if (outcome = ReadWatchRequest(invocation.flags, watch.keys, &request); !outcome.ok()) {
    return outcome;
  }
  WatchDisplay display(invocation, connection.globals.printer.get(), std::move(watch.command));
  const etcd::WatchEnding ending =
      connection.client->Watch(request, kForEver, [&](const etcd::WatchResponse& response) {
        outcome = display.Show(response);
        return outcome.ok();
      });
  if (!outcome.ok()) return outcome;
  if (outcome = display.ShowEnding(ending); !outcome.ok()) return outcome;
  return Failed(kExitInterrupted, "watch is canceled by the server");
}

// While the lines are read there is nobody else who could. Whatever was printed is out already; to
// flush the files would wait for the line that is being read.
[[noreturn]] void EndProgram(const Outcome& outcome, std::FILE* err) {
  if (!outcome.error.empty()) Print(err, "Error: " + outcome.error + "\n");
  std::_Exit(outcome.exit_code);
}

// Lines of "watch ..." and "progress", until they end: watches that go on beside each other.
class WatchLines {
 public:
  WatchLines(const Invocation& invocation, WatchVariables variables)
      : invocation_(invocation), variables_(std::move(variables)) {}
  // What ends with the client is not shown.
  ~WatchLines() { *closing_ = true; }
  WatchLines(const WatchLines&) = delete;
  WatchLines& operator=(const WatchLines&) = delete;

  Outcome Run() {
    if (Outcome outcome = OpenForWatch(invocation_, &connection_); !outcome.ok()) return outcome;
    for (std::string line; ReadLine(&line);) {
      if (Outcome outcome = RunLine(line); !outcome.ok()) return outcome;
    }
    return Failed(kExitInvalidInput, "error reading watch request line: EOF");
  }

 private:
  bool ReadLine(std::string* line) const {
    line->clear();
    for (int character; (character = std::fgetc(invocation_.in)) != EOF;) {
      if (character == '\n') return true;
      *line += static_cast<char>(character);
    }
    return false;
  }

  // Not ok: the program is to end so.
  Outcome RunLine(const std::string& line) {
    std::optional<std::vector<std::string>> words = SplitWords(line);
    if (!words.has_value()) return Failed(kExitInvalidInput, "invalid syntax");
    if (words->empty()) {
      return Refuse("Invalid command: " + line + " (watch and progress supported)");
    }
    if (words->front() == "progress") {
      connection_.client->RequestProgress(kForEver.require_leader);
      return {};
    }
    if (words->front() != "watch") {
      return Refuse("Invalid command " + line + " (only support watch)");
    }
    words->erase(words->begin());
    if (words->empty() && variables_.key.empty()) {
      return Refuse("Invalid command " + line + " (command type or key is not provided)");
    }
    return Watch(line, *words);
  }

  Outcome Refuse(const std::string& text) const {
    Print(invocation_.err, text + "\n");
    return {};
  }

  Outcome Watch(const std::string& line, const std::vector<std::string>& words) {
    Flags flags;
    for (const FlagSpec& spec : WatchFlags()) flags.Add(spec);
    WatchArguments watch;
    Outcome outcome = ReadWatchLine(words, variables_, &flags, &watch);
    if (!outcome.ok()) return outcome;
    etcd::WatchRequest request;
    if (outcome = ReadWatchRequest(flags, watch.keys, &request); !outcome.ok()) {
      return Refuse("Invalid command " + line + " (" + outcome.error + ")");
    }
    const auto display = std::make_shared<WatchDisplay>(
        invocation_, connection_.globals.printer.get(), std::move(watch.command));
    std::FILE* const err = invocation_.err;
    connection_.client->Watch(
        request, kForEver,
        [display, err](const etcd::WatchResponse& response) {
          if (const Outcome shown = display->Show(response); !shown.ok()) EndProgram(shown, err);
          return true;
        },
        [display, err, closing = closing_](const etcd::WatchEnding& ending) {
          if (*closing) return;
          if (const Outcome shown = display->ShowEnding(ending); !shown.ok()) {
            EndProgram(shown, err);
          }
        });
    return {};
  }

  const Invocation& invocation_;
  const WatchVariables variables_;
  const std::shared_ptr<std::atomic<bool>> closing_ = std::make_shared<std::atomic<bool>>(false);
  Connection connection_;
};

}  // namespace

std::vector<FlagSpec> WatchFlags() {
  using Type = FlagSpec::Type;
  return {{"interactive", 'i', Type::kBool, "false", "Interactive mode"},
          {"prefix", 0, Type::kBool, "false", "Watch on a prefix if prefix is set"},
          {"rev", 0, Type::kInt64, "0", "Revision to start watching"},
          {"prev-kv", 0, Type::kBool, "false",
           "get the previous key-value pair before the event happens"},
          {"progress-notify", 0, Type::kBool, "false",
           "get periodic watch progress notification from server"}};
}

Outcome RunWatch(const Invocation& invocation) {
  WatchVariables variables = ReadVariables();
  if (variables.key.empty() && !variables.range_end.empty()) {
    return Failed(kExitBadArguments, "ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END=" +
                                         base::Quote(variables.range_end));
  }
  if (!invocation.flags.GetBool("interactive")) return WatchOnce(invocation, variables);
  return WatchLines(invocation, std::move(variables)).Run();
}

}  // namespace ctl
