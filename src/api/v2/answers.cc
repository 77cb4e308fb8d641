#include "api/v2/answers.h"

#include <utility>

#include "base/json_string.h"
#include "state/members/member.h"

namespace v2 {
namespace {

constexpr base::ByteView kPlainText = "text/plain; charset=utf-8";

}  // namespace

void SendText(Call& call, int status, base::ByteView text) {
  call.Send(status, {{"content-type", kPlainText}, {"x-content-type-options", "nosniff"}},
            base::Bytes(text) + "\n");
}

void SendMethods(Call& call, base::ByteView methods) {
  call.Send(
      405,
      {{"allow", methods}, {"content-type", kPlainText}, {"x-content-type-options", "nosniff"}},
      "Method Not Allowed\n");
}

void SendMessage(Call& call, int status, http::Headers fields, base::ByteView message) {
  std::string json = R"({"message":)";
  base::AppendOldJsonString(message, &json);
  call.Send(status, fields, json + "}");
}

http::Headers JsonFields() {
  return {{"content-type", "application/json"}};
}

http::Headers JsonFields(base::ClusterId cluster) {
  http::Headers fields = JsonFields();
  fields.Add("x-etcd-cluster-id", members::HexText(cluster.value()));
  return fields;
}

}  // namespace v2
