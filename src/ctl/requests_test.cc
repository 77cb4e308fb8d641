#include "ctl/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/help.h"
#include "ctl/testing/captured.h"

namespace ctl {
namespace {

using Words = std::vector<std::string>;

// Runs `read` with the flags and the arguments of a command line.
template <typename Request, typename Read>
Outcome ReadLine(const std::string& command, const Words& words, Read read, Request* request,
                 const std::string& input = "") {
  Flags flags;
  for (const FlagSpec& spec : cli::FindSubcommand(RootCommand(), command)->flags) flags.Add(spec);
  const base::Result<Words> arguments = flags.Parse(words);
  EXPECT_TRUE(arguments.ok()) << arguments.status().ToString();
  testing::Captured err;
  std::FILE* const in = std::tmpfile();
  std::fwrite(input.data(), 1, input.size(), in);
  std::rewind(in);
  const Outcome outcome = read({flags, *arguments, in, stdout, err.file()}, request);
  std::fclose(in);
  return outcome;
}

etcd::GetRequest Get(const Words& words) {
  etcd::GetRequest request;
  const Outcome outcome = ReadLine("get", words, ReadGet, &request);
  EXPECT_TRUE(outcome.ok()) << outcome.error;
  return request;
}
Outcome RefusedGet(const Words& words) {
  etcd::GetRequest request;
  return ReadLine("get", words, ReadGet, &request);
}
void ExpectRefused(const Outcome& outcome, int exit_code, const std::string& error) {
  EXPECT_EQ(outcome.exit_code, exit_code);
  EXPECT_EQ(outcome.error, error);
}

TEST(CtlGetTest, AKeyIsAskedForWithGosDefaults) {
  const etcd::GetRequest request = Get({"a"});
  EXPECT_EQ(request.key, "a");
  EXPECT_EQ(request.range_end, "");
  EXPECT_EQ(request.limit, 0);
  EXPECT_EQ(request.revision, 0);
  EXPECT_FALSE(request.serializable);
  EXPECT_FALSE(request.keys_only);
  EXPECT_FALSE(request.count_only);
  EXPECT_EQ(request.sort_order, etcd::SortOrder::kNone);
  EXPECT_EQ(request.sort_target, etcd::SortTarget::kKey);
}

TEST(CtlGetTest, ARangeIsNamedInThreeWays) {
  EXPECT_EQ(Get({"a", "c"}).range_end, "c");
  EXPECT_EQ(Get({"a", "--prefix"}).range_end, "b");
  EXPECT_EQ(Get({"a", "--from-key"}).range_end, etcd::kFromKey);
  EXPECT_EQ(Get({"a", "--from-key"}).key, "a");
  for (const char* const flag : {"--prefix", "--from-key"}) {
    EXPECT_EQ(Get({"", flag}).key, etcd::kFromKey);
    EXPECT_EQ(Get({"", flag}).range_end, etcd::kFromKey);
  }
  EXPECT_EQ(Get({""}).key, "");
}

TEST(CtlGetTest, FlagsFillTheRequest) {
  const etcd::GetRequest request =
      Get({"a", "--limit=3", "--rev=4", "--keys-only", "--consistency=s", "--min-create-rev=5",
           "--max-create-rev=6", "--min-mod-rev=7", "--max-mod-rev=8"});
  EXPECT_EQ(request.limit, 3);
  EXPECT_EQ(request.revision, 4);
  EXPECT_TRUE(request.keys_only);
  EXPECT_TRUE(request.serializable);
  EXPECT_EQ(request.min_create_revision, 5);
  EXPECT_EQ(request.max_create_revision, 6);
  EXPECT_EQ(request.min_mod_revision, 7);
  EXPECT_EQ(request.max_mod_revision, 8);
  EXPECT_TRUE(Get({"a", "--count-only"}).count_only);
  EXPECT_EQ(Get({"a", "--rev=-1"}).revision, 0);
  EXPECT_EQ(Get({"a", "--min-mod-rev=-1"}).min_mod_revision, 0);
}

TEST(CtlGetTest, OrdersAndTargetsHaveNames) {
  const std::pair<std::string, etcd::SortTarget> targets[] = {
      {"CREATE", etcd::SortTarget::kCreate},
      {"modify", etcd::SortTarget::kMod},
      {"Value", etcd::SortTarget::kValue},
      {"VERSION", etcd::SortTarget::kVersion},
      {"key", etcd::SortTarget::kKey}};
  for (const auto& [name, target] : targets) {
    EXPECT_EQ(Get({"a", "--sort-by=" + name, "--order=descend"}).sort_target, target) << name;
  }
  EXPECT_EQ(Get({"a", "--order=descend"}).sort_order, etcd::SortOrder::kDescend);
  EXPECT_EQ(Get({"a", "--order=Ascend", "--sort-by=value"}).sort_order, etcd::SortOrder::kAscend);
  // What is so anyway is left out.
  EXPECT_EQ(Get({"a", "--order=ASCEND"}).sort_order, etcd::SortOrder::kNone);
  ExpectRefused(RefusedGet({"a", "--order=UP"}), kExitBadFeature, "bad sort order UP");
  ExpectRefused(RefusedGet({"a", "--sort-by=LENGTH"}), kExitBadFeature, "bad sort target LENGTH");
}

TEST(CtlGetTest, WhatContradictsItselfIsRefused) {
  ExpectRefused(RefusedGet({"a", "--prefix", "--from-key"}), kExitBadArguments,
                "`--prefix` and `--from-key` cannot be set at the same time, choose one");
  ExpectRefused(RefusedGet({"a", "--keys-only", "--count-only"}), kExitBadArguments,
                "`--keys-only` and `--count-only` cannot be set at the same time, choose one");
  for (const char* const flag : {"--prefix", "--from-key"}) {
    ExpectRefused(RefusedGet({"a", "b", flag}), kExitBadArguments,
                  "too many arguments, only accept one argument when `--prefix` or `--from-key` is "
                  "set");
  }
  ExpectRefused(RefusedGet({"a", "--consistency=x"}), kExitBadFeature,
                "unknown consistency flag \"x\"");
  ExpectRefused(RefusedGet({"a", "--min-create-rev=6", "--max-create-rev=5"}), kExitBadFeature,
                "getMinCreateRev(=6) > getMaxCreateRev(=5)");
  ExpectRefused(RefusedGet({"a", "--min-mod-rev=6", "--max-mod-rev=5"}), kExitBadFeature,
                "getMinModRev(=6) > getMaxModRev(=5)");
}

TEST(CtlGetTest, BoundsThatAreEqualOrOpenAreNone) {
  EXPECT_EQ(Get({"a", "--min-create-rev=5", "--max-create-rev=5"}).max_create_revision, 5);
  EXPECT_EQ(Get({"a", "--min-mod-rev=5", "--max-mod-rev=5"}).max_mod_revision, 5);
  EXPECT_EQ(Get({"a", "--min-create-rev=5"}).min_create_revision, 5);
  EXPECT_EQ(Get({"a", "--min-mod-rev=5"}).min_mod_revision, 5);
}

class CtlPutTest : public ::testing::Test {
 protected:
  Outcome Read(const Words& words, const std::string& input = "") {
    request_ = {};
    return ReadLine("put", words, ReadPut, &request_, input);
  }

