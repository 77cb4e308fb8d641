#pragma once

#include <set>
#include <string>
#include <string_view>

namespace members {

// Names of what entries of the log may hold beyond etcd's. A member that does not know one of them
// must not meet such an entry: it could only end itself, or come to hold another state. So members
// tell each other which they understand, and the cluster's state says which are in use; from then
// on it takes no member that lacks one (server/extensions.h).
using Extensions = std::set<std::string, std::less<>>;

inline constexpr size_t kExtensionsMax = 64;
inline constexpr size_t kExtensionNameBytesMax = 64;

// "a,b": names of lower-case letters, digits and '-'.
std::string ToText(const Extensions& extensions);
// What is no such name is left out, as is what comes after kExtensionsMax.
Extensions ExtensionsFromText(std::string_view text);

// Those of `needed` that are not in `understood`.
Extensions Lacking(const Extensions& needed, const Extensions& understood);

}  // namespace members
