#include "k8s/object.h"

#include <optional>
#include <utility>

#include "k8s/envelope.h"
#include "k8s/from_storage.h"
#include "k8s/json.h"
#include "k8s/schema.h"
#include "k8s/to_storage.h"
#include "k8s/yaml_input.h"
#include "k8s/yaml_output.h"

namespace k8s {
namespace {

base::Status Invalid(std::string what) {
  return {base::Code::kInvalidArgument, std::move(what)};
}

// What a value of JSON that is no object is called; empty for an object.
std::string_view NonObject(const Value& value) {
  static constexpr std::string_view kNames[] = {"null",     "a truth value", "a number", "a number",
                                                "a number", "a text",        "a list",   ""};
  static_assert(std::size(kNames) == std::variant_size_v<decltype(Value::is)>);
  return kNames[value.is.index()];
}

base::Status CheckIsObject(const Value& value) {
  const std::string_view what = NonObject(value);
  if (what.empty()) return {};
  return Invalid("the input is " + std::string(what) +
                 ", and no object of Kubernetes, which begins with { and has apiVersion and kind");
}

// The object or list of JSON that the text is from some place on.
std::optional<base::ByteView> FindJson(base::ByteView bytes) {
  // Why a bound: each place that may be a begin costs a look at all that follows.
  constexpr int kPlacesMax = 1000;
  size_t at = bytes.find_first_of("{[");
  for (int i = 0; i < kPlacesMax && at != base::ByteView::npos; ++i) {
    if (ParseJson(bytes.substr(at)).ok()) return bytes.substr(at);
    at = bytes.find_first_of("{[", at + 1);
  }
  return std::nullopt;
}

base::Result<Read> ReadEnvelope(const Stored& stored) {
  ASSIGN_OR_RETURN(const Envelope envelope, ParseEnvelope(stored.bytes));
  const Type* const type = FindKind(stored.api_version, stored.kind);
  if (type == nullptr) {
    return Invalid("no kind \"" + stored.kind + "\" is registered for version \"" +
                   stored.api_version + "\"");
  }
  return FromStorage(*type, stored.api_version, stored.kind, envelope.raw);
}

base::Result<Read> ReadStored(const Stored& stored) {
  if (stored.is_protobuf) return ReadEnvelope(stored);
  ASSIGN_OR_RETURN(Value value, ParseJson(stored.bytes));
  return Read{std::move(value), false};
}

}  // namespace

base::Result<Format> ParseFormat(const std::string& name) {
  if (name == "yaml") return Format::kYaml;
  if (name == "json") return Format::kJson;
  if (name == "proto") return Format::kProtobuf;
  return Invalid("unrecognized 'out' flag value: " + name);
}

base::Result<Stored> FindStored(base::ByteView bytes) {
  Stored stored;
  if (const auto envelope = FindEnvelope(bytes); envelope.has_value()) {
    ASSIGN_OR_RETURN(const Envelope parsed, ParseEnvelope(*envelope));
    stored.api_version = parsed.api_version;
    stored.kind = parsed.kind;
    stored.is_protobuf = true;
    stored.bytes = *envelope;
    return stored;
  }
  const auto json = FindJson(bytes);
  if (!json.has_value()) {
    if (const auto value = ParseJson(bytes); value.ok()) return CheckIsObject(*value);
    return Invalid("error reading input, does not appear to contain valid JSON or binary data");
  }
  ASSIGN_OR_RETURN(const Value value, ParseJson(*json));
  RETURN_IF_ERROR(CheckIsObject(value));
  stored.api_version = FindText(value, "apiVersion");
  stored.kind = FindText(value, "kind");
  stored.bytes = *json;
  return stored;
}

base::Result<Shown> Show(const Stored& stored, Format format) {
  if (format == Format::kProtobuf) {
    if (!stored.is_protobuf) return Invalid("the object is stored as JSON, not as protobuf");
    ASSIGN_OR_RETURN(const Envelope envelope, ParseEnvelope(stored.bytes));
    return Shown{std::string(envelope.raw), false};
  }
  // Compat: what is stored as JSON is shown as it stands there.
  if (format == Format::kJson && !stored.is_protobuf) return Shown{stored.bytes + "\n", false};
  ASSIGN_OR_RETURN(const Read read, ReadStored(stored));
  const bool is_yaml = format == Format::kYaml;
  return Shown{is_yaml ? WriteYaml(read.value) : WriteJson(read.value) + "\n", read.left_out};
}

base::Result<Value> ToValue(const Stored& stored) {
  ASSIGN_OR_RETURN(Read read, ReadStored(stored));
  return std::move(read.value);
}

base::Result<base::Bytes> Store(const std::string& text, Format format) {
  if (format == Format::kProtobuf) {
    return Invalid("unsupported conversion: protobuf to kubernetes binary storage representation");
  }
  ASSIGN_OR_RETURN(Value value, format == Format::kYaml ? ParseYaml(text) : ParseJson(text));
  RETURN_IF_ERROR(CheckIsObject(value));
  // Compat: Kubernetes makes JSON of YAML first, by way of Go's maps.
  if (format == Format::kYaml) SortNames(&value);
  const std::string_view api_version = FindText(value, "apiVersion");
  const std::string_view kind = FindText(value, "kind");
  if (api_version.empty() || kind.empty()) return Invalid("the object has no apiVersion or kind");
  const Type* const type = FindKind(api_version, kind);
  if (type == nullptr) {
    SortNames(&value);
    return WriteJson(value) + "\n";
  }
  ASSIGN_OR_RETURN(const base::Bytes raw, ToStorage(*type, value));
  return WriteEnvelope({.api_version = api_version, .kind = kind, .raw = raw});
}

}  // namespace k8s
