#include "app/address_check.h"

#include <gtest/gtest.h>

#include <map>

namespace app {
namespace {

using Texts = std::vector<std::string>;

class AddressCheckTest : public ::testing::Test {
 protected:
  std::string Refused(Texts addresses, Texts names, const std::string& from = "10.0.0.1") {
    http::ConnectionInfo info;
    info.certificate_addresses = std::move(addresses);
    info.certificate_dns_names = std::move(names);
    const auto lookup = [this](const std::string& what) -> base::Result<Texts> {
      asked_.push_back(what);
      const auto found = known_.find(what);
      if (found != known_.end()) return found->second;
      return base::Status(base::Code::kNotFound, "lookup " + what + ": no such host");
    };
    return std::string(
        CheckAddress(info, from, {.addresses_of = lookup, .names_of = lookup}).message());
  }
  std::map<std::string, Texts> known_;
  Texts asked_;
};

TEST_F(AddressCheckTest, ACertificateThatNamesNobodyIsGoodFromAnywhere) {
  EXPECT_EQ(Refused({}, {}), "");
}

TEST_F(AddressCheckTest, AnAddressInItMustBeTheOneItComesFrom) {
  EXPECT_EQ(Refused({"10.0.0.2", "10.0.0.1"}, {}), "");
  EXPECT_EQ(Refused({"10.0.0.2", "10.0.0.3"}, {}),
            "x509: certificate is valid for 10.0.0.2, 10.0.0.3, not 10.0.0.1");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(AddressCheckTest, ANameInItMustHaveTheAddress) {
  known_["a"] = {"10.0.0.9", "10.0.0.1"};
  EXPECT_EQ(Refused({}, {"b", "a"}), "");
  EXPECT_EQ(Refused({"10.0.0.2"}, {"a"}), "");
  EXPECT_EQ(Refused({}, {"b"}),
            "tls: \"10.0.0.1\" does not match any of DNSNames [\"b\"] (lookup b: no such host)");
}

TEST_F(AddressCheckTest, OrTheAddressTheName) {
  known_["10.0.0.1"] = {"node.example.com"};
  EXPECT_EQ(Refused({}, {"node.example.com"}), "");
  EXPECT_EQ(Refused({}, {"*.example.com"}), "");
  EXPECT_EQ(Refused({}, {"*.other.com", "*.x"}),
            "tls: \"10.0.0.1\" does not match any of DNSNames [\"*.other.com\" \"*.x\"]");
}

TEST_F(AddressCheckTest, TheSystemKnowsItself) {
  http::ConnectionInfo info;
  info.certificate_dns_names = {"localhost"};
  EXPECT_TRUE(CheckAddress(info, "127.0.0.1", SystemNameLookups()).ok());
}

// Nobody is asked about these.
TEST_F(AddressCheckTest, TheSystemSaysOfWhomItKnowsNothing) {
  const NameLookups lookups = SystemNameLookups();
  EXPECT_EQ(lookups.addresses_of("a..b").status(),
            base::Status(base::Code::kNotFound, "lookup a..b: no such host"));
  EXPECT_EQ(lookups.names_of("a").status(),
            base::Status(base::Code::kNotFound, "lookup a: no such host"));
}

}  // namespace
}  // namespace app
