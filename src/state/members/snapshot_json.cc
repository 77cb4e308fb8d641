#include "state/members/snapshot_json.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

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

base::Status Malformed(std::string_view what) {
  return {base::Code::kDataLoss, "snapshot: not a store of etcd's API v2: " + std::string(what)};
}

// The directories and files in a directory; none of what has none.
const Json& ChildrenOf(const Json& node) {
  static const Json kNone = Json::object();
  const auto found = node.find("Children");
  return found == node.end() || found->is_null() ? kNone : *found;
}

const Json* ChildOf(const Json& node, const char* name) {
  const Json& children = ChildrenOf(node);
  const auto found = children.find(name);
  return found == children.end() ? nullptr : &*found;
}

std::optional<base::MemberId> IdOf(const std::string& name) {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return base::MemberId(id);
}

std::vector<std::string> Strings(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  return found->get<std::vector<std::string>>();
}

base::Result<Member> MemberOf(const std::string& name, const Json& node) {
  const std::optional<base::MemberId> id = IdOf(name);
  const Json* const raft_attributes = ChildOf(node, "raftAttributes");
  if (!id.has_value() || raft_attributes == nullptr) return Malformed("member " + name);
  const Json raft = Json::parse(raft_attributes->at("Value").get<std::string>());
  Member member;
  member.id = *id;
  member.peer_urls = Strings(raft, "peerURLs");
  member.is_learner = raft.value("isLearner", false);
  const Json* const attributes = ChildOf(node, "attributes");
  if (attributes != nullptr) {
    RETURN_IF_ERROR(SetAttributesFromJson(attributes->at("Value").get<std::string>(), &member));
  }
  return member;
}

base::Result<SnapshotMembership> MembershipOf(const Json& root) {
  SnapshotMembership membership;
  for (const auto& [name, node] : ChildrenOf(root).items()) {
    if (name != "0" && !(name == "1" && ChildrenOf(node).empty())) {
      membership.has_other_content = true;
    }
  }
  const Json* const cluster = ChildOf(root, "0");
  if (cluster == nullptr) return Malformed("no members");
  if (const Json* const version = ChildOf(*cluster, "version"); version != nullptr) {
    membership.cluster_version = version->at("Value").get<std::string>();
  }
  if (const Json* const members = ChildOf(*cluster, "members"); members != nullptr) {
    for (const auto& [name, node] : ChildrenOf(*members).items()) {
      ASSIGN_OR_RETURN(Member member, MemberOf(name, node));
      membership.members.push_back(std::move(member));
    }
  }
  if (const Json* const removed = ChildOf(*cluster, "removed_members"); removed != nullptr) {
    for (const auto& [name, node] : ChildrenOf(*removed).items()) {
      const std::optional<base::MemberId> id = IdOf(name);
      if (!id.has_value()) return Malformed("member " + name);
      membership.removed.push_back(*id);
    }
  }
  return membership;
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

base::Result<SnapshotMembership> SnapshotMembershipFromJson(std::string_view text) {
  try {
    return MembershipOf(Json::parse(text).at("Root"));
  } catch (const Json::exception& exception) {
    return Malformed(exception.what());
  }
}

base::Status SetAttributesFromJson(std::string_view text, Member* member) {
  try {
    const Json attributes = Json::parse(text);
    std::string name = attributes.value("name", "");
    std::vector<std::string> client_urls = Strings(attributes, "clientURLs");
    member->name = std::move(name);
    member->client_urls = std::move(client_urls);
    return {};
  } catch (const Json::exception& exception) {
    return Malformed(exception.what());
  }
}

}  // namespace members
