#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

struct bio_st;
struct x509_st;
struct evp_pkey_st;
struct X509_crl_st;

namespace http {

// OpenSSL's objects with an owner.
struct OpenSslDelete {
  void operator()(bio_st* object) const;
  void operator()(x509_st* object) const;
  void operator()(evp_pkey_st* object) const;
  void operator()(X509_crl_st* object) const;
};
using BioPointer = std::unique_ptr<bio_st, OpenSslDelete>;
using CertificatePointer = std::unique_ptr<x509_st, OpenSslDelete>;
using KeyPointer = std::unique_ptr<evp_pkey_st, OpenSslDelete>;
using CrlPointer = std::unique_ptr<X509_crl_st, OpenSslDelete>;

// Reads from `text`, which must outlive it.
BioPointer ReadFrom(base::ByteView text);

// Given to OpenSSL as who knows passphrases: nobody does, where OpenSSL would ask at the terminal
// and wait. `asked` is a bool that becomes true, or null.
int NoPassphrase(char* buffer, int size, int writing, void* asked);

// The text of this thread's last error; empties its queue.
std::string OpenSslError();

// OpenSSL's name of a TLS 1.2 suite with Go's name, or empty if there is none.
std::string OpenSslCipherName(base::ByteView go_name);

}  // namespace http
