#include "ctl/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "ctl/testing/captured.h"

namespace ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A variable of the environment, for as long as this lives.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_.c_str()); }

 private:
  const std::string name_;
};

class CtlConnectionTest : public ::testing::Test {
 protected:
  // As if this was typed.
  Outcome ReadWith(std::string typed, const std::vector<std::string>& words) {
    in_ = fmemopen(typed.data(), typed.size(), "r");
    const Outcome outcome = Read(words);
    std::fclose(std::exchange(in_, nullptr));
    return outcome;
  }
  Outcome Read(const std::vector<std::string>& words, const OwnVariables& own_variables = {}) {
    Flags flags;
    for (const FlagSpec& spec : RootCommand().persistent_flags) flags.Add(spec);
    const base::Result<std::vector<std::string>> arguments = flags.Parse(words);
    EXPECT_TRUE(arguments.ok()) << arguments.status().ToString();
    globals_ = {};
    testing::Captured out;
    testing::Captured err;
    const Outcome outcome =
        ReadGlobals({flags, *arguments, in_, out.file(), err.file()}, &globals_, own_variables);
    output_ = out.text();
    complaints_ = err.text();
    return outcome;
  }

  Globals globals_;
  std::FILE* in_ = nullptr;
  std::string output_;
  std::string complaints_;
};

