#include <utility>

#include "ctl_v2/account_commands.h"
#include "ctl_v2/backup_command.h"
#include "ctl_v2/command.h"
#include "ctl_v2/connection.h"
#include "ctl_v2/key_commands.h"
#include "ctl_v2/member_commands.h"
#include "ctl_v2/watch_commands.h"

namespace ctl_v2 {
namespace {

Command MakeRoot() {
  Command root{"etcdctl", "The command line of a cluster's v2 API (ETCDCTL_API=2).",
               "[ARGUMENT..]"};
  root.flags = GlobalFlags();
  std::vector<Command>& commands = root.subcommands;
  commands.push_back(BackupCommand());
  commands.push_back(ClusterHealthCommand());
  for (Command& command : KeyCommands()) commands.push_back(std::move(command));
  for (Command& command : WatchCommands()) commands.push_back(std::move(command));
  commands.push_back(MemberCommand());
  commands.push_back(UserCommand());
  commands.push_back(RoleCommand());
  commands.push_back(AuthCommand());
  commands.push_back({"help", "show the help of a command", "[COMMAND]"});
  return root;
}

}  // namespace

const Command& RootCommand() {
  static const Command root = MakeRoot();
  return root;
}

}  // namespace ctl_v2
