#include "app/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http/testing/authority.h"
#include "net/http/testing/world.h"
#include "net/http/tls_stream.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"

namespace app {
namespace {

using ::testing::HasSubstr;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() {
    EXPECT_TRUE(disk_.CreateDirectories("/tls").ok());
    config_.cert_file = "/tls/cert";
    config_.key_file = "/tls/key";
    Issue(1);
  }
  void Write(const std::string& path, const std::string& text) {
    const auto file = disk_.Open(path, runtime::OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->WriteAt(0, text).ok());
  }
  void Issue(int64_t serial) {
    const http::SelfSigned issued = authority_.Issue(serial, "member");
    Write(config_.cert_file, issued.certificate_pem);
    Write(config_.key_file, issued.key_pem);
  }
  runtime::WallTime Now() { return scheduler_.clock().WallNow(); }
  base::Result<std::unique_ptr<TlsFiles>> Open() {
    return TlsFiles::Open(&disk_, config_, security_);
  }
  base::Result<std::unique_ptr<TlsFiles>> OpenForDialling() {
    return TlsFiles::Open(&disk_, config_, security_,
                          {http::TlsContext::Role::kClient, /*flag_prefix=*/"peer-"});
  }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  runtime::simulated::Disk disk_{1};
  http::testing::Authority authority_{scheduler_.clock().WallNow()};
  config::TlsConfig config_;
  config::SecurityConfig security_;
};

TEST_F(TlsFilesTest, AreReadAtTheStart) {
  const auto files = Open();
  ASSERT_TRUE(files.ok());
  EXPECT_NE((*files)->context(), nullptr);
}

TEST_F(TlsFilesTest, WhenTheCertificateExpiresIsShownByTheFlagsName) {
  observe::Registry registry;
  const auto files = TlsFiles::Open(&disk_, config_, security_,
                                    {.role = http::TlsContext::Role::kServer,
                                     .flag_prefix = "peer-",
                                     .check_client = nullptr,
                                     .registry = &registry});
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(registry.Scrape(),
              HasSubstr("cornerstore_tls_certificate_expiry_seconds{flag=\"peer-cert-file\"} "));
}

TEST_F(TlsFilesTest, AFileThatIsMissingIsNamed) {
  for (std::string config::TlsConfig::*const name :
       {&config::TlsConfig::cert_file, &config::TlsConfig::key_file,
        &config::TlsConfig::trusted_ca_file, &config::TlsConfig::crl_file}) {
    const std::string before = config_.*name;
    config_.*name = "/tls/nowhere";
    const auto files = Open();
    ASSERT_FALSE(files.ok());
    EXPECT_THAT(std::string(files.status().message()), HasSubstr("/tls/nowhere"));
    config_.*name = before;
  }
}

TEST_F(TlsFilesTest, CommonNamesAndHostnamesAreNotAllowedTogether) {
  config_.allowed_cns = {"m0", "m\"1"};
  EXPECT_TRUE(Open().ok());
  config_.allowed_hostnames = {"localhost"};
  const std::string_view refusal =
      "AllowedCNs and AllowedHostnames are mutually exclusive (cns=[\"m0\" \"m\\\"1\"], "
      "hostnames=[\"localhost\"])";
  EXPECT_EQ(Open().status().message(), refusal);
  EXPECT_EQ(OpenForDialling().status().message(), refusal);
  config_.cert_file = config_.key_file = "";
  EXPECT_TRUE(Open().ok());
}

TEST_F(TlsFilesTest, AFileThatIsBeingWrittenIsNotTakenUp) {
  config_.trusted_ca_file = "/tls/ca";
  config_.crl_file = "/tls/crl";
  Write("/tls/ca", authority_.certificate_pem());
  Write("/tls/crl", authority_.Crl({7}));
  const auto files = std::move(Open()).value();
  const auto before = files->context();
  for (const auto name : {&config::TlsConfig::cert_file, &config::TlsConfig::key_file,
                          &config::TlsConfig::trusted_ca_file, &config::TlsConfig::crl_file}) {
    ASSERT_FALSE((config_.*name).empty());
    const base::Bytes whole = *runtime::ReadFile(disk_, config_.*name);
    Write(config_.*name, "");
    files->Refresh(logger_);
    EXPECT_EQ(files->context(), before) << config_.*name;
    Write(config_.*name, whole);
  }
}

TEST_F(TlsFilesTest, WhatDoesNotFitTogetherIsRefusedByName) {
  using Key = http::testing::Authority::Key;
  for (const Key kind : {Key::kP256, Key::kRsa}) {
    Write("/tls/key", authority_.Issue(2, "member", kind).key_pem);
    const auto files = Open();
    ASSERT_FALSE(files.ok());
    EXPECT_EQ(files.status().message(),
              "--key-file /tls/key: key: it does not belong to the certificate");
  }
}

TEST_F(TlsFilesTest, WhatCannotBeReadIsNamedWithItsFlagAndFile) {
  const auto problem = [this] { return std::string(Open().status().message()); };
  Write("/tls/junk", "junk");
  config_.trusted_ca_file = "/tls/junk";
  EXPECT_EQ(problem(),
            "--trusted-ca-file /tls/junk: trusted CA: there is no certificate in PEM form");
  config_.trusted_ca_file = "/tls/nowhere";
  EXPECT_THAT(problem(), ::testing::StartsWith("--trusted-ca-file: open /tls/nowhere: "));
  config_.trusted_ca_file = "";
  config_.crl_file = "/tls/junk";
  EXPECT_THAT(problem(), ::testing::StartsWith("--client-crl-file /tls/junk: CRL: "));
  config_.crl_file = "";
  config_.key_file = "/tls/junk";
  EXPECT_EQ(problem(), "--key-file /tls/junk: key: there is no private key in PEM form");
  config_.key_file = "";
  EXPECT_EQ(problem(), "KeyFile and CertFile must both be present[key: , cert: /tls/cert]");
}

TEST_F(TlsFilesTest, ADiallerHasTheListenersCertificateUnlessItHasItsOwn) {
  const auto problem = [this] { return std::string(OpenForDialling().status().message()); };
  ASSERT_TRUE(OpenForDialling().ok());
  EXPECT_EQ((*OpenForDialling())->context()->role(), http::TlsContext::Role::kClient);
  Write("/tls/junk", "junk");
  config_.key_file = "/tls/junk";
  EXPECT_EQ(problem(), "--peer-key-file /tls/junk: key: there is no private key in PEM form");
  const http::SelfSigned own = authority_.Issue(3, "dialler");
  Write("/tls/own-cert", own.certificate_pem);
  Write("/tls/own-key", own.key_pem);
  config_.client_cert_file = "/tls/own-cert";
  config_.client_key_file = "/tls/own-key";
  EXPECT_EQ(problem(), "");
  config_.client_key_file = "/tls/junk";
  EXPECT_EQ(problem(),
            "--peer-client-key-file /tls/junk: key: there is no private key in PEM form");
  config_.client_key_file = "/tls/own-key";
  config_.crl_file = "/tls/junk";
  EXPECT_EQ(problem(), "") << "a list of what is revoked is for those who dial us";
}

TEST_F(TlsFilesTest, ADiallersOwnFilesMustBeThereToo) {
  const auto problem = [this] { return std::string(Open().status().message()); };
  config_.client_cert_file = "/tls/nowhere";
  EXPECT_EQ(problem(),
            "ClientKeyFile and ClientCertFile must both be present or both absent: key: , cert: "
            "/tls/nowhere]");
  config_.client_key_file = "/tls/key";
  EXPECT_THAT(problem(), ::testing::StartsWith("--client-cert-file: open /tls/nowhere: "));
  config_.client_cert_file = "/tls/cert";
  EXPECT_EQ(problem(), "");
  config_.client_key_file = "/tls/nowhere";
  EXPECT_THAT(problem(), ::testing::StartsWith("--client-key-file: open /tls/nowhere: "));
  Write("/tls/other-key", authority_.Issue(3, "other").key_pem);
  config_.client_key_file = "/tls/other-key";
  EXPECT_EQ(problem(),
            "--client-key-file /tls/other-key: key: it does not belong to the certificate");
}

// With a certificate for itself alone, which is not even looked at.
TEST_F(TlsFilesTest, ADiallerWithoutAListenersFilesCanDialAllTheSame) {
  config_ = {};
  config_.client_cert_file = "/tls/nowhere";
  const auto files = OpenForDialling();
  ASSERT_TRUE(files.ok());
  const auto context = (*files)->context();
  ASSERT_NE(context, nullptr);
  EXPECT_EQ(context->role(), http::TlsContext::Role::kClient);
  (*files)->Refresh(logger_);
  EXPECT_EQ((*files)->context(), context);
}

TEST_F(TlsFilesTest, AreTakenUpWhenTheyChangeAndOnlyThen) {
  const auto files = Open();
  ASSERT_TRUE(files.ok());
  const auto first = (*files)->context();
  (*files)->Refresh(logger_);
  EXPECT_EQ((*files)->context(), first);
  Issue(2);
  EXPECT_EQ((*files)->context(), first);
  (*files)->Refresh(logger_);
  EXPECT_NE((*files)->context(), first);
  EXPECT_TRUE(sink_.lines().empty());
}

TEST_F(TlsFilesTest, AnAuthorityOrAListThatChangesIsTakenUpToo) {
  config_.trusted_ca_file = "/tls/ca";
  config_.crl_file = "/tls/crl";
  Write("/tls/ca", authority_.certificate_pem());
  Write("/tls/crl", authority_.Crl({7}));
  const auto files = Open();
  ASSERT_TRUE(files.ok());
  auto before = (*files)->context();
  Write("/tls/crl", authority_.Crl({7, 8}));
  (*files)->Refresh(logger_);
  EXPECT_NE((*files)->context(), before);
  before = (*files)->context();
  Write("/tls/ca", http::testing::Authority(scheduler_.clock().WallNow()).certificate_pem());
  (*files)->Refresh(logger_);
  EXPECT_NE((*files)->context(), before);
}

TEST_F(TlsFilesTest, TheOldOnesStayWhileTheNewOnesDoNotFitTogether) {
  const auto files = Open();
  ASSERT_TRUE(files.ok());
  const auto first = (*files)->context();
  Write("/tls/key", authority_.Issue(2, "member").key_pem);
  (*files)->Refresh(logger_);
  EXPECT_EQ((*files)->context(), first);
  // It may be half written; only a problem that stays is told, and once.
  EXPECT_TRUE(sink_.lines().empty());
  for (int i = 0; i < 3; ++i) (*files)->Refresh(logger_);
  ASSERT_EQ(sink_.lines().size(), 1u);
  EXPECT_THAT(sink_.lines()[0], HasSubstr("the TLS files cannot be used"));
  EXPECT_THAT(sink_.lines()[0], HasSubstr("--key-file /tls/key: key: "));
  // Another problem is told as well, and so is the first one when it comes back.
  ASSERT_TRUE(disk_.Remove("/tls/key").ok());
  for (int i = 0; i < 3; ++i) (*files)->Refresh(logger_);
  EXPECT_EQ(sink_.lines().size(), 2u);
  Issue(3);
  (*files)->Refresh(logger_);
  EXPECT_NE((*files)->context(), first);
  ASSERT_TRUE(disk_.Remove("/tls/key").ok());
  for (int i = 0; i < 3; ++i) (*files)->Refresh(logger_);
  EXPECT_EQ(sink_.lines().size(), 3u);
}

TEST_F(TlsFilesTest, WhatTheFlagsOfSecuritySayIsHeeded) {
  security_.cipher_suites = {"TLS_RSA_WITH_RC4_128_SHA"};  // OpenSSL has none
  EXPECT_TRUE(Open().ok());
  security_.tls_max_version = "TLS1.2";
  EXPECT_FALSE(Open().ok());
  security_.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_TRUE(Open().ok());
}

// Connects to a listener whose certificate is that of the files.
class TlsDiallingTest : public TlsFilesTest {
 protected:
  TlsDiallingTest() {
    const auto context = (*Open())->context();
    world_.DoAtServer([this, &context] {
      http::Server::Listening listening;
      listening.tls = [context] { return context; };
      EXPECT_TRUE(world_.server().Listen(kListener, listening).ok());
    });
    Write("/tls/ca", authority_.certificate_pem());
    Write("/tls/other-ca", http::testing::Authority(Now()).certificate_pem());
  }
  // Whether who dials with the present flags is content with the listener.
  bool Takes() {
    const auto files = OpenForDialling();
    EXPECT_TRUE(files.ok());
    std::unique_ptr<runtime::Stream> stream;
    std::unique_ptr<runtime::Connecting> attempt;
    world_.Do([&] {
      attempt = world_.client_network().Connect(
          kListener, [&](auto result) { stream = std::move(result).value(); });
    });
    world_.Settle();
    http::testing::RawClient client(
        std::make_unique<http::TlsStream>((*files)->context(), std::move(stream), "member", Now()));
    client.SendPreface();
    world_.Settle();
    return !client.received().empty();
  }