TEST_F(CtlConnectionTest, WithoutFlagsTheDefaultsHold) {
  ASSERT_TRUE(Read({}).ok());
  EXPECT_THAT(globals_.client.endpoints, ElementsAre("127.0.0.1:2379"));
  EXPECT_EQ(globals_.client.dial_timeout, seconds(2));
  EXPECT_EQ(globals_.client.keepalive_time, seconds(2));
  EXPECT_EQ(globals_.client.keepalive_timeout, seconds(6));
  EXPECT_EQ(globals_.client.max_request_bytes, 0u);
  EXPECT_EQ(globals_.client.max_receive_bytes, 0u);
  EXPECT_EQ(globals_.call.timeout, seconds(5));
  EXPECT_FALSE(globals_.client.use_tls);
  EXPECT_EQ(globals_.client.tls, etcd::TlsOptions());
  EXPECT_THAT(globals_.client.user, IsEmpty());
  EXPECT_THAT(globals_.client.token, IsEmpty());
  EXPECT_EQ(globals_.printer->format(), "simple");
  EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(CtlConnectionTest, FlagsSayHowToConnect) {
  ASSERT_TRUE(Read({"--endpoints= a:1 ,b:2", "--dial-timeout=1ms", "--keepalive-time=2ms",
                    "--keepalive-timeout=3ms", "--command-timeout=4ms", "--max-request-bytes=5",
                    "--max-recv-bytes=6", "-w", "json"})
                  .ok());
  EXPECT_THAT(globals_.client.endpoints, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(globals_.client.dial_timeout, milliseconds(1));
  EXPECT_EQ(globals_.client.keepalive_time, milliseconds(2));
  EXPECT_EQ(globals_.client.keepalive_timeout, milliseconds(3));
  EXPECT_EQ(globals_.call.timeout, milliseconds(4));
  EXPECT_EQ(globals_.client.max_request_bytes, 5u);
  EXPECT_EQ(globals_.client.max_receive_bytes, 6u);
  EXPECT_EQ(globals_.printer->format(), "json");
}

TEST_F(CtlConnectionTest, NoTimeIsATimeThatIsOver) {
  ASSERT_TRUE(Read({"--command-timeout=0"}).ok());
  EXPECT_EQ(globals_.call.timeout, nanoseconds(0));
}

TEST_F(CtlConnectionTest, LessThanNothingIsNoTimeToDial) {
  ASSERT_TRUE(Read({"--dial-timeout=-1s", "--keepalive-time=-1s"}).ok());
  EXPECT_EQ(globals_.client.dial_timeout, nanoseconds(0));
  EXPECT_EQ(globals_.client.keepalive_time, nanoseconds(0));
}

TEST_F(CtlConnectionTest, OfSeveralEndpointsTheGoodOnesAreUsed) {
  etcd::ClientOptions options;
  std::unique_ptr<etcd::Client> client;
  options.endpoints = {"127.0.0.1:1", "", "a b:1"};
  EXPECT_TRUE(Connect(options, &client).ok());
  options.endpoints = {"", "a b:1"};
  EXPECT_EQ(Connect(options, &client).exit_code, kExitBadArguments);
}

TEST_F(CtlConnectionTest, FlagsSayWhatTlsIsMadeOf) {
  ASSERT_TRUE(Read({"--cert=a", "--key=b", "--cacert=c", "--insecure-skip-tls-verify",
                    "--insecure-transport=false"})
                  .ok());
  EXPECT_EQ(globals_.client.tls.cert_file, "a");
  EXPECT_EQ(globals_.client.tls.key_file, "b");
  EXPECT_EQ(globals_.client.tls.ca_file, "c");
  EXPECT_TRUE(globals_.client.tls.insecure_skip_verify);
  EXPECT_TRUE(globals_.client.use_tls);
  for (const std::string name : {"cert", "key", "cacert"}) {
    const Outcome outcome = Read({"--" + name + "="});
    EXPECT_EQ(outcome.exit_code, kExitBadArguments);
    EXPECT_EQ(outcome.error, "empty string is passed to --" + name + " option");
  }
}

TEST_F(CtlConnectionTest, AUserComesWithHisPassword) {
  ASSERT_TRUE(Read({"--user=root:se:cret"}).ok());
  EXPECT_EQ(globals_.client.user, "root");
  EXPECT_EQ(globals_.client.password, "se:cret");
  ASSERT_TRUE(Read({"--user=ro:ot", "--password=secret"}).ok());
  EXPECT_EQ(globals_.client.user, "ro:ot");
  EXPECT_EQ(globals_.client.password, "secret");
}

TEST_F(CtlConnectionTest, APasswordThatIsNotGivenIsAskedFor) {
  ASSERT_TRUE(ReadWith("secret\n", {"--user=root"}).ok());
  EXPECT_EQ(globals_.client.user, "root");
  EXPECT_EQ(globals_.client.password, "secret");
  EXPECT_EQ(output_, "Password: \n");
  const Variable user("ETCDCTL_USER", "alice");
  ASSERT_TRUE(ReadWith("hers\n", {}).ok());
  EXPECT_EQ(globals_.client.user, "alice");
  EXPECT_EQ(globals_.client.password, "hers");
  const Variable password("ETCDCTL_PASSWORD", "of the environment");
  ASSERT_TRUE(Read({}).ok());
  EXPECT_EQ(globals_.client.password, "of the environment");
  EXPECT_THAT(output_, IsEmpty());
}

TEST_F(CtlConnectionTest, AUserWithoutAPasswordIsNobody) {
  for (const char* user : {"--user=root", "--user=root:", "--user=:secret"}) {
    ASSERT_TRUE(Read({user}).ok());
    EXPECT_THAT(globals_.client.user, IsEmpty());
    EXPECT_THAT(globals_.client.password, IsEmpty());
  }
  ASSERT_TRUE(Read({"--password=secret"}).ok());
  EXPECT_THAT(globals_.client.password, IsEmpty());
}

TEST_F(CtlConnectionTest, DebugShowsNoSecrets) {
  ASSERT_TRUE(
      Read({"--debug", "--user=root:secret", "--password=secret", "--auth-jwt-token=secret"}).ok());
  EXPECT_EQ(complaints_.find("secret"), std::string::npos) << complaints_;
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_USER=root:***\n"));
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_PASSWORD=***\n"));
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_AUTH_JWT_TOKEN=***\n"));
  ASSERT_TRUE(Read({"--debug", "--user=root"}).ok());
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_USER=root\n"));
}

TEST_F(CtlConnectionTest, ATokenNeedsNoUser) {
  ASSERT_TRUE(Read({"--auth-jwt-token=abc", "--user=root"}).ok());
  EXPECT_EQ(globals_.client.token, "abc");
  EXPECT_THAT(globals_.client.user, IsEmpty());
}

TEST_F(CtlConnectionTest, WhatIsNotSupportedIsRefused) {
  const Outcome outcome = Read({"-w", "xml"});
  EXPECT_EQ(outcome.exit_code, kExitBadFeature);
  EXPECT_EQ(outcome.error, "unsupported output format");
}

TEST_F(CtlConnectionTest, TheEnvironmentSetsWhatNoFlagSets) {
  const Variable endpoints("ETCDCTL_ENDPOINTS", "a:1,b:2");
  const Variable format("ETCDCTL_WRITE_OUT", "fields");
  const Variable empty("ETCDCTL_CACERT", "");
  const Variable malformed("ETCDCTL_DIAL_TIMEOUT", "soon");
  ASSERT_TRUE(Read({}).ok());
  EXPECT_THAT(globals_.client.endpoints, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(globals_.printer->format(), "fields");
  EXPECT_EQ(globals_.client.dial_timeout, seconds(0)) << "as Go reads what is malformed";
}

TEST_F(CtlConnectionTest, AVariableThatCannotBeReadIsNamed) {
  for (const auto& [name, value, why, taken] : std::vector<std::array<std::string, 4>>{
           {"DIAL_TIMEOUT", "soon", "time: invalid duration \\\"soon\\\"", "0s"},
           {"COMMAND_TIMEOUT", "5", "time: missing unit in duration \\\"5\\\"", "5s"},
           {"HEX", "maybe", "strconv.ParseBool: parsing \\\"maybe\\\": invalid syntax", "false"},
           {"MAX_RECV_BYTES", "1k", "strconv.ParseInt: parsing \\\"1k\\\": invalid syntax", "0"}}) {
    const Variable variable("ETCDCTL_" + name, value);
    ASSERT_TRUE(Read({}).ok());
    EXPECT_EQ(complaints_,
              "{\"level\":\"warn\",\"msg\":\"environment variable cannot be read\","
              "\"environment-variable\":\"ETCDCTL_" +
                  name + "=" + value + "\",\"error\":\"" + why + "\",\"taken-as\":\"" + taken +
                  "\"}\n");
  }
  EXPECT_EQ(globals_.call.timeout, seconds(5));
}

TEST_F(CtlConnectionTest, AVariableThatAFlagContradictsIsFatal) {
  const Variable endpoints("ETCDCTL_ENDPOINTS", "a:1");
  const Outcome outcome = Read({"--endpoints=b:2"});
  EXPECT_EQ(outcome.exit_code, kExitError);
  EXPECT_EQ(complaints_,
            "{\"level\":\"fatal\",\"msg\":\"conflicting environment variable is shadowed by "
            "corresponding command-line flag (either unset environment variable or disable "
            "flag))\",\"environment-variable\":\"ETCDCTL_ENDPOINTS\"}\n");
}

TEST_F(CtlConnectionTest, AVariableThatIsUnknownIsWarnedOf) {
  const Variable unknown("ETCDCTL_NONSENSE", "1");
  const Variable other("NETCDCTL_NONSENSE", "1");
  ASSERT_TRUE(Read({}).ok());
  EXPECT_EQ(complaints_,
            "{\"level\":\"warn\",\"msg\":\"unrecognized environment variable\","
            "\"environment-variable\":\"ETCDCTL_NONSENSE=1\"}\n");
}

TEST_F(CtlConnectionTest, AVariableThatTheCommandReadsItselfIsNotWarnedOf) {
  const OwnVariables own = {"ETCDCTL_WATCH_KEY", "ETCDCTL_WATCH_RANGE_END"};
  const Variable key("ETCDCTL_WATCH_KEY", "k");
  ASSERT_TRUE(Read({}, own).ok());
  EXPECT_THAT(complaints_, IsEmpty());
  ASSERT_TRUE(Read({}).ok());
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_WATCH_KEY=k"));
  const Variable empty("ETCDCTL_WATCH_RANGE_END", "");
  ASSERT_TRUE(Read({}, own).ok());
  EXPECT_THAT(complaints_, HasSubstr("\"ETCDCTL_WATCH_RANGE_END=\""));
}

TEST_F(CtlConnectionTest, DebugShowsEveryFlagUnderItsVariable) {
  ASSERT_TRUE(Read({"--debug", "--endpoints=a:1,b:2"}).ok());
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_ENDPOINTS=[a:1,b:2]\n"));
  EXPECT_THAT(complaints_, HasSubstr("ETCDCTL_INSECURE_SKIP_TLS_VERIFY=false\n"));
  EXPECT_LT(complaints_.find("ETCDCTL_CACERT"), complaints_.find("ETCDCTL_ENDPOINTS"));
}

TEST_F(CtlConnectionTest, WhatNoClientCanBeMadeOfIsABadArgument) {
  ASSERT_TRUE(Read({"--endpoints=ftp://a"}).ok());
  std::unique_ptr<etcd::Client> client;
  const Outcome outcome = Connect(globals_.client, &client);
  EXPECT_EQ(outcome.exit_code, kExitBadArguments);
  EXPECT_THAT(outcome.error, HasSubstr("ftp://a"));
  EXPECT_EQ(client, nullptr);
}

}  // namespace
}  // namespace ctl
