#pragma once

#include <string>

struct ssl_st;

namespace http {

// What went wrong with a TLS connection, in words for people who set certificates up: which name or
// authority does not fit, what the peer refused, or that it does not speak TLS. Reads and empties
// this thread's queue of OpenSSL's errors.
std::string TlsCause(ssl_st* ssl);

}  // namespace http
