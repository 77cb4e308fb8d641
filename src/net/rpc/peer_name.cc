#include "net/rpc/peer_name.h"

namespace rpc {

std::string AuthorityOf(const runtime::Address& address) {
  if (address.unix_path.empty()) return address.ToString();
  return address.unix_path.substr(address.unix_path.rfind('/') + 1);
}

std::string ServerNameOf(const runtime::Address& address) {
  if (address.unix_path.empty()) return address.host;
  const std::string name = AuthorityOf(address);
  const size_t colon = name.find(':');
  return colon == name.rfind(':') ? name.substr(0, colon) : name;
}

}  // namespace rpc
