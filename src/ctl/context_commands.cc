#include "ctl/context_commands.h"

#include <memory>
#include <utility>

#include "base/go_text.h"
#include "cli/suggestion.h"
#include "ctl/connection.h"
#include "ctl/context_file.h"
#include "ctl/json.h"

namespace ctl {
namespace {

constexpr char kHidden[] = "***";

Outcome FailedFile(const base::Status& status) {
  return Failed(kExitError, std::string(status.message()));
}

// The contexts and the file that they are in.
struct Kept {
  std::string path;
  Contexts contexts;
  std::unique_ptr<runtime::File> lock;  // null: they are only looked at

  // What is loaded may be changed and saved: nobody else does so meanwhile.
  Outcome LoadToChange() {
    const std::string place = ContextFilePath();
    if (!place.empty()) {
      base::Result<std::unique_ptr<runtime::File>> locked = LockContexts(place);
      if (!locked.ok()) return FailedFile(locked.status());
      lock = std::move(locked).value();
    }
    return Load();
  }
  Outcome Load() {
    path = ContextFilePath();
    if (path.empty()) return Failed(kExitError, "there is no home directory to keep contexts in");
    base::Result<Contexts> loaded = LoadContexts(path);
    if (!loaded.ok()) return FailedFile(loaded.status());
    contexts = std::move(loaded).value();
    return {};
  }
  Outcome Save() const {
    const base::Status status = SaveContexts(path, contexts);
    return status.ok() ? Outcome{} : FailedFile(status);
  }
  Outcome Find(const std::string& name, Context** context) {
    const auto found = contexts.all.find(name);
    if (found == contexts.all.end()) return NoContext(contexts, name);
    *context = &found->second;
    return {};
  }
};

std::string ValueOf(const Flags& flags, const std::string& flag) {
  return flag == "endpoints" ? base::Join(flags.GetStrings(flag), ",") : flags.Text(flag);
}

// Takes the password that a user may have behind a colon.
std::string TakePassword(Context* context) {
  const auto user = context->find("user");
  if (user == context->end()) return "";
  const size_t colon = user->second.find(':');
  if (colon == std::string::npos) return "";
  std::string password = user->second.substr(colon + 1);
  user->second.resize(colon);
  return password;
}

// What the flags of this command line say, put into the context. Whether there was something.
bool TakeFlags(const Flags& flags, Context* context) {
  bool changes = false;
  if (flags.changed("user")) {
    // That of another user.
    context->erase("password");
    context->erase("auth-jwt-token");
  }
  for (const ContextField& field : ContextFields()) {
    const std::string name(field.flag);
    if (!flags.changed(name)) continue;
    changes = true;
    const std::string value = ValueOf(flags, name);
    if (value.empty()) {
      context->erase(name);
    } else {
      (*context)[name] = value;
    }
  }
  if (const std::string password = TakePassword(context); !password.empty()) {
    (*context)["password"] = password;
  }
  return changes;
}

// Leaves out what is secret. Whether there was something.
bool DropSecrets(Context* context) {
  return std::erase_if(*context, [](const auto& each) { return IsSecret(each.first); }) > 0;
}

std::string Shown(const std::string& flag, const std::string& value) {
  return IsSecret(flag) ? kHidden : value;
}

Outcome CheckFormat(const Invocation& invocation, bool* is_json) {
  TakeVariable(invocation.flags, "write-out");
  const std::string& format = invocation.flags.GetString("write-out");
  *is_json = format == "json";
  if (format == "simple" || format == "json") return {};
  return Failed(kExitBadFeature, "contexts are printed as simple and json alone");
}

}  // namespace

Outcome NoContext(const Contexts& contexts, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [each, context] : contexts.all) names.push_back(each);
  std::string text = "there is no context " + base::Quote(name);
  if (const std::string meant = cli::DidYouMean(name, names); !meant.empty()) {
    text += "\n" + meant.substr(0, meant.size() - 1);
  }
  return Failed(kExitBadArguments, text);
}

