#include "utl/key_template.h"

#include <gtest/gtest.h>

#include <string>

#include "k8s/json.h"

namespace utl {
namespace {

const k8s::Value& Object() {
  static const k8s::Value object =
      k8s::ParseJson(R"({"kind":"Pod","metadata":{"name":"p","labels":{"a":"b"}},"n":3})").value();
  return object;
}
TemplateData Data() {
  return {.key = "/k", .version = 4, .value = &Object()};
}

std::string Filled(std::string_view text) {
  const auto parsed = KeyTemplate::Parse(text);
  return parsed.ok() ? parsed->Fill(Data()) : std::string(parsed.status().message());
}

TEST(KeyTemplateTest, PathsAreFilledIn) {
  EXPECT_EQ(Filled("{{.Value.kind}} {{ .Value.metadata.name }}: {{.Key}}@{{.Version}}"),
            "Pod p: /k@4");
  EXPECT_EQ(Filled("{{.Value.n}}{{.Value.metadata.labels}}"), "3{\"a\":\"b\"}");
  EXPECT_EQ(Filled("{{.Value.none.at.all}}"), "<no value>");
  EXPECT_EQ(Filled("text"), "text");
}
TEST(KeyTemplateTest, WhatIsMoreThanAPathIsRefused) {
  EXPECT_EQ(Filled("{{.Key"), "template: unclosed action");
  for (const char* const text : {"{{range .Value}}", "{{.Other}}", "{{.Value | len}}", "{{}}",
                                 "{{.Key.name}}", "{{.Value..a}}"}) {
    EXPECT_EQ(Filled(text).substr(0, 10), "template: ") << text;
  }
}
TEST(KeyTemplateTest, AFilterAsksForAllOfItsConditions) {
  const auto accepts = [](std::string_view text) {
    return KeyFilter::Parse(text).value().Accepts(Data());
  };
  EXPECT_TRUE(accepts(""));
  EXPECT_TRUE(accepts(".Value.kind=Pod, .Value.metadata.name = p"));
  EXPECT_FALSE(accepts(".Value.kind=Pod,.Key=/other"));
  EXPECT_EQ(KeyFilter::Parse("kind").status().message(), "failed to parse filter 'kind'");
}

}  // namespace
}  // namespace utl
