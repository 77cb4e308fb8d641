#include "ctl/connection.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/go_text.h"
#include "base/json_string.h"
#include "client/endpoint.h"
#include "client/srv_endpoints.h"
#include "ctl/context_commands.h"
#include "ctl/context_file.h"
#include "ctl/password.h"

extern char** environ;

namespace ctl {
namespace {

constexpr char kPrefix[] = "ETCDCTL_";

std::string VariableOf(const std::string& flag) {
  std::string name = kPrefix;
  for (const char character : flag) {
    name += character == '-'
                ? '_'
                : static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  return name;
}

void LogLine(std::FILE* err, const char* level, const char* message, const std::string& variable) {
  Print(err, std::string("{\"level\":\"") + level + "\",\"msg\":\"" + message +
                 "\",\"environment-variable\":" + base::Quote(variable) + "}\n");
}

// As etcd goes on with what cannot be read. But that its own calls pass the time of
// --command-timeout by, whatever the variable says: it is as if it was not set.
void TakeUnreadable(const Invocation& invocation, const std::string& flag, const std::string& value,
                    const base::Status& why) {
  if (flag != "command-timeout") invocation.flags.SetUnreadable(flag, value);
  Print(invocation.err,
        "{\"level\":\"warn\",\"msg\":\"environment variable cannot be read\","
        "\"environment-variable\":" +
            base::JsonString(VariableOf(flag) + "=" + value) +
            ",\"error\":" + base::JsonString(why.message()) +
            ",\"taken-as\":" + base::JsonString(invocation.flags.Text(flag)) + "}\n");
}

// Flags of our own, which are no conflict with their variables: the command line wins.
bool IsOurs(const std::string& flag) {
  return flag == "color" || flag == "context";
}

// `taken`: the flags that are set now.
Outcome TakeEnvironment(const Invocation& invocation, const OwnVariables& own_variables,
                        std::set<std::string, std::less<>>* taken) {
  std::set<std::string> used;
  std::set<std::string> given;
  for (const FlagSpec& spec : RootCommand().persistent_flags) {
    const std::string variable = VariableOf(spec.name);
    if (invocation.flags.changed(spec.name)) {
      (IsOurs(spec.name) ? used : given).insert(variable);
      taken->insert(spec.name);
      continue;
    }
    const char* const value = std::getenv(variable.c_str());
    if (value == nullptr || *value == 0) continue;
    used.insert(variable);
    taken->insert(spec.name);
    const base::Status set = invocation.flags.SetFromEnvironment(spec.name, value);
    if (!set.ok()) TakeUnreadable(invocation, spec.name, value, set);
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = std::min(text.find('='), text.size());
    const std::string name = text.substr(0, equals);
    if (used.contains(name)) continue;
    if (own_variables.contains(name) && equals + 1 < text.size()) continue;
    if (given.contains(name)) {
      LogLine(invocation.err, "fatal",
              "conflicting environment variable is shadowed by corresponding command-line flag "
              "(either unset environment variable or disable flag))",
              name);
      return {kExitError};
    }
    if (name.starts_with(kPrefix)) {
      LogLine(invocation.err, "warn", "unrecognized environment variable", text);
    }
  }
  return {};
}

// Sets what a context says and nobody else did. One that is in use, and that this command line does
// not name, is for those that do not say where: no password goes to another cluster so.
Outcome TakeContext(Flags& flags, const std::set<std::string, std::less<>>& taken) {
  std::string name = flags.GetString("context");
  if (name.empty() && (taken.contains("endpoints") || taken.contains("discovery-srv"))) return {};
  const base::Result<Contexts> contexts = LoadContexts(ContextFilePath());
  if (!contexts.ok()) return Failed(kExitBadArguments, std::string(contexts.status().message()));
  if (name.empty()) name = contexts->current;
  if (name.empty()) return {};
  const auto found = contexts->all.find(name);
  if (found == contexts->all.end()) return NoContext(*contexts, name);
  std::set<int> groups;
  for (const ContextField& field : ContextFields()) {
    if (field.group != 0 && taken.contains(field.flag)) groups.insert(field.group);
  }
  for (const ContextField& field : ContextFields()) {
    const auto value = found->second.find(field.flag);
    if (value == found->second.end()) continue;
    if (taken.contains(field.flag) || groups.contains(field.group)) continue;
    const base::Status set = flags.SetFromEnvironment(value->first, value->second);
    if (set.ok()) continue;
    return Failed(kExitBadArguments, "context " + base::Quote(name) + ": " + value->first + ": " +
                                         std::string(set.message()));
  }
  return {};
}

// What a flag was set to, as it may be shown.
std::string WithoutSecret(const Flags& flags, const std::string& name) {
  std::string text = flags.Text(name);
  constexpr char kHidden[] = "***";
  if (name == "password" || name == "auth-jwt-token") return text.empty() ? text : kHidden;
  if (name == "user" && text.find(':') != std::string::npos) {
    text.replace(text.find(':') + 1, std::string::npos, kHidden);
  }
  return text;
}

Outcome ReadTls(const Flags& flags, etcd::ClientOptions* options) {
  for (const char* name : {"cert", "key", "cacert"}) {
    if (flags.changed(name) && flags.GetString(name).empty()) {
      return Failed(kExitBadArguments,
                    std::string("empty string is passed to --") + name + " option");
    }
  }
  options->tls.cert_file = flags.GetString("cert");
  options->tls.key_file = flags.GetString("key");
  options->tls.ca_file = flags.GetString("cacert");
  options->tls.insecure_skip_verify = flags.GetBool("insecure-skip-tls-verify");
  options->use_tls = !flags.GetBool("insecure-transport");
  return {};
}

// From DNS, or those of the flag.
Outcome FindEndpoints(const Invocation& invocation, etcd::ClientOptions* options) {
  const Flags& flags = invocation.flags;
  const std::string& domain = flags.GetString("discovery-srv");
  const bool allow_plain = flags.GetBool("insecure-discovery");
  if (!domain.empty()) {
    const auto found = client::SrvEndpoints(domain, flags.GetString("discovery-srv-name"));
    if (!found.ok()) return Failed(kExitError, std::string(found.status().message()));
    for (const std::string& endpoint : *found) {
      if (allow_plain || !endpoint.starts_with("http://")) {
        options->endpoints.push_back(endpoint);
        continue;
      }
      Print(invocation.err,
            "ignoring discovered insecure endpoint " + base::Quote(endpoint) + "\n");
    }
    // Compat: certificates are the domain's then, and not the members'.
    if (!allow_plain) options->tls.server_name = domain;
  }
  if (!options->endpoints.empty()) return {};
  for (const std::string& endpoint : flags.GetStrings("endpoints")) {
    options->endpoints.emplace_back(base::TrimSpace(endpoint));
  }
  return {};
}

}  // namespace

void TakeVariable(Flags& flags, const std::string& name) {
  const char* const value = std::getenv(VariableOf(name).c_str());
  if (value == nullptr || *value == 0 || flags.changed(name)) return;
  flags.SetFromEnvironment(name, value).IgnoreError();
}

std::string FlagLines(const Flags& flags) {
  std::vector<std::string> lines;
  for (const FlagSpec& spec : RootCommand().persistent_flags) {
    lines.push_back(VariableOf(spec.name) + "=" + WithoutSecret(flags, spec.name) + "\n");
  }
  std::sort(lines.begin(), lines.end());
  return base::Join(lines, "");
}

void ReadCredentials(const Invocation& invocation, const std::string& user,
                     const std::string& password, const char* prompt,
                     etcd::ClientOptions* options) {
  if (user.empty()) return;
  options->user = user;
  options->password = password;
  if (password.empty()) {
    if (const size_t colon = user.find(':'); colon != std::string::npos) {
      options->user = user.substr(0, colon);
      options->password = user.substr(colon + 1);
    } else {
      options->password = AskPassword(invocation, prompt);
    }
  }
  // Compat: a user without a password, or a password without one, is nobody.
  if (!options->user.empty() && !options->password.empty()) return;
  options->user.clear();
  options->password.clear();
}

Outcome ReadGlobals(const Invocation& invocation, Globals* globals,
                    const OwnVariables& own_variables) {
  std::set<std::string, std::less<>> taken;
  if (Outcome outcome = TakeEnvironment(invocation, own_variables, &taken); !outcome.ok()) {
    return outcome;
  }
  if (Outcome outcome = TakeContext(invocation.flags, taken); !outcome.ok()) return outcome;
  const Flags& flags = invocation.flags;
  if (flags.GetBool("debug")) Print(invocation.err, FlagLines(flags));
  etcd::ClientOptions& options = globals->client;
  if (Outcome outcome = FindEndpoints(invocation, &options); !outcome.ok()) return outcome;
  if (Outcome outcome = ReadTls(flags, &options); !outcome.ok()) return outcome;
  options.token = flags.GetString("auth-jwt-token");
  if (options.token.empty()) {
    ReadCredentials(invocation, flags.GetString("user"), flags.GetString("password"),
                    "Password: ", &options);
  }
  // Compat: less than nothing is nothing.
  const auto duration = [&flags](const char* name) {
    return std::max(flags.GetDuration(name), std::chrono::nanoseconds(0));
  };
  options.dial_timeout = duration("dial-timeout");
  options.keepalive_time = duration("keepalive-time");
  options.keepalive_timeout = duration("keepalive-timeout");
  options.max_request_bytes = static_cast<size_t>(flags.GetInt("max-request-bytes"));
  options.max_receive_bytes = static_cast<size_t>(flags.GetInt("max-recv-bytes"));
  globals->call.timeout = flags.GetDuration("command-timeout");
  globals->printer = NewPrinter(flags.GetString("write-out"), flags.GetBool("hex"), invocation.out);
  if (globals->printer == nullptr) return Failed(kExitBadFeature, "unsupported output format");
  const std::optional<cli::ColorMode> colors = cli::ParseColorMode(flags.GetString("color"));
  if (!colors.has_value()) {
    return Failed(kExitBadArguments, "--color is one of auto, always and never");
  }
  globals->printer->Paint(cli::Painter(invocation.out, *colors));
  return {};
}

bool IsEndpoint(const std::string& text) {
  return client::ParseEndpoint(text).ok();
}

Outcome Connect(const etcd::ClientOptions& options, std::unique_ptr<etcd::Client>* client) {
  etcd::ClientOptions usable = options;
  std::erase_if(usable.endpoints, [](const std::string& text) { return !IsEndpoint(text); });
  if (usable.endpoints.empty()) usable.endpoints = options.endpoints;
  etcd::Result<std::unique_ptr<etcd::Client>> made = etcd::Client::New(usable);
  if (!made.ok()) {
    const bool refused = made.status().code() == etcd::Code::kInvalidArgument &&
                         !made.status().message().starts_with("etcdserver: ");
    return {refused ? kExitBadArguments : kExitBadConnection,
            refused ? made.status().message() : made.status().ToString(), made.status().cause()};
  }
  *client = std::move(made).value();
  return {};
}

Outcome Open(const Invocation& invocation, Connection* connection,
             const OwnVariables& own_variables) {
  if (Outcome outcome = ReadGlobals(invocation, &connection->globals, own_variables);
      !outcome.ok()) {
    return outcome;
  }
  return Connect(connection->globals.client, &connection->client);
}

Outcome ListEndpoints(const Invocation& invocation, const Globals& globals,
                      std::vector<std::string>* endpoints) {
  *endpoints = globals.client.endpoints;
  if (!invocation.flags.GetBool("cluster")) return {};
  std::unique_ptr<etcd::Client> client;
  if (Outcome outcome = Connect(globals.client, &client); !outcome.ok()) {
    outcome.exit_code = kExitError;
    return outcome;
  }
  const auto members = client->MemberList({}, globals.call);
  if (!members.ok()) {
    return {
        kExitError,
        "failed to fetch endpoints from etcd cluster member list: " + members.status().ToString(),
        members.status().cause()};
  }
  endpoints->clear();
  for (const etcd::Member& member : members->members) {
    endpoints->insert(endpoints->end(), member.client_urls.begin(), member.client_urls.end());
  }
  return {};
}

}  // namespace ctl
