#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/server_config.h"
#include "net/http/tls_context.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/disk.h"
#include "runtime/time.h"

namespace app {

// What files are used for.
struct TlsUse {
  http::TlsContext::Role role = http::TlsContext::Role::kServer;
  std::string_view flag_prefix = "";  // of the flags' names: "peer-"
  // As in http::TlsOptions.
  std::function<base::Status(const http::ConnectionInfo&, const runtime::Address&)> check_client =
      nullptr;
  // Shows when the certificate in use expires, by its flag's name; or null.
  observe::Registry* registry = nullptr;
};

// TLS for a server's listeners, or for what it dials, from the files that the flags name. Files
// that have changed are taken up for connections that come after the next Refresh; while they do
// not fit together the old ones stay.
class TlsFiles {
 public:
  // Reads the files. `disk` outlives this.
  static base::Result<std::unique_ptr<TlsFiles>> Open(runtime::Disk* disk,
                                                      const config::TlsConfig& config,
                                                      const config::SecurityConfig& security,
                                                      const TlsUse& use = {});

  // Any thread. Never null.
  std::shared_ptr<const http::TlsContext> context() const;
  // Reads the files again; blocks on the disk. One caller at a time. What keeps the old ones in use
  // is told to `logger`, once, if it is the same two times running: it may be half written.
  void Refresh(const observe::Logger& logger);

 private:
  TlsFiles(runtime::Disk* disk, const config::TlsConfig& config,
           const config::SecurityConfig& security, const TlsUse& use);

  bool DialsWith(const std::string& own_file) const;
  bool is_server() const { return use_.role == http::TlsContext::Role::kServer; }
  const char* cert_flag() const {
    return &cert_file_ == &config_.client_cert_file ? "client-cert-file" : "cert-file";
  }
  const char* key_flag() const {
    return &key_file_ == &config_.client_key_file ? "client-key-file" : "key-file";
  }
  // As a name, and as it is written.
  std::string FlagName(std::string_view name) const;
  std::string Flag(std::string_view name) const;
  base::Status ReadIfNamed(std::string_view name, const std::string& path, base::Bytes* out) const;
  base::Status NamingFile(const base::Status& status) const;
  base::Status CheckOwnFiles() const;
  base::Status CheckAllowed() const;
  base::Result<http::TlsOptions> Read() const;
  base::Status Load();
  void ShowExpiry(const http::TlsContext& context);

  runtime::Disk& disk_;
  const config::TlsConfig config_;
  const config::SecurityConfig security_;
  const TlsUse use_;
  // Which of the files those of this end are: a dialler may have others than a listener.
  const std::string& cert_file_;
  const std::string& key_file_;
  std::optional<std::string> fingerprint_;  // of what is in use; a dialler may have no files
  std::string problem_;                     // with the files, at the last Refresh
  bool problem_told_ = false;
  std::optional<observe::Gauge> expiry_;  // once there is a certificate
  mutable std::mutex mutex_;
  std::shared_ptr<const http::TlsContext> context_;  // guarded by mutex_
};

// With --auto-tls: makes a certificate and its key in `directory` unless they are there, for the
// hosts, and names them in `*config`. kInvalidArgument, in etcd's words, for no years.
base::Status MakeSelfSigned(runtime::Disk& disk, const std::string& directory,
                            const std::vector<std::string>& hosts, runtime::WallTime now,
                            uint64_t validity_years, config::TlsConfig* config);

}  // namespace app
