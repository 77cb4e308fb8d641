#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace discovery {

// What is known of a token.
struct TokenStatus {
  std::string token;
  std::string size;  // as it was stored
  struct Member {
    std::string id;
    std::string urls;  // "name=url,name=url"
  };
  std::vector<Member> members;          // in the order in which they came
  std::optional<int64_t> seconds_left;  // before it expires; nothing if it does not
};

// Of etcd's answer for the token's directory, read recursively; nothing if that is no such answer.
std::optional<TokenStatus> ParseTokenStatus(std::string_view token, std::string_view size_body,
                                            std::string_view directory_body);

// A page for people, complete in itself.
std::string StatusPage(const TokenStatus& status);

}  // namespace discovery
