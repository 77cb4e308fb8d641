#include "ctl/member_commands.h"

#include <charconv>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii_case.h"
#include "base/go_text.h"
#include "ctl/connection.h"
#include "ctl/requests.h"

namespace ctl {
namespace {

// Hexadecimal, as strconv.ParseUint, whose text the error has.
Outcome ReadHexId(const std::string& text, uint64_t* id) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, *id, 16);
  if (parsed.ec == std::errc() && parsed.ptr == end) return {};
  const bool too_large = parsed.ec == std::errc::result_out_of_range && parsed.ptr == end;
  return Failed(kExitBadArguments, "strconv.ParseUint: parsing " + base::Quote(text) +
                                       (too_large ? ": value out of range" : ": invalid syntax"));
}

// Of the command's only argument.
Outcome ReadMemberId(const Invocation& invocation, uint64_t* id) {
  if (invocation.arguments.size() != 1) {
    return Failed(kExitBadArguments, "member ID is not provided");
  }
  Outcome outcome = ReadHexId(invocation.arguments[0], id);
  if (!outcome.ok())
    outcome.error = "bad member ID arg (" + outcome.error + "), expecting ID in Hex";
  return outcome;
}

// Of --peer-urls.
Outcome ReadPeerUrls(const Invocation& invocation, std::vector<std::string>* urls) {
  const std::string& text = invocation.flags.GetString("peer-urls");
  if (text.empty()) return Failed(kExitBadArguments, "member peer urls not provided");
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    urls->push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return {};
}

// What is wrong with the request itself was found before it was sent: it is no answer of a member.
Outcome FailedChange(const etcd::Status& status) {
  if (status.code() == etcd::Code::kInvalidArgument) return Failed(kExitError, status.message());
  return FailedCall(status);
}

// What the added member is started with, as lines of a shell.
std::string StartLines(const std::string& name, const std::vector<std::string>& peer_urls,
                       const etcd::MemberAddResponse& response) {
  std::vector<std::string> cluster;
  for (const etcd::Member& member : response.members) {
    const std::string& shown = member.id == response.member.id ? name : member.name;
    for (const std::string& url : member.peer_urls) cluster.push_back(shown + "=" + url);
  }
  return "\nETCD_NAME=" + base::Quote(name) +
         "\nETCD_INITIAL_CLUSTER=" + base::Quote(base::Join(cluster, ",")) +
         "\nETCD_INITIAL_ADVERTISE_PEER_URLS=" + base::Quote(base::Join(peer_urls, ",")) +
         "\nETCD_INITIAL_CLUSTER_STATE=\"existing\"\n";
}

// A change of the member that is named by its id.
template <typename Ask>
Outcome ChangeMember(const Invocation& invocation, Printer::Change change, uint64_t id, Ask ask) {
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const etcd::Result<etcd::MemberChangeResponse> response =
      ask(*connection.client, connection.globals.call);
  if (!response.ok()) return FailedChange(response.status());
  return connection.globals.printer->MemberChange(change, id, *response);
}

// The endpoint at which the leader answers, and its id; empty if there is none.
Outcome FindLeader(const Globals& globals, const std::vector<std::string>& endpoints,
                   std::string* leader, uint64_t* id) {
  for (const std::string& endpoint : endpoints) {
    etcd::ClientOptions options = globals.client;
    options.endpoints = {endpoint};
    std::unique_ptr<etcd::Client> client;
    if (Outcome outcome = Connect(options, &client); !outcome.ok()) return outcome;
    const auto status = client->MemberStatus("", globals.call);
    if (!status.ok()) return FailedCall(status.status());
    if (status->header.member_id != status->leader) continue;
    *leader = endpoint;
    *id = status->leader;
    return {};
  }
  return Failed(kExitBadArguments,
                "no leader endpoint given at [" + base::Join(endpoints, " ") + "]");
}

// Compat: etcdctl asks so for each word that looks like a URL.
Outcome TooManyWords(const std::vector<std::string>& words) {
  std::string text = "too many arguments";
  for (const std::string& word : words) {
    if (base::EqualIgnoringCase(std::string_view(word).substr(0, 4), "http"))
      text += ", did you mean --peer-urls=" + word;
  }
  return Failed(kExitBadArguments, text);
}

}  // namespace

Outcome RunMemberAdd(const Invocation& invocation) {
  if (invocation.arguments.empty()) return Failed(kExitBadArguments, "member name not provided");
  if (invocation.arguments.size() > 1) return TooManyWords(invocation.arguments);
  const std::string& name = invocation.arguments[0];
  etcd::MemberAddRequest request;
  request.is_learner = invocation.flags.GetBool("learner");
  if (Outcome outcome = ReadPeerUrls(invocation, &request.peer_urls); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->MemberAdd(request, connection.globals.call);
  if (!response.ok()) return FailedChange(response.status());
  Printer& printer = *connection.globals.printer;
  if (Outcome outcome = printer.MemberAdd(*response); !outcome.ok()) return outcome;
  if (printer.format() == "simple") {
    Print(invocation.out, StartLines(name, request.peer_urls, *response));
  }
  return {};
}

Outcome RunMemberRemove(const Invocation& invocation) {
  uint64_t id = 0;
  if (Outcome outcome = ReadMemberId(invocation, &id); !outcome.ok()) return outcome;
  return ChangeMember(invocation, Printer::Change::kRemoved, id,
                      [id](etcd::Client& client, const etcd::CallOptions& call) {
                        return client.MemberRemove(id, call);
                      });
}

Outcome RunMemberUpdate(const Invocation& invocation) {
  uint64_t id = 0;
  std::vector<std::string> urls;
  if (Outcome outcome = ReadMemberId(invocation, &id); !outcome.ok()) return outcome;
  if (Outcome outcome = ReadPeerUrls(invocation, &urls); !outcome.ok()) return outcome;
  return ChangeMember(invocation, Printer::Change::kUpdated, id,
                      [&](etcd::Client& client, const etcd::CallOptions& call) {
                        return client.MemberUpdate(id, urls, call);
                      });
}

Outcome RunMemberPromote(const Invocation& invocation) {
  uint64_t id = 0;
  if (Outcome outcome = ReadMemberId(invocation, &id); !outcome.ok()) return outcome;
  return ChangeMember(invocation, Printer::Change::kPromoted, id,
                      [id](etcd::Client& client, const etcd::CallOptions& call) {
                        return client.MemberPromote(id, call);
                      });
}

Outcome RunMoveLeader(const Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return Failed(kExitBadArguments, "move-leader command needs 1 argument");
  }
  uint64_t target = 0;
  if (Outcome outcome = ReadHexId(invocation.arguments[0], &target); !outcome.ok()) return outcome;
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  std::string endpoint;
  uint64_t leader = 0;
  Outcome outcome = FindLeader(globals, globals.client.endpoints, &endpoint, &leader);
  if (!outcome.ok()) return outcome;
  globals.client.endpoints = {endpoint};
  std::unique_ptr<etcd::Client> client;
  if (outcome = Connect(globals.client, &client); !outcome.ok()) return outcome;
  const auto response = client->MoveLeader("", target, globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return globals.printer->MoveLeader(leader, target, *response);
}

Outcome RunMemberList(const Invocation& invocation) {
  etcd::MemberListRequest request;
  if (Outcome outcome = ReadSerializable(invocation.flags, &request.serializable); !outcome.ok()) {
    return outcome;
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = connection.client->MemberList(request, connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->MemberList(*response);
}

}  // namespace ctl
