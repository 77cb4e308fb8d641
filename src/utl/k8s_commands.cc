#include "utl/k8s_commands.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "k8s/object.h"
#include "offline/files.h"
#include "runtime/disk.h"
#include "utl/k8s_extract.h"
#include "utl/k8s_show.h"

namespace utl {
namespace {

using cli::FlagSpec;
using Type = FlagSpec::Type;

// The file that --file names, or standard input; without the line's end that `etcdctl get` prints
// behind a value. No object ends with one.
base::Result<std::string> ReadInput(const cli::Invocation& invocation, const std::string& path) {
  std::string input;
  if (path.empty()) {
    if (invocation.in != nullptr && isatty(fileno(invocation.in)) == 1) {
      cli::Print(invocation.err, "warn: waiting on stdin from tty\n");
    }
    input = cli::ReadAll(invocation.in);
  } else {
    offline::Files files;
    ASSIGN_OR_RETURN(const auto file, files.disk().Open(path, runtime::OpenMode::kRead));
    ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    RETURN_IF_ERROR(file->ReadAt(0, size, &input));
  }
  if (input.ends_with('\n')) input.pop_back();
  if (input.empty()) return base::Status(base::Code::kInvalidArgument, "no input data");
  return input;
}

std::optional<base::Bytes> FromHex(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() % 2 != 0) return std::nullopt;
  base::Bytes bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const auto digit = [](char c) { return kDigits.find(c >= 'A' && c <= 'F' ? c + 32 : c); };
    const size_t high = digit(text[i]);
    const size_t low = digit(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::string MetaOf(const k8s::Stored& stored) {
  return "TypeMeta.APIVersion: " + stored.api_version + "\nTypeMeta.Kind: " + stored.kind + "\n";
}

// One line of a batch, as etcd-dump-logs gives it to its decoder and wants it back.
std::string DecodeLine(base::ByteView bytes, bool only_meta, k8s::Format format) {
  const auto stored = k8s::FindStored(bytes);
  if (!stored.ok()) return "ERROR:" + std::string(stored.status().message()) + "|\n";
  if (only_meta) return "OK|" + MetaOf(*stored) + "\n";
  const auto shown = k8s::Show(*stored, format);
  if (!shown.ok()) return "ERROR:" + std::string(shown.status().message()) + "|\n";
  return "OK|" + shown->text + "\n";
}

cli::Outcome DecodeBatch(const cli::Invocation& invocation, bool only_meta, k8s::Format format) {
  if (invocation.in == nullptr) return {};
  char* line = nullptr;
  size_t room = 0;
  cli::Outcome outcome;
  for (size_t number = 0;; ++number) {
    const ssize_t size = getline(&line, &room, invocation.in);
    if (size <= 0) break;
    std::string_view text(line, static_cast<size_t>(size));
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto bytes = FromHex(text);
    if (!bytes.has_value()) {
      outcome =
          cli::Failed(cli::kExitError, "error decoding input on line " + std::to_string(number) +
                                           " of --batch-process input: not hexadecimal");
      break;
    }
    cli::Print(invocation.out, DecodeLine(*bytes, only_meta, format));
  }
  std::free(line);
  return outcome;
}

cli::Outcome RunDecode(const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  const auto format = k8s::ParseFormat(flags.GetString("output"));
  if (!format.ok()) return offline::Failure(format.status());
  const bool only_meta = flags.GetBool("meta-only");
  if (flags.GetBool("batch-process")) return DecodeBatch(invocation, only_meta, *format);
  const auto input = ReadInput(invocation, flags.GetString("file"));
  if (!input.ok()) return offline::Failure(input.status());
  if (!only_meta) return ShowObject(invocation, *input, *format);
  const auto stored = k8s::FindStored(*input);
  if (!stored.ok()) return offline::Failure(stored.status());
  cli::Print(invocation.out, MetaOf(*stored));
  return {};
}

cli::Outcome RunEncode(const cli::Invocation& invocation) {
  const auto format = k8s::ParseFormat(invocation.flags.GetString("format"));
  if (!format.ok()) return offline::Failure(format.status());
  const auto input = ReadInput(invocation, invocation.flags.GetString("file"));
  if (!input.ok()) return offline::Failure(input.status());
  const auto stored = k8s::Store(*input, *format);
  if (!stored.ok()) return offline::Failure(stored.status());
  cli::Print(invocation.out, *stored);
  return {};
}

cli::FlagSpec Output() {
  return {"output",
          'o',
          Type::kString,
          "yaml",
          "Output format. One of: json|yaml|proto",
          /*required=*/false,
          {"json", "yaml", "proto"}};
}

cli::Command DecodeCommand() {
  return {.name = "decode",
          .use = "decode",
          .short_text = "Decodes an object of Kubernetes from the form in which etcd has it",
          .example =
              "  etcdctl get /registry/pods/default/NAME --print-value-only | "
              "etcdutl k8s decode",
          .flags = {Output(),
                    {"meta-only", 0, Type::kBool, "false", "Output only the version and the kind"},
                    {"file", 0, Type::kString, "", "File to read in place of standard input"},
                    {"batch-process", 0, Type::kBool, "false",
                     "Decode objects in hexadecimal, a line each, as a decoder of "
                     "etcd-dump-logs"}},
          .run = RunDecode,
          .argument_count = 0};
}

cli::Command EncodeCommand() {
  return {.name = "encode",
          .use = "encode",
          .short_text = "Encodes an object of Kubernetes to the form in which etcd has it",
          .example =
              "  etcdutl k8s encode < pod.yaml | etcdctl put "
              "/registry/pods/default/NAME",
          .flags = {{"format",
                     'f',
                     Type::kString,
                     "yaml",
                     "Input format. One of: json|yaml",
                     /*required=*/false,
                     {"json", "yaml"}},
                    {"file", 0, Type::kString, "", "File to read in place of standard input"}},
          .run = RunEncode,
          .argument_count = 0};
}

cli::Command ExtractCommand() {
  return {
      .name = "extract",
      .use = "extract",
      .short_text = "Shows the objects of Kubernetes in a database or a snapshot",
      .example =
          "  etcdutl k8s extract -f DATA_DIR/member/snap/db.mdb -k "
          "/registry/pods/default/NAME\n"
          "  etcdutl k8s extract -f backup.db --fields=key,value-size\n"
          "  etcdutl k8s extract -f backup.db "
          "--template='{{.Value.kind}} {{.Value.metadata.name}}' "
          "--filter=.Value.metadata.namespace=default",
      .flags = {{"file", 'f', Type::kString, "",
                 "Database of a member or of etcd, or a snapshot; no member runs on it",
                 /*required=*/true},
                Output(),
                {"key", 'k', Type::kString, "", "Key of the object to show"},
                {"version", 'v', Type::kString, "",
                 "Version of the key to show, defaults to the latest version"},
                {"revision", 'r', Type::kInt64, "0", "Revision to list keys at, if 0, the latest"},
                {"keys-by-prefix", 0, Type::kString, "", "List the keys with this prefix"},
                {"list-versions", 0, Type::kBool, "false",
                 "List the versions of the key, requires --key"},
                {"raw", 0, Type::kBool, "false", "Show the value as it is stored"},
                {"fields", 0, Type::kString, "key",
                 "Fields to list of each key, comma separated: key, value-size, "
                 "all-versions-value-size, version-count, value"},
                {"template", 0, Type::kString, "",
                 "What to print of each key: a text with {{.Key}}, {{.Version}} and paths as "
                 "{{.Value.metadata.name}}"},
                {"filter", 0, Type::kString, "",
                 "Of --template: only keys with these values, a comma separated list as "
                 ".Value.metadata.namespace=default"}},
      .run = RunK8sExtract,
      .argument_count = 0};
}

}  // namespace

cli::Command K8sCommand() {
  return {.name = "k8s",
          .use = "k8s <subcommand>",
          .short_text = "Shows and makes objects of Kubernetes as they stand in etcd",
          .subcommands = {DecodeCommand(), EncodeCommand(), ExtractCommand()}};
}

}  // namespace utl
