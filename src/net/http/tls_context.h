#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http/exchange.h"
#include "net/http/openssl.h"
#include "runtime/time.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;
struct x509_store_ctx_st;

namespace http {

// What TLS needs to know; certificates and keys as PEM text, which the caller has read.
struct TlsOptions {
  // This end's chain, leaf first, and the leaf's key; a client may have none.
  base::Bytes certificate_pem;
  base::Bytes key_pem;
  // Whom to trust. Empty: at a server nobody is asked for a certificate; a client trusts nobody.
  base::Bytes trusted_ca_pem;
  // A list of revoked certificates, DER or PEM, or empty. As in etcd, a serial number on it is
  // refused whoever issued the certificate, and the list's own signature and dates do not matter.
  base::Bytes crl;
  // Server: clients without a trusted certificate are refused.
  bool require_client_certificate = false;
  // Client: takes any certificate of the server.
  bool skip_verify = false;
  // If not empty, the peer's certificate must have one of these names.
  std::vector<std::string> allowed_common_names;
  std::vector<std::string> allowed_host_names;
  // Server: what else must hold of a client with a certificate, and of where it comes from, after
  // the handshake. May wait for the network: so handshakes are left to workers, if there are any.
  std::function<base::Status(const ConnectionInfo& client, const runtime::Address& from)>
      check_client;
  // Go's (IANA's) names, for TLS 1.2; those of TLS 1.3 are fixed. Empty: OpenSSL's choice. One
  // that OpenSSL does not have is left out.
  std::vector<std::string> cipher_suites;
  enum class Version : uint8_t { kTls12, kTls13 };
  Version min_version = Version::kTls12;
  Version max_version = Version::kTls13;
};

// Options made ready for handshakes; immutable, shared by the connections of any thread. Files that
// changed are taken up by making another one for the connections to come.
class TlsContext {
 public:
  enum class Role : uint8_t { kServer, kClient };

  // Fails with kInvalidArgument, naming the option at fault.
  static base::Result<std::shared_ptr<const TlsContext>> New(Role role, const TlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  Role role() const { return role_; }
  // A signature with this end's key takes a fifth of a millisecond or more: with any but P-256 and
  // Ed25519. Whoever has other connections to serve leaves handshakes to others then.
  bool signs_slowly() const { return signs_slowly_; }
  // As well as what is asked of clients, then.
  bool waits() const { return check_client_ != nullptr; }
  // When this end's certificate expires; nothing if it has none.
  std::optional<runtime::WallTime> certificate_expiry() const { return certificate_expiry_; }
  ssl_ctx_st* get() const { return context_; }

  // After the handshake: describes the peer in `*info`, and fails if its names are not allowed. A
  // peer with a certificate has been told so before, by the alert bad_certificate.
  base::Status CheckPeer(ssl_st* ssl, ConnectionInfo* info) const;
  // TlsOptions::check_client of such a peer, which is at `from`. Waits if that does.
  base::Status CheckClient(const ConnectionInfo& info, const runtime::Address& from) const;

 private:
  TlsContext(Role role, const TlsOptions& options);
  base::Status Load(const TlsOptions& options);
  base::Status SetCipherSuites(const TlsOptions& options);
  base::Status LoadTrust(const TlsOptions& options);
  bool HasAllowedName(x509_st* certificate) const;
  static int VerifyMore(int valid, x509_store_ctx_st* verification);

  const Role role_;
  const std::vector<std::string> allowed_common_names_;
  const std::vector<std::string> allowed_host_names_;
  const std::function<base::Status(const ConnectionInfo&, const runtime::Address&)> check_client_;
  ssl_ctx_st* const context_;
  CrlPointer revoked_;  // null: nobody
  bool signs_slowly_ = false;
  std::optional<runtime::WallTime> certificate_expiry_;
};

// A certificate and key for `hosts` (names and addresses) that signs itself, as PEM text; valid
// from a day before `now` for `days`. For etcd's --auto-tls.
struct SelfSigned {
  base::Bytes certificate_pem;
  base::Bytes key_pem;
};
SelfSigned NewSelfSigned(const std::vector<std::string>& hosts, runtime::WallTime now, int days);

}  // namespace http
