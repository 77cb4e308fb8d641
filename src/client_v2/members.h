#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client_v2/cluster.h"

namespace client_v2 {

inline constexpr const char* kNoEndpoints = "client: no endpoints available";
inline constexpr const char* kMembersPath = "/v2/members";

struct Member {
  std::string id;
  std::string name;
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
};

std::optional<Failure> ListMembers(Cluster& cluster, const Deadline& deadline,
                                   std::vector<Member>* members);
std::optional<Failure> FindLeader(Cluster& cluster, const Deadline& deadline, Member* leader);
std::optional<Failure> AddMember(Cluster& cluster, const Deadline& deadline,
                                 const std::string& peer_url, Member* member);
std::optional<Failure> RemoveMember(Cluster& cluster, const Deadline& deadline,
                                    const std::string& id);
std::optional<Failure> UpdateMember(Cluster& cluster, const Deadline& deadline,
                                    const std::string& id, const std::string& peer_urls);

}  // namespace client_v2
