#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/server_config.h"

// From what an etcd process is started with to what it has to do. The rules are those of etcd 3.7:
// a flag has precedence over nothing, as setting it twice, on the command line and in the
// environment, is an error; a configuration file replaces both.

namespace config {

enum class Severity : uint8_t { kInfo, kWarn, kFatal };

// Something to log once there is a logger.
struct Notice {
  Severity severity;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

// --help and --version: `text` goes to standard output, exit status 0.
struct Print {
  std::string text;
};

// The command line is malformed: `text` goes to standard error, exit status 2.
struct Misuse {
  std::string text;
};

// The configuration is not acceptable: `reason` is logged, exit status 1.
struct Refusal {
  Notice reason;
};

// That of values that cannot be: etcd's message with `error`.
Refusal Refuse(std::string_view error);

struct Command {
  std::variant<ServerConfig, Print, Misuse, Refusal> action;
  // To be logged in this order, before `action`.
  std::vector<Notice> notices;
};

// The whole environment of the process; variables without the prefix ETCD_ do not count.
using Environment = std::map<std::string, std::string>;
// The contents of a file. The failure's text says what could not be done with which file.
using FileReader = std::function<base::Result<std::string>(const std::string& path)>;

struct World {
  Environment environment;
  FileReader read_file;
  // The address of this host on its default route; empty if there is none. Advertised in the place
  // of localhost by a member that listens on 0.0.0.0.
  std::string default_host;
};

// `arguments` are those after the program's name.
Command ParseCommand(std::span<const std::string> arguments, const World& world);

}  // namespace config
