#include "runtime/parse_address.h"

#include <charconv>
#include <string>

#include "base/go_text.h"

namespace runtime {

base::Result<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != text.npos) {
    Address address;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, address.port);
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = std::string(host);
    if (parsed.ec == std::errc() && parsed.ptr == end) return address;
  }
  return base::Status(base::Code::kInvalidArgument, base::Quote(text) + " is no host:port");
}

}  // namespace runtime
