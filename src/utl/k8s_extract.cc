#include "utl/k8s_extract.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/go_text.h"
#include "k8s/json.h"
#include "k8s/object.h"
#include "offline/files.h"
#include "utl/any_database.h"
#include "utl/k8s_show.h"
#include "utl/key_listing.h"
#include "utl/key_template.h"

namespace utl {
namespace {

constexpr char kValueField[] = "value";

// The object that the value is; nothing if it is none, or of a type that is not known.
std::optional<k8s::Value> ObjectOf(const base::Bytes& value) {
  const auto stored = k8s::FindStored(value);
  if (!stored.ok()) return std::nullopt;
  auto object = k8s::ToValue(*stored);
  if (!object.ok()) return std::nullopt;
  return *std::move(object);
}

base::Result<std::string> FieldOf(const std::string& field, const base::Bytes& key,
                                  const ListedKey& listed) {
  if (field == "key") return key;
  if (field == "value-size") return std::to_string(listed.value_bytes);
  if (field == "all-versions-value-size") return std::to_string(listed.all_value_bytes);
  if (field == "version-count") return std::to_string(listed.version_count);
  if (field != kValueField) {
    return base::Status(base::Code::kInvalidArgument, "unrecognized field: " + field);
  }
  const auto object = ObjectOf(listed.value);
  return object.has_value() ? k8s::WriteJson(*object) : "null";
}

cli::Outcome ShowKey(const cli::Invocation& invocation, snap::Source& source, k8s::Format format) {
  const cli::Flags& flags = invocation.flags;
  const std::string& key = flags.GetString("key");
  std::optional<int64_t> version;
  if (const std::string& text = flags.GetString("version"); !text.empty()) {
    const auto number = base::ParseGoInt(text);
    if (!number.ok()) {
      return cli::Failed(cli::kExitError, "version must be an int64, but got " + text);
    }
    version = *number;
  }
  const auto value = FindValue(source, key, version);
  if (!value.ok()) return offline::Failure(value.status());
  if (!value->has_value()) {
    return cli::Failed(cli::kExitError, version.has_value() ? "key not found: " + key
                                                            : "no versions found for key: " + key);
  }
  if (flags.GetBool("raw")) {
    cli::Print(invocation.out, **value + "\n");
    return {};
  }
  if ((*value)->empty()) return cli::Failed(cli::kExitError, "0 byte value");
  return ShowObject(invocation, **value, format);
}

cli::Outcome ShowVersions(const cli::Invocation& invocation, snap::Source& source) {
  const auto versions = ListVersions(source, invocation.flags.GetString("key"));
  if (!versions.ok()) return offline::Failure(versions.status());
  for (const int64_t version : *versions) {
    cli::Print(invocation.out, std::to_string(version) + "\n");
  }
  return {};
}

KeyListing ListingOf(const cli::Flags& flags, bool with_values) {
  return {.prefix = flags.GetString("keys-by-prefix"),
          .revision = flags.GetInt("revision"),
          .with_values = with_values};
}

cli::Outcome ShowFields(const cli::Invocation& invocation, snap::Source& source) {
  const std::vector<std::string> fields = base::Split(invocation.flags.GetString("fields"), ',');
  const bool with_values = std::find(fields.begin(), fields.end(), kValueField) != fields.end();
  const auto keys = ListKeys(source, ListingOf(invocation.flags, with_values));
  if (!keys.ok()) return offline::Failure(keys.status());
  for (const auto& [key, listed] : *keys) {
    std::vector<std::string> texts;
    for (const std::string& field : fields) {
      auto text = FieldOf(field, key, listed);
      if (!text.ok()) return offline::Failure(text.status());
      texts.push_back(*std::move(text));
    }
    cli::Print(invocation.out, base::Join(texts, " ") + "\n");
  }
  return {};
}

cli::Outcome ShowTemplates(const cli::Invocation& invocation, snap::Source& source) {
  const auto filled = KeyTemplate::Parse(invocation.flags.GetString("template"));
  if (!filled.ok()) return offline::Failure(filled.status());
  const auto filter = KeyFilter::Parse(invocation.flags.GetString("filter"));
  if (!filter.ok()) return offline::Failure(filter.status());
  const auto keys = ListKeys(source, ListingOf(invocation.flags, /*with_values=*/true));
  if (!keys.ok()) return offline::Failure(keys.status());
  for (const auto& [key, listed] : *keys) {
    const auto object = ObjectOf(listed.value);
    const TemplateData data{
        .key = key, .version = listed.version, .value = object.has_value() ? &*object : nullptr};
    if (filter->Accepts(data)) cli::Print(invocation.out, filled->Fill(data) + "\n");
  }
  return {};
}

// Compat: what cannot be asked for together, with auger's texts.
std::string Contradiction(const cli::Flags& flags) {
  const bool has_key = !flags.GetString("key").empty();
  if (has_key && !flags.GetString("keys-by-prefix").empty()) {
    return "--keys-by-prefix and --key may not be used together";
  }
  if (!has_key && flags.GetBool("list-versions")) {
    return "--list-versions may only be used with --key";
  }
  if (!has_key && !flags.GetString("version").empty()) {
    return "--version may only be used with --key";
  }
  if (!flags.GetString("template").empty() && flags.changed("fields")) {
    return "--template and --fields may not be used together";
  }
  return {};
}

}  // namespace

cli::Outcome RunK8sExtract(const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  const auto format = k8s::ParseFormat(flags.GetString("output"));
  if (!format.ok()) return offline::Failure(format.status());
  if (const std::string text = Contradiction(flags); !text.empty()) {
    return cli::Failed(cli::kExitError, text);
  }
  offline::Files files;
  const auto database = AnyDatabase::Open(files, flags.GetString("file"), flags);
  if (!database.ok()) return offline::Failure(database.status());
  snap::Source& source = (*database)->source();
  if (flags.GetBool("list-versions")) return ShowVersions(invocation, source);
  if (!flags.GetString("key").empty()) return ShowKey(invocation, source, *format);
  if (!flags.GetString("template").empty()) return ShowTemplates(invocation, source);
  return ShowFields(invocation, source);
}

}  // namespace utl
