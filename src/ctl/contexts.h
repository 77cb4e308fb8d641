#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

// Clusters by name: of each the global flags that say how to reach it and who asks.
//
//   current: prod                # nothing: none is in use
//   contexts:
//     prod:
//       endpoints: "https://10.0.0.1:2379,https://10.0.0.2:2379"
//       cacert: "/etc/etcd/ca.crt"
//       user: "root"

namespace ctl {

// By the name of the flag, its value as it is typed.
using Context = std::map<std::string, std::string, std::less<>>;

struct Contexts {
  std::string current = {};
  std::map<std::string, Context, std::less<>> all = {};
};

// The flags that a context may have. Those of one group are taken from a context together or not
// at all: a password does not go with another user, nor a key with another certificate.
struct ContextField {
  std::string_view flag;
  int group = 0;  // 0: of none
};
inline constexpr int kWhereGroup = 1;
inline constexpr int kWhoGroup = 2;
std::span<const ContextField> ContextFields();

// Whether the value of the flag is to be shown to nobody.
bool IsSecret(std::string_view flag);
bool HasSecrets(const Contexts& contexts);

// Letters, digits, '.', '_' and '-', and not too many.
bool IsContextName(std::string_view name);

// Of the text of a file; kInvalidArgument says in which line what is wrong.
base::Result<Contexts> ParseContexts(const std::string& text);
// A text that is parsed to the same, unless a value is no UTF-8.
std::string FormatContexts(const Contexts& contexts);

}  // namespace ctl