  etcd::PutRequest request_;
};

TEST_F(CtlPutTest, TheValueIsAnArgumentOrTheInput) {
  ASSERT_TRUE(Read({"a", "1"}, "ignored").ok());
  EXPECT_EQ(request_.key, "a");
  EXPECT_EQ(request_.value, "1");
  ASSERT_TRUE(Read({"a"}, "from\ninput\n").ok());
  EXPECT_EQ(request_.value, "from\ninput\n");
  ASSERT_TRUE(Read({"a", ""}).ok());
  EXPECT_EQ(request_.value, "");
  ExpectRefused(Read({"a"}), kExitBadArguments,
                "put command needs 1 argument and input from stdin or 2 arguments");
}

TEST_F(CtlPutTest, FlagsFillTheRequest) {
  ASSERT_TRUE(Read({"a", "1"}).ok());
  EXPECT_FALSE(request_.prev_kv);
  EXPECT_FALSE(request_.ignore_value);
  EXPECT_FALSE(request_.ignore_lease);
  EXPECT_EQ(request_.lease, 0);
  ASSERT_TRUE(Read({"a", "1", "--prev-kv", "--lease=7f", "--ignore-lease"}).ok());
  EXPECT_TRUE(request_.prev_kv);
  EXPECT_TRUE(request_.ignore_lease);
  EXPECT_EQ(request_.lease, 0x7f);
  ASSERT_TRUE(Read({"a", "--ignore-value"}, "not read").ok());
  EXPECT_TRUE(request_.ignore_value);
  EXPECT_EQ(request_.value, "");
}

TEST_F(CtlPutTest, WhatContradictsItselfIsRefused) {
  ExpectRefused(Read({"a", "1", "--ignore-value"}), kExitBadArguments,
                "put command needs only 1 argument when 'ignore-value' is set");
  ExpectRefused(Read({"a", "1", "--lease=zz"}), kExitBadArguments,
                "bad lease ID (strconv.ParseInt: parsing \"zz\": invalid syntax), expecting ID in "
                "Hex");
}

class CtlDeleteTest : public ::testing::Test {
 protected:
  Outcome Read(const Words& words) {
    request_ = {};
    return ReadLine("del", words, ReadDelete, &request_);
  }

