#pragma once

#include <etcd/kv.h>

#include <optional>
#include <string>
#include <vector>

#include "ctl/command.h"

// The text of a transaction, as etcdctl reads it: lines of conditions, an empty line, lines of
// requests if they hold, an empty line, lines of requests if not, an empty line.
//
//   condition = target "(" quoted ")" operator quoted
//   target    = "ver" / "version" / "c" / "create" / "m" / "mod" / "val" / "value" / "lease"
//   operator  = "=" / "!=" / ">" / "<"
//   request   = a command line of get, put or del; words may be quoted

namespace ctl {

// kExitInvalidInput, with the line at fault.
Outcome ParseCompare(const std::string& line, etcd::Compare* compare);
Outcome ParseRequest(const std::string& line, const Invocation& invocation, etcd::Op* op);

// The words of a line: quoted by '...', by "..." with Go's escapes, or separated by white space.
// None if an escape is wrong.
std::optional<std::vector<std::string>> SplitWords(const std::string& line);

// Takes a Go string in double quotes off the front of `*text`.
std::optional<std::string> TakeQuoted(std::string_view* text);

}  // namespace ctl
