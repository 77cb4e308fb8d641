#include "ctl/contexts.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/go_text.h"

namespace ctl {
namespace {

constexpr int kKeyGroup = 3;
constexpr size_t kNameMax = 64;

constexpr std::array kFields = {
    ContextField{"endpoints", kWhereGroup},
    ContextField{"discovery-srv", kWhereGroup},
    ContextField{"discovery-srv-name", kWhereGroup},
    ContextField{"insecure-discovery", kWhereGroup},
    ContextField{"insecure-transport"},
    ContextField{"insecure-skip-tls-verify"},
    ContextField{"cacert"},
    ContextField{"cert", kKeyGroup},
    ContextField{"key", kKeyGroup},
    ContextField{"user", kWhoGroup},
    ContextField{"password", kWhoGroup},
    ContextField{"auth-jwt-token", kWhoGroup},
    ContextField{"dial-timeout"},
    ContextField{"command-timeout"},
    ContextField{"keepalive-time"},
    ContextField{"keepalive-timeout"},
};

bool IsField(std::string_view name) {
  return std::any_of(kFields.begin(), kFields.end(),
                     [name](const ContextField& field) { return field.flag == name; });
}

base::Status Wrong(const YAML::Node& at, const std::string& what) {
  const YAML::Mark mark = at.Mark();
  const std::string where = mark.is_null() ? "" : "line " + std::to_string(mark.line + 1) + ": ";
  return {base::Code::kInvalidArgument, where + what};
}

base::Result<Context> ReadContext(const YAML::Node& node) {
  if (!node.IsMap()) return Wrong(node, "a context is not a list of flags with their values");
  Context context;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || !IsField(entry.first.Scalar())) {
      return Wrong(entry.first, "a context cannot have that");
    }
    if (!entry.second.IsScalar()) {
      return Wrong(entry.first, base::Quote(entry.first.Scalar()) + " is not a text");
    }
    context[entry.first.Scalar()] = entry.second.Scalar();
  }
  return context;
}

base::Result<Contexts> Read(const YAML::Node& root) {
  Contexts contexts;
  if (root.IsNull()) return contexts;
  if (!root.IsMap()) return Wrong(root, "these are not contexts");
  for (const auto& entry : root) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (name == "current" && entry.second.IsScalar()) {
      contexts.current = entry.second.Scalar();
    } else if (name == "contexts" && entry.second.IsMap()) {
      for (const auto& each : entry.second) {
        if (!each.first.IsScalar() || !IsContextName(each.first.Scalar())) {
          return Wrong(each.first, "that cannot be the name of a context");
        }
        ASSIGN_OR_RETURN(contexts.all[each.first.Scalar()], ReadContext(each.second));
      }
    } else if (name != "contexts" || !entry.second.IsNull()) {
      return Wrong(entry.first, "only \"current\" and \"contexts\" can stand there");
    }
  }
  return contexts;
}

}  // namespace

std::span<const ContextField> ContextFields() {
  return kFields;
}

bool IsSecret(std::string_view flag) {
  return flag == "password" || flag == "auth-jwt-token";
}

bool HasSecrets(const Contexts& contexts) {
  for (const auto& [name, context] : contexts.all) {
    for (const auto& [flag, value] : context) {
      // A user may have the password behind a colon.
      if (IsSecret(flag) || (flag == "user" && value.find(':') != std::string::npos)) return true;
    }
  }
  return false;
}

bool IsContextName(std::string_view name) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kNameMax &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

base::Result<Contexts> ParseContexts(const std::string& text) {
  try {
    return Read(YAML::Load(text));
  } catch (const YAML::Exception& refusal) {
    const std::string where =
        refusal.mark.is_null() ? "" : "line " + std::to_string(refusal.mark.line + 1) + ": ";
    return base::Status(base::Code::kInvalidArgument, where + "this is no YAML");
  } catch (const std::exception&) {
    return base::Status(base::Code::kInvalidArgument, "this is no YAML");
  }
}

std::string FormatContexts(const Contexts& contexts) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  if (!contexts.current.empty()) {
    out << YAML::Key << "current" << YAML::Value << YAML::DoubleQuoted << contexts.current;
  }
  out << YAML::Key << "contexts" << YAML::Value << YAML::BeginMap;
  for (const auto& [name, context] : contexts.all) {
    out << YAML::Key << YAML::DoubleQuoted << name << YAML::Value << YAML::BeginMap;
    for (const auto& [flag, value] : context) {
      out << YAML::Key << flag << YAML::Value << YAML::DoubleQuoted << value;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndMap << YAML::EndMap;
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace ctl
