#include "k8s/object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/testing/source_path.h"
#include "k8s/envelope.h"
#include "k8s/from_storage.h"
#include "k8s/json.h"
#include "k8s/schema.h"
#include "k8s/testing/random_object.h"
#include "k8s/to_storage.h"
#include "k8s/yaml_output.h"
#include "runtime/random.h"

namespace k8s {
namespace {

using ::testing::HasSubstr;

std::string FileText(const std::string& name) {
  std::ifstream file(base::testing::SourcePath("src/k8s/testdata/" + name));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ShownAs(base::ByteView bytes, Format format) {
  const auto stored = FindStored(bytes);
  if (!stored.ok()) return std::string(stored.status().message());
  const auto shown = Show(*stored, format);
  return shown.ok() ? shown->text : std::string(shown.status().message());
}

std::string ErrorOfStoring(const std::string& text, Format format = Format::kYaml) {
  return std::string(Store(text, format).status().message());
}

TEST(K8sObjectTest, ObjectsWithAllFieldsAreShownAndStoredAsKubernetesDoes) {
  for (const std::string name : {"core.v1.Pod", "core.v1.Secret", "networking.k8s.io.v1.Ingress",
                                 "coordination.k8s.io.v1.Lease"}) {
    const std::string stored = FileText(name + ".pb");
    const std::string yaml = FileText(name + ".yaml");
    ASSERT_FALSE(yaml.empty()) << name;
    EXPECT_EQ(ShownAs(stored, Format::kYaml), yaml);
    EXPECT_EQ(Store(yaml, Format::kYaml).value(), stored) << name;
    if (name == "core.v1.Pod") continue;
    EXPECT_EQ(Store(FileText(name + ".json"), Format::kJson).value(), stored) << name;
  }
}
TEST(K8sObjectTest, WhatIsEmptyIsLeftOutOrNotAsInKubernetes) {
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - name: c\n";
  const base::Bytes stored = Store(pod, Format::kYaml).value();
  EXPECT_EQ(ShownAs(stored, Format::kJson),
            "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\"},"
            "\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{}}]},\"status\":{}}\n");
  const base::Bytes service = Store("apiVersion: v1\nkind: Service\n", Format::kYaml).value();
  EXPECT_EQ(ShownAs(service, Format::kYaml),
            "apiVersion: v1\nkind: Service\nmetadata: {}\nspec: {}\nstatus:\n  loadBalancer: {}\n");
}
TEST(K8sObjectTest, AnObjectOfEachKindIsTheSameOnceItWasStored) {
  runtime::Random random(7);
  size_t kinds = 0;
  for (const KnownKind& kind : KnownKinds()) {
    const Type& type = *FindKind(kind.api_version, kind.kind);
    for (int i = 0; i < 4; ++i) {
      const Value object = testing::RandomObject(type, kind, &random);
      const auto raw = ToStorage(type, object);
      ASSERT_TRUE(raw.ok()) << kind.kind << raw.status().ToString();
      const auto read = FromStorage(type, kind.api_version, kind.kind, *raw);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_FALSE(read->left_out);
      const base::Bytes stored =
          WriteEnvelope({.api_version = kind.api_version, .kind = kind.kind, .raw = *raw});
      const std::string yaml = WriteYaml(read->value);
      ASSERT_EQ(Store(WriteJson(read->value), Format::kJson).value(), stored) << yaml;
      const auto again = Store(yaml, Format::kYaml);
      ASSERT_TRUE(again.ok()) << again.status().ToString() << yaml;
      ASSERT_EQ(*again, stored) << yaml;
    }
    ++kinds;
  }
  EXPECT_EQ(kinds, 175u);
}
TEST(K8sObjectTest, AnObjectIsFoundBehindItsKeyAndBeforeALinesEnd) {
  const std::string stored = FileText("coordination.k8s.io.v1.Lease.pb");
  const std::string yaml = FileText("coordination.k8s.io.v1.Lease.yaml");
  EXPECT_EQ(ShownAs("/registry/leases/a/b\n" + stored, Format::kYaml), yaml);
  EXPECT_EQ(ShownAs("/registry/x\n{\"kind\":\"X\",\"apiVersion\":\"e.com/v1\"}\n", Format::kYaml),
            "apiVersion: e.com/v1\nkind: X\n");
  EXPECT_EQ(ShownAs("nothing", Format::kYaml),
            "error reading input, does not appear to contain valid JSON or binary data");
}
TEST(K8sObjectTest, JsonThatIsNoObjectIsNamed) {
  const std::string rest =
      ", and no object of Kubernetes, which begins with { and has apiVersion and kind";
  for (const auto& [json, what] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "a list"},
           {"[{\"kind\":\"X\",\"apiVersion\":\"v1\"}]\n", "a list"},
           {"42", "a number"},
           {"-1.5", "a number"},
           {"\"text\"", "a text"},
           {"true", "a truth value"},
           {"null", "null"}}) {
    EXPECT_EQ(ShownAs(json, Format::kYaml), "the input is " + what + rest) << json;
    EXPECT_EQ(ShownAs(json, Format::kJson), "the input is " + what + rest) << json;
    EXPECT_EQ(ErrorOfStoring(json, Format::kJson), "the input is " + what + rest) << json;
    EXPECT_EQ(ErrorOfStoring(json), "the input is " + what + rest) << json;
  }
}
TEST(K8sObjectTest, CustomResourcesAreShownAsTheyStandAndStoredAsJson) {
  const std::string json = "{\"kind\":\"X\",\"apiVersion\":\"e.com/v1\",\"n\":1.50,\"a\":[]}";
  EXPECT_EQ(ShownAs(json, Format::kJson), json + "\n");
  EXPECT_EQ(ShownAs(json, Format::kYaml), "a: []\napiVersion: e.com/v1\nkind: X\n\"n\": 1.5\n");
  EXPECT_EQ(ShownAs(json, Format::kProtobuf), "the object is stored as JSON, not as protobuf");
  EXPECT_EQ(Store("kind: X\napiVersion: e.com/v1\nb: 'yes'\na: {}\n", Format::kYaml).value(),
            "{\"a\":{},\"apiVersion\":\"e.com/v1\",\"b\":\"yes\",\"kind\":\"X\"}\n");
}
TEST(K8sObjectTest, FieldsThatAreNotKnownAreToldAndNothingIsLostByEncoding) {
  const Type& type = *FindKind("v1", "Secret");
  const auto read = FromStorage(type, "v1", "Secret", std::string("\xf8\x01\x05", 3));
  EXPECT_TRUE(read.value().left_out);
  const std::string secret = "apiVersion: v1\nkind: Secret\n";
  EXPECT_EQ(ErrorOfStoring(secret + "datum: {}\n"), "datum: there is no such field");
  EXPECT_EQ(ErrorOfStoring(secret + "metadata: {ownerReferences: [{}, {nome: x}]}\n"),
            "metadata.ownerReferences[1].nome: there is no such field");
  EXPECT_EQ(ErrorOfStoring(secret + "type: 5\n"), "type: expected a text");
  EXPECT_EQ(ErrorOfStoring(secret + "data: {a: '*'}\n"), "data.a: expected base64");
  EXPECT_EQ(ErrorOfStoring(secret + "data: []\n"), "data: expected an object");
  EXPECT_EQ(ErrorOfStoring(secret + "immutable: 1\n"), "immutable: expected true or false");
  EXPECT_EQ(ErrorOfStoring(secret + "metadata: {generation: 1.5}\n"),
            "metadata.generation: expected a whole number that fits");
  EXPECT_EQ(ErrorOfStoring(secret + "metadata: {creationTimestamp: yesterday}\n"),
            "metadata.creationTimestamp: expected a time by RFC 3339");
  EXPECT_EQ(ErrorOfStoring("a: 1\n"), "the object has no apiVersion or kind");
}
TEST(K8sObjectTest, DamageIsNamedAndOtherKindsAreRefused) {
  const Type& type = *FindKind("v1", "Secret");
  const auto damaged = FromStorage(type, "v1", "Secret", "\x0a\x7f");
  EXPECT_EQ(damaged.status().message(), "core.v1.Secret.: damaged");
  EXPECT_THAT(ShownAs(std::string("k8s\0\x0a\x7f", 6), Format::kYaml), HasSubstr("envelope"));
  EXPECT_EQ(ShownAs(WriteEnvelope({.api_version = "v9", .kind = "X"}), Format::kYaml),
            "no kind \"X\" is registered for version \"v9\"");
}
TEST(K8sObjectTest, FormatsHaveTheNamesThatAugerGivesThem) {
  EXPECT_EQ(ParseFormat("yaml").value(), Format::kYaml);
  EXPECT_EQ(ParseFormat("json").value(), Format::kJson);
  EXPECT_EQ(ParseFormat("proto").value(), Format::kProtobuf);
  EXPECT_EQ(ParseFormat("xml").status().message(), "unrecognized 'out' flag value: xml");
}

}  // namespace
}  // namespace k8s
