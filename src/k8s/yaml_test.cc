#include <gtest/gtest.h>

#include <string>

#include "k8s/json.h"
#include "k8s/plain_scalar.h"
#include "k8s/testing/random_object.h"
#include "k8s/yaml_input.h"
#include "k8s/yaml_key_order.h"
#include "k8s/yaml_output.h"
#include "runtime/random.h"

namespace k8s {
namespace {

std::string YamlOf(const std::string& json) {
  return WriteYaml(ParseJson(json).value());
}
std::string JsonOf(const std::string& yaml) {
  const auto value = ParseYaml(yaml);
  return value.ok() ? WriteJson(*value) : std::string(value.status().message());
}

TEST(YamlTest, BlocksAreIndentedAsGoDoes) {
  EXPECT_EQ(YamlOf(R"({"b":{"c":[1,[2,[]],{"d":{},"e":[{}]}]},"a":null})"),
            "a: null\nb:\n  c:\n  - 1\n  - - 2\n    - []\n  - d: {}\n    e:\n    - {}\n");
  EXPECT_EQ(YamlOf("[]"), "[]\n");
  EXPECT_EQ(YamlOf("[1.5,1e6,-0.25,18446744073709551615,true]"),
            "- 1.5\n- 1e+06\n- -0.25\n- 18446744073709551615\n- true\n");
}
TEST(YamlTest, TextsHaveQuotesOnlyWhereTheyNeedThem) {
  const std::pair<const char*, const char*> kTexts[] = {{"plain", "plain"},
                                                        {"", "\"\""},
                                                        {"yes", "\"yes\""},
                                                        {"1e3", "\"1e3\""},
                                                        {"0x1F", "\"0x1F\""},
                                                        {"1:30", "\"1:30\""},
                                                        {"~", "\"~\""},
                                                        {"2006-01-02", "\"2006-01-02\""},
                                                        {"2006-13-02", "2006-13-02"},
                                                        {"a: b", "'a: b'"},
                                                        {"a:b", "a:b"},
                                                        {"- a", "'- a'"},
                                                        {"-a", "-a"},
                                                        {"# a", "'# a'"},
                                                        {"a #", "'a #'"},
                                                        {"it's", "it's"},
                                                        {"'", "''''"},
                                                        {" a", "' a'"},
                                                        {"\\t", "\"\\t\""},
                                                        {"{a}", "'{a}'"},
                                                        {"\\u00e9", "\u00e9"},
                                                        {"\\u0001", "\"\\x01\""}};
  for (const auto& [json, yaml] : kTexts) {
    EXPECT_EQ(YamlOf("[\"" + std::string(json) + "\"]"), "- " + std::string(yaml) + "\n");
  }
}
TEST(YamlTest, SeveralLinesAreABlockAndLongOnesAreBroken) {
  EXPECT_EQ(YamlOf(R"({"a":"b\nc\n","d":"\n e","f":"g\n\n","h":"i\nj"})"),
            "a: |\n  b\n  c\nd: |2-\n\n   e\nf: |+\n  g\n\nh: |-\n  i\n  j\n");
  const std::string word(30, 'w');
  EXPECT_EQ(YamlOf("{\"a\":\"" + word + " " + word + " " + word + " end\"}"),
            "a: " + word + " " + word + " " + word + "\n  end\n");
}
TEST(YamlTest, BytesThatAreNoUtf8AreTheCharacterForThese) {
  EXPECT_EQ(WriteYaml(Value{std::string("a\xff\xc2")}), "a\uFFFD\uFFFD\n");
}
TEST(YamlTest, NamesAreInTheOrderOfNumbersInThem) {
  EXPECT_TRUE(YamlKeyIsBefore("a2", "a10"));
  EXPECT_TRUE(YamlKeyIsBefore("a-b", "ab"));
  EXPECT_TRUE(YamlKeyIsBefore("A", "a"));
  EXPECT_TRUE(YamlKeyIsBefore("a1", "a01"));
  EXPECT_TRUE(YamlKeyIsBefore("a", "ab"));
  EXPECT_FALSE(YamlKeyIsBefore("a", "a"));
}
TEST(YamlTest, WhatIsReadIsWhatGoReads) {
  EXPECT_EQ(JsonOf("a: yes\nb: 'yes'\nc: 0x1F\nd: 017\ne: 1_000\nf: ~\ng: 1.5\nh: 2006-01-02\n"),
            R"({"a":true,"b":"yes","c":31,"d":15,"e":1000,"f":null,"g":1.5,"h":"2006-01-02"})");
  EXPECT_EQ(JsonOf("1: a\ntrue: b\n"), R"({"1":"a","true":"b"})");
  EXPECT_EQ(JsonOf("a: &x [1]\nb: *x\n"), R"({"a":[1],"b":[1]})");
  EXPECT_EQ(JsonOf(""), "null");
}
TEST(YamlTest, WhatCannotBeReadIsRefusedByItsLine) {
  EXPECT_EQ(JsonOf("a: 1\nb: [\n").substr(0, 11), "yaml: line ");
  EXPECT_EQ(JsonOf("a: 1\n<<: {}\n"), "yaml: line 2: merged keys are not supported");
  EXPECT_EQ(JsonOf("a: 1\na: 2\n"), "yaml: line 1: a key is there twice");
  EXPECT_EQ(JsonOf("? [1]\n: 2\n"), "yaml: line 1: a key that is no scalar");
  EXPECT_EQ(JsonOf("a: 1\n---\nb: 1\n"), "yaml: line 2: a second document");
  EXPECT_EQ(JsonOf("---\na: 1\n"), R"({"a":1})");
  EXPECT_EQ(JsonOf(","), "null")
      << "which yaml-cpp does not come to an end of, asked for all documents";
  std::string doubling = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    doubling += name + ": &" + name + " [" + before + ", " + before + "]\n";
  }
  EXPECT_NE(JsonOf(doubling).find("too many values"), std::string::npos);
}
TEST(YamlTest, EveryTextIsReadAsItWasWritten) {
  runtime::Random random(11);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = testing::RandomText(&random);
    const Value value{Value::Object{
        {"a", Value{Value::List{Value{text}, Value{Value::Object{{text, Value{text}}}}}}}}};
    const std::string yaml = WriteYaml(value);
    const auto read = ParseYaml(yaml);
    ASSERT_TRUE(read.ok()) << read.status().ToString() << "\n" << yaml;
    ASSERT_EQ(WriteJson(*read), WriteJson(value)) << yaml;
  }
}
TEST(JsonTest, NumbersAreWrittenAsGoDoesAndNamesAreThereOnce) {
  const auto again = [](const std::string& json) { return WriteJson(ParseJson(json).value()); };
  EXPECT_EQ(again("[1e21, 1e-7, 100.0, 1e20, -0.5]"),
            "[1e+21,1e-7,100,100000000000000000000,-0.5]");
  EXPECT_EQ(again(R"({"a":1,"b":2,"a":3})"), R"({"b":2,"a":3})");
  EXPECT_EQ(again(R"("<&>\u2028")"), R"("\u003c\u0026\u003e\u2028")");
  EXPECT_FALSE(ParseJson("{").ok());
  EXPECT_FALSE(ParseJson(std::string(1000, '[') + std::string(1000, ']')).ok());
  EXPECT_TRUE(ParseJson(std::string(100, '[') + std::string(100, ']')).ok());
}

}  // namespace
}  // namespace k8s
