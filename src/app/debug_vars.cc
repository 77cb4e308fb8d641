#include "app/debug_vars.h"

#include <vector>

#include "app/process_arguments.h"
#include "base/json_string.h"
#include "runtime/posix/descriptor_limit.h"
#include "state/members/member.h"

namespace app {
namespace {

std::string CommandLine(runtime::Disk& disk) {
  std::string out;
  for (const std::string& argument : ProcessArguments(disk)) {
    out += (out.empty() ? "" : ",") + base::JsonString(argument);
  }
  return "[" + out + "]";
}

std::string Memory(const runtime::posix::HeapUse& heap) {
  const uint64_t used = heap.arena_used + heap.mapped;
  const uint64_t all = used + heap.arena_free;
  std::string out = "{";
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, uint64_t>>{{"Alloc", used},
                                                               {"Sys", all},
                                                               {"HeapAlloc", used},
                                                               {"HeapSys", all},
                                                               {"HeapIdle", heap.arena_free},
                                                               {"HeapInuse", used}}) {
    out += (out.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + std::to_string(value);
  }
  return out + "}";
}

std::string Raft(const server::Server& server) {
  const server::Progress& progress = server.progress();
  const uint64_t leader = progress.leader;
  const bool is_leader = leader == server.id().value();
  return "{\"id\":" + base::JsonString(members::HexText(server.id().value())) +
         ",\"term\":" + std::to_string(progress.term) +
         ",\"vote\":" + base::JsonString(members::HexText(progress.vote)) +
         ",\"commit\":" + std::to_string(progress.committed) +
         ",\"lead\":" + base::JsonString(members::HexText(leader)) +
         ",\"raftState\":" + (is_leader ? "\"StateLeader\"" : "\"StateFollower\"") +
         ",\"applied\":" + std::to_string(progress.applied) +
         ",\"progress\":{},\"leadtransferee\":\"0\"}";
}

}  // namespace

std::string DebugVars(const server::Server& server, const runtime::posix::HeapUse& heap) {
  return "{\n\"cmdline\": " + CommandLine(*server.environment().disk) +
         ",\n\"file_descriptor_limit\": " + std::to_string(runtime::posix::DescriptorLimit()) +
         ",\n\"memstats\": " + Memory(heap) + ",\n\"raft.status\": " + Raft(server) + "\n}\n";
}

}  // namespace app
