#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace members {

// A member of the cluster as the log and the database describe it.
struct Member {
  base::MemberId id;
  std::vector<std::string> peer_urls;
  bool is_learner = false;
  // Empty until the member has started and said so.
  std::string name;
  std::vector<std::string> client_urls;

  friend bool operator==(const Member&, const Member&) = default;
};

// etcd's identifiers: the first eight bytes of a SHA-1. A member of a new cluster is named after
// its peer URLs and the cluster's token, in any order of the URLs; a cluster after its members.
base::MemberId InitialMemberId(std::vector<std::string> peer_urls, std::string_view token);
base::ClusterId InitialClusterId(std::vector<base::MemberId> members);
// One that is added to a cluster is named after its peer URLs and the second in which that was
// asked for, counted from 1970.
base::MemberId AddedMemberId(std::vector<std::string> peer_urls, int64_t unix_seconds);

// The text form: hexadecimal, lower case, without leading zeros.
std::string HexText(uint64_t id);

// JSON as etcd writes it into the database and into changes of the configuration:
//
//   {"id":N,"peerURLs":[..],"isLearner":true,"name":"..","clientURLs":[..]}
//
// isLearner, name and clientURLs are left out when false or empty.
std::string ToJson(const Member& member);
// kDataLoss for text that is no such object. Unknown names are ignored.
base::Result<Member> FromJson(std::string_view text);

// An array of such objects, as members tell it to each other at /members; ascending by id.
std::string ToJson(std::span<const Member> members);
// kDataLoss for text that is no such array.
base::Result<std::vector<Member>> MembersFromJson(std::string_view text);

// What a change of the configuration carries: the member, and whether it only turns a learner into
// a voter; of a removal, that it makes room for a member which takes the removed one's place.
struct ChangeContext {
  Member member;
  bool is_promote = false;
  base::MemberId successor = {};  // 0: none. Not etcd's, which passes it over
};
std::string ToJson(const ChangeContext& context);
base::Result<ChangeContext> ChangeContextFromJson(std::string_view text);

// The same of an entry with several changes, which etcd never proposes: an array, one context for
// each. One change has its context alone, or in an array.
std::string ToJson(std::span<const ChangeContext> contexts);
base::Result<std::vector<ChangeContext>> ChangeContextsFromJson(std::string_view text,
                                                                size_t count);

}  // namespace members
