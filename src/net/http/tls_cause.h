#pragma once

#include <string>

struct ssl_st;
struct x509_st;

namespace http {

// What went wrong with a TLS connection, in words for people who set certificates up: which name or
// authority does not fit, what the peer refused, or that it does not speak TLS. Reads and empties
// this thread's queue of OpenSSL's errors.
std::string TlsCause(ssl_st* ssl);

// Has TlsCause know which certificate of the peer's was refused: OpenSSL keeps none of those.
// Called by whoever looks at them; takes a share.
void KeepRefused(ssl_st* ssl, x509_st* certificate);

}  // namespace http
