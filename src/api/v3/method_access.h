#pragma once

#include <cstdint>
#include <string_view>

namespace v3 {

// Who may call a method, where authentication is enabled.
enum class MethodAccess : uint8_t {
  kAnybody,    // nobody is asked who he is
  kUser,       // who is a user
  kRoot,       // who has the root role
  kByRequest,  // what is asked for decides: its handler asks, or the entry is checked
};

// Of a method of etcd's services, by the full name of its service. Nothing stands for a method that
// is forgotten here: to add it to a table of methods ends the process.
MethodAccess AccessOf(std::string_view service, std::string_view method);

}  // namespace v3
