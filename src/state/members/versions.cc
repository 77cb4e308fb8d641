#include "state/members/versions.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace members {
namespace {

// Takes a number off the front of `*text`.
std::optional<uint32_t> TakeNumber(std::string_view* text) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(parsed.ptr - text->data()));
  return number;
}

bool TakeDot(std::string_view* text) {
  if (!text->starts_with('.')) return false;
  text->remove_prefix(1);
  return true;
}

}  // namespace

std::string Version::ToString() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::optional<Version> ParseVersion(std::string_view text) {
  const std::optional<uint32_t> major = TakeNumber(&text);
  if (!major.has_value() || !TakeDot(&text)) return std::nullopt;
  const std::optional<uint32_t> minor = TakeNumber(&text);
  if (!minor.has_value() || !TakeDot(&text)) return std::nullopt;
  const std::optional<uint32_t> patch = TakeNumber(&text);
  if (!patch.has_value()) return std::nullopt;
  if (!text.empty() && text.front() != '-' && text.front() != '+') return std::nullopt;
  return Version{*major, *minor, *patch};
}

std::string ToJson(const MemberVersions& versions) {
  nlohmann::ordered_json json = {{"etcdserver", versions.server},
                                 {"etcdcluster", versions.cluster},
                                 {"storage", versions.storage}};
  if (!versions.extensions.empty()) json["extensions"] = ToText(versions.extensions);
  return json.dump();
}

base::Result<MemberVersions> VersionsFromJson(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  MemberVersions versions;
  std::string extensions;
  const std::pair<const char*, std::string*> kFields[] = {{"etcdserver", &versions.server},
                                                          {"etcdcluster", &versions.cluster},
                                                          {"storage", &versions.storage},
                                                          {"extensions", &extensions}};
  for (const auto& [name, field] : kFields) {
    if (!json.is_object()) return base::Status(base::Code::kInvalidArgument, "no such object");
    const auto found = json.find(name);
    if (found == json.end()) continue;
    if (!found->is_string()) return base::Status(base::Code::kInvalidArgument, "no such object");
    *field = found->get<std::string>();
  }
  versions.extensions = ExtensionsFromText(extensions);
  return versions;
}

}  // namespace members
