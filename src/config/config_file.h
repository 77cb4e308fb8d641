#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/server_config.h"

// Configuration files in YAML, or JSON as its subset.
//
//   name: infra1                                  a key is the name of its flag
//   listen-client-urls: http://127.0.0.1:2379     lists of URLs are joined by commas,
//   cipher-suites: [TLS_...]                      lists of texts are sequences
//   warning-apply-duration: 100000000             durations are whole nanoseconds
//   client-transport-security:                    TLS, sockets and discovery have sections
//     cert-file: server.crt

namespace config {

struct FileConfig {
  ServerConfig config;
  // Names of the flags whose keys are in the file.
  std::set<std::string_view> given;
};

// Defaults, changed by what `text` says. The case of letters in a key does not count, nor in the
// name of a section. A key that is written twice in the same way has its last value; of one that is
// written in several ways the way counts that comes last in the order of bytes, and sections add
// up so. Keys that no flag has and keys without a value are passed over. A value of the wrong type
// and malformed YAML fail with kInvalidArgument and a text that names `path` and the key or line.
base::Result<FileConfig> ParseConfigFile(std::string_view path, std::string_view text);

}  // namespace config
