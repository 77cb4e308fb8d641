#include "app/tls_files.h"

#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "config/cipher_suites.h"

namespace app {
namespace {

constexpr int kDaysOfAYear = 365;

http::TlsOptions::Version VersionOf(const std::string& text) {
  return text == "TLS1.3" ? http::TlsOptions::Version::kTls13 : http::TlsOptions::Version::kTls12;
}

base::Status WriteFile(runtime::Disk& disk, const std::string& path, base::ByteView bytes) {
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kCreateOrTruncate));
  RETURN_IF_ERROR(file->WriteAt(0, bytes));
  return file->Sync();
}

// As Go prints them with %q.
std::string Quoted(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(base::Quote(text));
  return "[" + base::Join(quoted, " ") + "]";
}

}  // namespace

TlsFiles::TlsFiles(runtime::Disk* disk, const config::TlsConfig& config,
                   const config::SecurityConfig& security, const TlsUse& use)
    : disk_(*disk),
      config_(config),
      security_(security),
      use_(use),
      cert_file_(DialsWith(config_.client_cert_file) ? config_.client_cert_file
                                                     : config_.cert_file),
      key_file_(DialsWith(config_.client_key_file) ? config_.client_key_file : config_.key_file) {}

// Compat: a dialler's own files count only beside a listener's.
bool TlsFiles::DialsWith(const std::string& own_file) const {
  const bool listens_without = config_.cert_file.empty() && config_.key_file.empty();
  return !is_server() && !own_file.empty() && !listens_without;
}

std::string TlsFiles::FlagName(std::string_view name) const {
  // The only one of the clients' that has a prefix.
  const std::string_view prefix =
      use_.flag_prefix.empty() && name == "crl-file" ? "client-" : use_.flag_prefix;
  return std::string(prefix) + std::string(name);
}

std::string TlsFiles::Flag(std::string_view name) const {
  return "--" + FlagName(name);
}

base::Status TlsFiles::ReadIfNamed(std::string_view name, const std::string& path,
                                   base::Bytes* out) const {
  if (path.empty()) return {};
  base::Result<base::Bytes> file = ReadFile(disk_, path);
  if (!file.ok()) {
    return {file.status().code(), Flag(name) + ": open " + std::string(file.status().message())};
  }
  // One that is just being written: without a certificate, an authority or a list of what is
  // revoked, a server would go on as if none had been asked for.
  if (file->empty()) {
    return {base::Code::kInvalidArgument, Flag(name) + ": " + path + ": is empty"};
  }
  *out = *std::move(file);
  return {};
}

// Names the flag and the file of the part that `status` begins with.
base::Status TlsFiles::NamingFile(const base::Status& status) const {
  const std::string text(status.message());
  for (const auto& [part, name, path] :
       {std::tuple{"certificate: ", cert_flag(), &cert_file_},
        std::tuple{"key: ", key_flag(), &key_file_},
        std::tuple{"trusted CA: ", "trusted-ca-file", &config_.trusted_ca_file},
        std::tuple{"CRL: ", "crl-file", &config_.crl_file}}) {
    if (text.starts_with(part)) return {status.code(), Flag(name) + " " + *path + ": " + text};
  }
  return status;
}

// Compat: a dialler's own files must be there, and a pair, where a listener has files, whoever
// dials.
base::Status TlsFiles::CheckOwnFiles() const {
  const std::string& cert = config_.client_cert_file;
  const std::string& key = config_.client_key_file;
  if (cert_file_.empty()) return {};
  if (cert.empty() != key.empty()) {
    return {base::Code::kInvalidArgument,
            "ClientKeyFile and ClientCertFile must both be present or both absent: key: " + key +
                ", cert: " + cert + "]"};
  }
  if (cert.empty()) return {};
  http::TlsOptions own;
  RETURN_IF_ERROR(ReadIfNamed("client-cert-file", cert, &own.certificate_pem));
  RETURN_IF_ERROR(ReadIfNamed("client-key-file", key, &own.key_pem));
  const auto context = http::TlsContext::New(http::TlsContext::Role::kClient, own);
  if (context.ok()) return {};
  const std::string text(context.status().message());
  const bool is_key = text.starts_with("key: ");
  return {context.status().code(), Flag(is_key ? "client-key-file" : "client-cert-file") + " " +
                                       (is_key ? key : cert) + ": " + text};
}

// Compat: one of the two at most.
base::Status TlsFiles::CheckAllowed() const {
  if (config_.allowed_cns.empty() || config_.allowed_hostnames.empty()) return {};
  return {
      base::Code::kInvalidArgument,
      "AllowedCNs and AllowedHostnames are mutually exclusive (cns=" + Quoted(config_.allowed_cns) +
          ", hostnames=" + Quoted(config_.allowed_hostnames) + ")"};
}

