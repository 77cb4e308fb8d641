#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client_v2/cluster.h"
#include "ctl_v2/command.h"

namespace ctl_v2 {

using client_v2::Cluster;
using client_v2::Deadline;
using client_v2::Failure;
using client_v2::Reply;

// The flags before a command's name.
std::vector<Flag> GlobalFlags();

enum class Sync : uint8_t { kYes, kNo };

// The cluster that the flags and the environment name; with kYes, unless --no-sync is given, asked
// at the addresses that its members say they have. Null if there is none: then the reason is
// printed, and `*exit_code` says what the program ends with.
std::unique_ptr<Cluster> Connect(const Call& call, Sync sync, int* exit_code);

// A password that is asked for, and the user before the colon or all of `text`.
struct Credentials {
  std::string user;
  std::string password;
};
Credentials ReadCredentials(const Call& call, const std::string& prompt, const std::string& text);

// How a command ends that was told of this: "Error:  ..." is printed.
int Fail(const Call& call, const Failure& failure, int exit_code);
// The same without "Error: ".
int FailPlainly(const Call& call, const std::string& why);

}  // namespace ctl_v2