  inline static const runtime::Address kListener{"server", 443, ""};

  http::testing::EchoService service_;
  http::testing::World world_{&service_};
};

TEST_F(TlsDiallingTest, ADiallerTakesWhoItsAuthorityHasSignedAndNobodyElse) {
  config_.trusted_ca_file = "/tls/ca";
  EXPECT_TRUE(Takes());
  config_.trusted_ca_file = "/tls/other-ca";
  EXPECT_FALSE(Takes());
  config_.trusted_ca_file = "";
  EXPECT_FALSE(Takes());
}

TEST_F(TlsDiallingTest, WithCertificatesThatSignThemselvesADiallerTakesAnybody) {
  config_.auto_tls = true;
  EXPECT_TRUE(Takes());
}

class MakeSelfSignedTest : public TlsFilesTest {
 protected:
  base::Status Make() {
    return MakeSelfSigned(disk_, "/data/fixtures/client", {"localhost"},
                          scheduler_.clock().WallNow(), 1, &made_);
  }
  std::string Read(const std::string& path) { return runtime::ReadFile(disk_, path).value(); }

  config::TlsConfig made_;
};

TEST_F(MakeSelfSignedTest, ACertificateIsMadeAndKept) {
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(made_.cert_file, "/data/fixtures/client/cert.pem");
  EXPECT_EQ(made_.key_file, "/data/fixtures/client/key.pem");
  EXPECT_TRUE(TlsFiles::Open(&disk_, made_, security_).ok());
  const std::string certificate = Read(made_.cert_file);
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(Read(made_.cert_file), certificate);
}

TEST_F(MakeSelfSignedTest, OneThatIsNeverValidIsRefused) {
  EXPECT_EQ(MakeSelfSigned(disk_, "/data/fixtures/client", {}, {}, 0, &config_).message(),
            "selfSignedCertValidity is invalid,it should be greater than 0");
}

TEST_F(MakeSelfSignedTest, IsValidForAsManyYearsAsItIsToldTo) {
  constexpr int64_t kYearNanos = int64_t{365} * 24 * 60 * 60 * 1'000'000'000;
  constexpr int64_t kDayNanos = kYearNanos / 365;
  for (const uint64_t years : {1, 3}) {
    const std::string directory = "/data/fixtures/" + std::to_string(years);
    ASSERT_TRUE(MakeSelfSigned(disk_, directory, {"localhost"}, Now(), years, &made_).ok());
    const auto expiry =
        (*TlsFiles::Open(&disk_, made_, security_))->context()->certificate_expiry();
    ASSERT_TRUE(expiry.has_value());
    const int64_t left = expiry->unix_nanos - Now().unix_nanos;
    EXPECT_NEAR(static_cast<double>(left), static_cast<double>(years * kYearNanos),
                2.0 * kDayNanos);
  }
}

TEST_F(MakeSelfSignedTest, HalfOfAPairIsMadeAnew) {
  ASSERT_TRUE(Make().ok());
  const std::string certificate = Read(made_.cert_file);
  ASSERT_TRUE(disk_.Remove(made_.key_file).ok());
  ASSERT_TRUE(Make().ok());
  EXPECT_NE(Read(made_.cert_file), certificate);
  ASSERT_TRUE(disk_.Remove(made_.cert_file).ok());
  ASSERT_TRUE(Make().ok());
  EXPECT_TRUE(TlsFiles::Open(&disk_, made_, security_).ok());
}

TEST_F(MakeSelfSignedTest, IsOnTheDiskWhenItReturns) {
  ASSERT_TRUE(Make().ok());
  const std::string key = Read(made_.key_file);
  ASSERT_TRUE(disk_.SyncDirectory("/data/fixtures/client").ok());
  disk_.Restart(runtime::simulated::CrashMode::kDropUnsynced);
  EXPECT_EQ(Read(made_.key_file), key);
}

TEST_F(MakeSelfSignedTest, ADiskThatIsFullIsAnError) {
  disk_.SetCapacity(0);
  EXPECT_FALSE(Make().ok());
}

}  // namespace
}  // namespace app
