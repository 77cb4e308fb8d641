#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <etcd/kv.h>

// Who belongs to the cluster. Plain values.

namespace etcd {
inline namespace v1 {

struct Member {
  uint64_t id = 0;
  std::string name = {};  // empty until it has started
  std::vector<std::string> peer_urls = {};
  std::vector<std::string> client_urls = {};  // empty until it has started
  bool is_learner = false;
};

struct MemberListRequest {
  // Answered by one member from what it has, which may be old.
  bool serializable = false;
};

struct MemberListResponse {
  ResponseHeader header = {};
  std::vector<Member> members = {};
};

// A member that is to start. Its URLs are where the others will find it.
struct MemberAddRequest {
  std::vector<std::string> peer_urls = {};
  bool is_learner = false;
};

struct MemberAddResponse {
  ResponseHeader header = {};
  Member member = {};                // the one that was added
  std::vector<Member> members = {};  // all, with it
};

// What a removal, an update or a promotion has left.
struct MemberChangeResponse {
  ResponseHeader header = {};
  std::vector<Member> members = {};
};

}  // namespace v1
}  // namespace etcd
