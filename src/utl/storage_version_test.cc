#include "utl/storage_version.h"

#include <gtest/gtest.h>

#include "storage/snap/testing/model_source.h"

namespace utl {
namespace {

using members::Version;
using snap::testing::Model;

std::string ParseError(const std::string& text) {
  return std::string(ParseTargetVersion(text).status().message());
}

TEST(EtcdutlVersionTest, ATargetIsTwoNumbers) {
  EXPECT_EQ(ParseTargetVersion("3.5").value(), (Version{3, 5, 0}));
  EXPECT_EQ(ParseTargetVersion("10.0").value(), (Version{10, 0, 0}));
  EXPECT_EQ(ParseError("3.6.0"), "wrong target version format, expected \"X.Y\", got \"3.6.0\"");
  EXPECT_EQ(ParseError(""), "wrong target version format, expected \"X.Y\", got \"\"");
  EXPECT_EQ(ParseError("3."),
            "failed to parse target version: strconv.ParseInt: parsing \"\": invalid syntax");
  EXPECT_EQ(ParseError("3.6-a"), "failed to parse target version: 3.6 is not in dotted-tri format");
  EXPECT_EQ(ParseError("+3.6"), "failed to parse target version:  is not in dotted-tri format");
  EXPECT_EQ(ParseError("3.4"), "target version \"3.4\" not supported. Minimal \"3.5\"");
  EXPECT_EQ(ParseError("3.99999999999"),
            "failed to parse target version: strconv.ParseInt: parsing \"99999999999\": value out "
            "of range");
}

TEST(EtcdutlVersionTest, AMigrationGoesThroughEachMinorVersion) {
  const std::vector<Version> up = {{3, 6, 0}, {3, 7, 0}};
  const std::vector<Version> down = {{3, 6, 0}, {3, 5, 0}};
  EXPECT_EQ(PlanMigration({3, 5, 0}, {3, 7, 0}).value(), up);
  EXPECT_EQ(PlanMigration({3, 7, 4}, {3, 5, 0}).value(), down);
  EXPECT_TRUE(PlanMigration({3, 7, 1}, {3, 7, 0}).value().empty());
  const auto why = [](Version from, Version to) {
    return std::string(PlanMigration(from, to).status().message());
  };
  EXPECT_EQ(why({3, 6, 0}, {3, 8, 0}),
            "cannot create migration plan: version \"3.8.0\" is not supported");
  EXPECT_EQ(why({3, 9, 0}, {3, 7, 0}),
            "cannot create migration plan: version \"3.9.0\" is not supported");
  EXPECT_EQ(why({3, 0, 0}, {3, 7, 0}),
            "cannot create migration plan: version \"3.1.0\" is not supported");
  EXPECT_EQ(why({3, 7, 0}, {4, 7, 0}),
            "cannot create migration plan: changing major storage version is not supported");
}

TEST(EtcdutlVersionTest, ADatabaseTellsItsVersion) {
  const auto detect = [](const Model& model) {
    snap::testing::ModelSource source(&model);
    return DetectVersion(ReadVersionMarks(source).value());
  };
  const std::string term("\0\0\0\0\0\0\1\0", 8);
  EXPECT_EQ(detect({{"meta", {{"storageVersion", "3.6.0"}}}}).value(), (Version{3, 6, 0}));
  EXPECT_EQ(detect({{"meta", {{"term", term}}}}).value(), (Version{3, 5, 0}));
  // What cannot be read tells nothing.
  EXPECT_EQ(detect({{"meta", {{"storageVersion", "new"}, {"term", term}}}}).value(),
            (Version{3, 5, 0}));
  for (const Model& silent : {Model{}, Model{{"meta", {{"term", std::string(8, '\0')}}}},
                              Model{{"key", {{"storageVersion", "3.6.0"}, {"term", term}}}}}) {
    EXPECT_EQ(detect(silent).status().message(), "missing term information");
  }
}

TEST(EtcdutlVersionTest, OnlyTheVersionIsReplacedInItsPlace) {
  using Records = std::map<std::string, std::string>;
  const Records before = {{"confState", "{}"}, {"scheduledCompactRev", "x"}};
  const Records behind = {{"term", "t"}, {"zzz", "z"}};
  const Records old = {{"storageVersion", "3.7.0"}};
  for (int parts = 0; parts < 8; ++parts) {
    for (const std::optional<std::string>& version :
         {std::optional<std::string>(), std::optional<std::string>("3.6.0")}) {
      Records rest;
      if ((parts & 1) != 0) rest.insert(before.begin(), before.end());
      if ((parts & 2) != 0) rest.insert(behind.begin(), behind.end());
      Records meta = rest;
      if ((parts & 4) != 0) meta.insert(old.begin(), old.end());
      const Model model = {{"key", old}, {"meta", meta}, {"other", old}};
      Model expected = {{"key", old}, {"meta", rest}, {"other", old}};
      if (version.has_value()) expected["meta"]["storageVersion"] = *version;
      snap::testing::ModelSource source(&model);
      WithStorageVersion changed(&source, version);
      for (int pass = 0; pass < 2; ++pass) {
        EXPECT_EQ(snap::testing::Contents(changed).value(), expected) << parts;
      }
      // In strict order, as a source's records are: what is behind comes once, last.
      ASSERT_TRUE(changed.Rewind().ok());
      for (int bucket = 0; bucket < 2; ++bucket) ASSERT_TRUE(changed.NextBucket()->has_value());
      std::string last;
      size_t count = 0;
      for (auto next = changed.NextRecord().value(); next.has_value();
           next = changed.NextRecord().value(), ++count) {
        EXPECT_LT(last, next->key);
        last = next->key;
      }
      EXPECT_EQ(count, expected["meta"].size());
    }
  }
}

}  // namespace
}  // namespace utl
