#include "ctl_v2/member_commands.h"

#include <algorithm>

#include "base/go_text.h"
#include "client_v2/members.h"
#include "ctl_v2/connection.h"

namespace ctl_v2 {
namespace {

using client_v2::AddMember;
using client_v2::FindLeader;
using client_v2::ListMembers;
using client_v2::Member;
using client_v2::RemoveMember;
using client_v2::UpdateMember;

// The cluster, the time that a command has and what has been found of its members.
struct Session {
  std::unique_ptr<Cluster> cluster;
  Deadline deadline = {};
  int exit_code = 0;
};

Session Begin(const Call& call) {
  Session session;
  session.cluster = Connect(call, Sync::kYes, &session.exit_code);
  if (session.cluster != nullptr) session.deadline = session.cluster->NewDeadline();
  return session;
}

std::string LineOf(const Member& member, bool is_leader) {
  const std::string peers = " peerURLs=" + base::Join(member.peer_urls, ",");
  if (member.name.empty()) return member.id + "[unstarted]:" + peers + "\n";
  return member.id + ": name=" + member.name + peers +
         " clientURLs=" + base::Join(member.client_urls, ",") +
         " isLeader=" + (is_leader ? "true" : "false") + "\n";
}

int RunList(const Call& call) {
  if (!call.own.arguments.empty()) return FailPlainly(call, "No arguments accepted");
  const Session session = Begin(call);
  if (session.cluster == nullptr) return session.exit_code;
  std::vector<Member> members;
  auto failure = ListMembers(*session.cluster, session.deadline, &members);
  if (failure.has_value()) return FailPlainly(call, failure->text);
  Member leader;
  failure = FindLeader(*session.cluster, session.deadline, &leader);
  if (failure.has_value()) return FailPlainly(call, "Failed to get leader:  " + failure->text);
  for (const Member& member : members) {
    cli::Print(call.own.out, LineOf(member, member.id == leader.id));
  }
  return kExitSuccess;
}

int RunAdd(const Call& call) {
  const std::vector<std::string>& arguments = call.own.arguments;
  if (arguments.size() != 2) {
    return FailPlainly(call, "Provide a name and a single member peerURL");
  }
  const Session session = Begin(call);
  if (session.cluster == nullptr) return session.exit_code;
  Member added;
  auto failure = AddMember(*session.cluster, session.deadline, arguments[1], &added);
  if (failure.has_value()) return FailPlainly(call, failure->text);
  const std::string& name = arguments[0];
  cli::Print(call.own.out, "Added member named " + name + " with ID " + added.id + " to cluster\n");
  std::vector<Member> members;
  failure = ListMembers(*session.cluster, session.deadline, &members);
  if (failure.has_value()) return FailPlainly(call, failure->text);
  std::vector<std::string> cluster;
  for (const Member& member : members) {
    for (const std::string& url : member.peer_urls) {
      cluster.push_back((member.id == added.id ? name : member.name) + "=" + url);
    }
  }
  cli::Print(call.own.out, "\nETCD_NAME=" + base::Quote(name) +
                               "\nETCD_INITIAL_CLUSTER=" + base::Quote(base::Join(cluster, ",")) +
                               "\nETCD_INITIAL_CLUSTER_STATE=\"existing\"\n");
  return kExitSuccess;
}

int RunRemove(const Call& call) {
  if (call.own.arguments.size() != 1) return FailPlainly(call, "Provide a single member ID");
  const std::string& id = call.own.arguments[0];
  const Session session = Begin(call);
  if (session.cluster == nullptr) return session.exit_code;
  std::vector<Member> members;
  auto failure = ListMembers(*session.cluster, session.deadline, &members);
  if (failure.has_value()) {
    return FailPlainly(call, "Error while verifying ID against known members: " + failure->text);
  }
  for (const Member& member : members) {
    if (member.name != id) continue;
    cli::Print(call.own.err,
               "Found a member named " + member.name +
                   "; if this is correct, please use its ID, eg:\n\tetcdctl member remove " +
                   member.id +
                   "\nFor more details, read the documentation at "
                   "https://github.com/etcd-io/etcd/blob/master/Documentation/"
                   "runtime-configuration.md#remove-a-member\n\n");
  }
  const bool is_there = std::any_of(members.begin(), members.end(),
                                    [&id](const Member& member) { return member.id == id; });
  if (!is_there) {
    return FailPlainly(call, "Couldn't find a member in the cluster with an ID of " + id + ".");
  }
  failure = RemoveMember(*session.cluster, session.deadline, id);
  if (failure.has_value()) {
    cli::Print(call.own.err,
               "Received an error trying to remove member " + id + ": " + failure->text);
    return kExitBadArguments;
  }
  cli::Print(call.own.out, "Removed member " + id + " from cluster\n");
  return kExitSuccess;
}

int RunUpdate(const Call& call) {
  const std::vector<std::string>& arguments = call.own.arguments;
  if (arguments.size() != 2) {
    return FailPlainly(call,
                       "Provide an ID and a list of comma separated peerURL (0xabcd "
                       "http://example.com,http://example1.com)");
  }
  const Session session = Begin(call);
  if (session.cluster == nullptr) return session.exit_code;
  const auto failure = UpdateMember(*session.cluster, session.deadline, arguments[0], arguments[1]);
  if (failure.has_value()) return FailPlainly(call, failure->text);
  cli::Print(call.own.out, "Updated member with ID " + arguments[0] + " in cluster\n");
  return kExitSuccess;
}

}  // namespace

Command MemberCommand() {
  return {"member",
          "list members, add, remove and change them",
          "",
          "",
          {},
          {{"list", "list the members", "", "", {}, {}, RunList},
           {"add", "add a member", "NAME PEER-URL", "", {}, {}, RunAdd},
           {"remove", "remove a member", "ID", "", {}, {}, RunRemove},
           {"update",
            "change a member's URLs for other members",
            "ID PEER-URLS",
            "",
            {},
            {},
            RunUpdate}}};
}

}  // namespace ctl_v2