Outcome RunContextSet(const Invocation& invocation) {
  const std::string& name = invocation.arguments.front();
  if (!IsContextName(name)) {
    return Failed(kExitBadArguments,
                  "a context's name has up to 64 letters, digits, '.', '_' and '-'");
  }
  Kept kept;
  if (Outcome outcome = kept.LoadToChange(); !outcome.ok()) return outcome;
  Context& context = kept.contexts.all[name];
  if (!TakeFlags(invocation.flags, &context)) {
    return Failed(kExitBadArguments,
                  "context set needs the flags that are to be kept, such as --endpoints");
  }
  const bool drops = !invocation.flags.GetBool("store-password") && DropSecrets(&context);
  const base::Result<Contexts> read = ParseContexts(FormatContexts(kept.contexts));
  if (!read.ok() || read->all != kept.contexts.all) {
    return Failed(kExitBadArguments, "what is no UTF-8 cannot be kept in a context");
  }
  if (Outcome outcome = kept.Save(); !outcome.ok()) return outcome;
  Print(invocation.out, "context " + name + " is set\n");
  if (drops) {
    Print(invocation.err, "the password, or the token, is not kept; --store-password keeps it\n");
  }
  return {};
}

Outcome RunContextUse(const Invocation& invocation) {
  const bool none = invocation.flags.GetBool("none");
  if (invocation.arguments.size() != (none ? 0 : 1)) {
    return Failed(kExitBadArguments, "context use needs the name of a context, or --none");
  }
  Kept kept;
  if (Outcome outcome = kept.LoadToChange(); !outcome.ok()) return outcome;
  kept.contexts.current = none ? "" : invocation.arguments.front();
  Context* context = nullptr;
  if (!none) {
    if (Outcome outcome = kept.Find(kept.contexts.current, &context); !outcome.ok()) return outcome;
  }
  if (Outcome outcome = kept.Save(); !outcome.ok()) return outcome;
  Print(invocation.out,
        none ? "no context is in use\n" : "context " + kept.contexts.current + " is in use\n");
  return {};
}

Outcome RunContextList(const Invocation& invocation) {
  bool is_json = false;
  if (Outcome outcome = CheckFormat(invocation, &is_json); !outcome.ok()) return outcome;
  Kept kept;
  if (Outcome outcome = kept.Load(); !outcome.ok()) return outcome;
  std::string text;
  for (const auto& [name, context] : kept.contexts.all) {
    const bool is_current = name == kept.contexts.current;
    text += is_json ? std::string(text.empty() ? "" : ",") + "{\"name\":" + JsonString(name) +
                          ",\"current\":" + (is_current ? "true" : "false") + "}"
                    : (is_current ? "* " : "  ") + name + "\n";
  }
  Print(invocation.out, is_json ? "[" + text + "]\n" : text);
  return {};
}

Outcome RunContextShow(const Invocation& invocation) {
  bool is_json = false;
  if (Outcome outcome = CheckFormat(invocation, &is_json); !outcome.ok()) return outcome;
  if (invocation.arguments.size() > 1) {
    return Failed(kExitBadArguments, "context show takes the name of one context at most");
  }
  Kept kept;
  if (Outcome outcome = kept.Load(); !outcome.ok()) return outcome;
  const std::string name =
      invocation.arguments.empty() ? kept.contexts.current : invocation.arguments.front();
  if (name.empty()) return Failed(kExitBadArguments, "no context is in use");
  Context* context = nullptr;
  if (Outcome outcome = kept.Find(name, &context); !outcome.ok()) return outcome;
  std::string text = is_json ? "{\"name\":" + JsonString(name) : "name: " + name + "\n";
  for (const auto& [flag, value] : *context) {
    const std::string shown = Shown(flag, value);
    text += is_json ? "," + JsonString(flag) + ":" + JsonString(shown) : flag + ": " + shown + "\n";
  }
  Print(invocation.out, is_json ? text + "}\n" : text);
  return {};
}

Outcome RunContextDelete(const Invocation& invocation) {
  const std::string& name = invocation.arguments.front();
  Kept kept;
  if (Outcome outcome = kept.LoadToChange(); !outcome.ok()) return outcome;
  if (kept.contexts.all.erase(name) == 0) return NoContext(kept.contexts, name);
  if (kept.contexts.current == name) kept.contexts.current.clear();
  if (Outcome outcome = kept.Save(); !outcome.ok()) return outcome;
  Print(invocation.out, "context " + name + " is deleted\n");
  return {};
}

}  // namespace ctl