base::Result<http::TlsOptions> TlsFiles::Read() const {
  http::TlsOptions options;
  if (cert_file_.empty() != key_file_.empty()) {
    return base::Status(base::Code::kInvalidArgument,
                        "KeyFile and CertFile must both be present[key: " + key_file_ +
                            ", cert: " + cert_file_ + "]");
  }
  RETURN_IF_ERROR(CheckOwnFiles());
  RETURN_IF_ERROR(ReadIfNamed(cert_flag(), cert_file_, &options.certificate_pem));
  RETURN_IF_ERROR(ReadIfNamed(key_flag(), key_file_, &options.key_pem));
  RETURN_IF_ERROR(ReadIfNamed("trusted-ca-file", config_.trusted_ca_file, &options.trusted_ca_pem));
  if (is_server()) RETURN_IF_ERROR(ReadIfNamed("crl-file", config_.crl_file, &options.crl));
  if (!cert_file_.empty()) RETURN_IF_ERROR(CheckAllowed());
  // As in etcd, whoever names a CA asks for certificates.
  options.require_client_certificate = config_.client_cert_auth || !config_.trusted_ca_file.empty();
  // Certificates that sign themselves are trusted by nobody, and by everybody who asks for them.
  options.skip_verify = !is_server() && config_.auto_tls;
  options.check_client = use_.check_client;
  options.allowed_common_names = config_.allowed_cns;
  options.allowed_host_names = config_.allowed_hostnames;
  for (const std::string& suite : security_.cipher_suites) {
    options.cipher_suites.emplace_back(config::CipherSuiteName(suite).value_or(suite));
  }
  options.min_version = VersionOf(security_.tls_min_version);
  if (!security_.tls_max_version.empty()) {
    options.max_version = VersionOf(security_.tls_max_version);
  }
  return options;
}

base::Result<std::unique_ptr<TlsFiles>> TlsFiles::Open(runtime::Disk* disk,
                                                       const config::TlsConfig& config,
                                                       const config::SecurityConfig& security,
                                                       const TlsUse& use) {
  std::unique_ptr<TlsFiles> files(new TlsFiles(disk, config, security, use));
  RETURN_IF_ERROR(files->Load());
  return files;
}

std::shared_ptr<const http::TlsContext> TlsFiles::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

void TlsFiles::Refresh(const observe::Logger& logger) {
  const base::Status status = Load();
  const std::string problem(status.message());
  if (problem != problem_) {
    problem_ = problem;
    problem_told_ = false;
  } else if (!status.ok() && !std::exchange(problem_told_, true)) {
    logger.Warn("the TLS files cannot be used; the old ones stay in use", {{"error", problem}});
  }
}

void TlsFiles::ShowExpiry(const http::TlsContext& context) {
  if (use_.registry == nullptr || !context.certificate_expiry().has_value()) return;
  if (!expiry_.has_value()) {
    expiry_ = use_.registry->AddGauge(
        {"cornerstore_tls_certificate_expiry_seconds",
         "When the certificate that the flag names expires, in seconds since 1970."},
        {{"flag", FlagName(cert_flag())}});
  }
  expiry_->Set(static_cast<double>(context.certificate_expiry()->unix_nanos) / 1e9);
}

base::Status TlsFiles::Load() {
  ASSIGN_OR_RETURN(const http::TlsOptions options, Read());
  const std::string fingerprint =
      options.certificate_pem + options.key_pem + options.trusted_ca_pem + options.crl;
  if (fingerprint == fingerprint_) return {};
  using Context = std::shared_ptr<const http::TlsContext>;
  base::Result<Context> context = http::TlsContext::New(use_.role, options);
  if (!context.ok()) return NamingFile(context.status());
  fingerprint_ = fingerprint;
  ShowExpiry(**context);
  const std::lock_guard lock(mutex_);
  context_ = *std::move(context);
  return {};
}

base::Status MakeSelfSigned(runtime::Disk& disk, const std::string& directory,
                            const std::vector<std::string>& hosts, runtime::WallTime now,
                            uint64_t validity_years, config::TlsConfig* config) {
  if (validity_years == 0) {
    return {base::Code::kInvalidArgument,
            "selfSignedCertValidity is invalid,it should be greater than 0"};
  }
  config->cert_file = runtime::JoinPath(directory, "cert.pem");
  config->key_file = runtime::JoinPath(directory, "key.pem");
  RETURN_IF_ERROR(disk.CreateDirectories(directory));
  ASSIGN_OR_RETURN(const bool has_certificate, disk.Exists(config->cert_file));
  ASSIGN_OR_RETURN(const bool has_key, disk.Exists(config->key_file));
  if (has_certificate && has_key) return {};
  const http::SelfSigned made =
      http::NewSelfSigned(hosts, now, static_cast<int>(validity_years) * kDaysOfAYear);
  RETURN_IF_ERROR(WriteFile(disk, config->key_file, made.key_pem));
  return WriteFile(disk, config->cert_file, made.certificate_pem);
}

}  // namespace app