  etcd::DeleteRequest request_;
};

TEST_F(CtlDeleteTest, ARangeIsNamedInThreeWays) {
  ASSERT_TRUE(Read({"a"}).ok());
  EXPECT_EQ(request_.key, "a");
  EXPECT_EQ(request_.range_end, "");
  EXPECT_FALSE(request_.prev_kv);
  ASSERT_TRUE(Read({"a", "c", "--range", "--prev-kv"}).ok());
  EXPECT_EQ(request_.range_end, "c");
  EXPECT_TRUE(request_.prev_kv);
  ASSERT_TRUE(Read({"a", "--prefix"}).ok());
  EXPECT_EQ(request_.range_end, "b");
  ASSERT_TRUE(Read({"a", "--from-key"}).ok());
  EXPECT_EQ(request_.range_end, etcd::kFromKey);
}

TEST_F(CtlDeleteTest, WhatContradictsItselfIsRefused) {
  ExpectRefused(Read({"a", "--prefix", "--from-key"}), kExitBadArguments,
                "`--prefix` and `--from-key` cannot be set at the same time, choose one");
  for (const char* const flag : {"--prefix", "--from-key"}) {
    ExpectRefused(Read({"a", "b", flag}), kExitBadArguments,
                  "too many arguments, only accept one argument when `--prefix` or `--from-key` is "
                  "set");
  }
}

TEST(CtlNumberTest, IsReadAsGoReadsIt) {
  int64_t number = 0;
  for (const auto& [text, value] : {std::pair("12", 12), {"+12", 12}, {"-12", -12}, {"0", 0}}) {
    ASSERT_TRUE(ReadNumber(text, 10, &number).ok()) << text;
    EXPECT_EQ(number, value);
  }
  ASSERT_TRUE(ReadNumber("ff", 16, &number).ok());
  EXPECT_EQ(number, 255);
  for (const char* const text : {"", "+", "-", "+-1", "1x", " 1", "0x1"}) {
    ExpectRefused(ReadNumber(text, 10, &number), kExitError,
                  "strconv.ParseInt: parsing \"" + std::string(text) + "\": invalid syntax");
  }
  ExpectRefused(ReadNumber("9223372036854775808", 10, &number), kExitError,
                "strconv.ParseInt: parsing \"9223372036854775808\": value out of range");
}

}  // namespace
}  // namespace ctl
