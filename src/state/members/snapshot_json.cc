#include "state/members/snapshot_json.h"

#include <nlohmann/json.hpp>

namespace members {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kEventHistoryCapacity = 1000;
// Go's zero time: the node never expires.
constexpr const char* kNever = "0001-01-01T00:00:00Z";

// Builds the tree; all nodes carry the index of the snapshot.
class Tree {
 public:
  explicit Tree(base::Index index) : index_(index.value()) {}

  Json Directory(const std::string& path) const {
    Json node = Node(path, "");
    node["Children"] = Json::object();
    return node;
  }
  void AddFile(Json* directory, const std::string& name, const std::string& value) const {
    Json node = Node(PathIn(*directory, name), value);
    node["Children"] = nullptr;
    (*directory)["Children"][name] = std::move(node);
  }
  Json* AddDirectory(Json* directory, const std::string& name) const {
    Json& child = (*directory)["Children"][name];
    child = Directory(PathIn(*directory, name));
    return &child;
  }

 private:
  Json Node(const std::string& path, const std::string& value) const {
    return {{"Path", path},
            {"CreatedIndex", index_},
            {"ModifiedIndex", index_},
            {"ExpireTime", kNever},
            {"Value", value}};
  }
  static std::string PathIn(const Json& directory, const std::string& name) {
    const std::string path = directory["Path"].get<std::string>();
    return (path == "/" ? "" : path) + "/" + name;
  }

  const uint64_t index_;
};

void AddMember(const Tree& tree, Json* members, const Member& member) {
  Json* const node = tree.AddDirectory(members, HexText(member.id.value()));
  Json attributes = Json::object();
  if (!member.name.empty()) attributes["name"] = member.name;
  if (!member.client_urls.empty()) attributes["clientURLs"] = member.client_urls;
  Json raft_attributes = {{"peerURLs", member.peer_urls}};
  if (member.is_learner) raft_attributes["isLearner"] = true;
  tree.AddFile(node, "attributes", attributes.dump());
  tree.AddFile(node, "raftAttributes", raft_attributes.dump());
}

Json Statistics() {
  Json stats = Json::object();
  for (const char* name :
       {"getsSuccess", "getsFail", "setsSuccess", "setsFail", "deleteSuccess", "deleteFail",
        "updateSuccess", "updateFail", "createSuccess", "createFail", "compareAndSwapSuccess",
        "compareAndSwapFail", "compareAndDeleteSuccess", "compareAndDeleteFail", "expireCount",
        "watchers"}) {
    stats[name] = 0;
  }
  return stats;
}

Json EmptyEventHistory() {
  return {{"Queue",
           {{"Events", Json(kEventHistoryCapacity, nullptr)},
            {"Size", 0},
            {"Front", 0},
            {"Back", 0},
            {"Capacity", kEventHistoryCapacity}}},
          {"StartIndex", 0},
          {"LastIndex", 0}};
}

}  // namespace

std::string SnapshotJson(const Membership& membership, base::Index index) {
  const Tree tree(index);
  Json root = tree.Directory("/");
  // A directory's pointer is good until the next is added beside it.
  tree.AddDirectory(&root, "1");
  Json* const cluster = tree.AddDirectory(&root, "0");
  Json* const members = tree.AddDirectory(cluster, "members");
  for (const auto& [id, member] : membership.members()) AddMember(tree, members, member);
  Json* const removed = tree.AddDirectory(cluster, "removed_members");
  for (const base::MemberId id : membership.removed()) {
    tree.AddFile(removed, HexText(id.value()), "");
  }
  if (!membership.cluster_version().empty()) {
    tree.AddFile(cluster, "version", membership.cluster_version());
  }
  const Json store = {{"Root", root},
                      {"WatcherHub", {{"EventHistory", EmptyEventHistory()}}},
                      {"CurrentIndex", index.value()},
                      {"Stats", Statistics()},
                      {"CurrentVersion", 2}};
  return store.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace members
