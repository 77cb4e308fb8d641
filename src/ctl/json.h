#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "base/json_string.h"

// JSON as Go's encoding/json writes it, which scripts compare byte by byte.

namespace ctl {

using base::JsonString;

// Of etcd's generated Go structs: fields in their order under their names, without those that are
// zero; numbers as numbers, bytes in base64, the one field of a oneof inside "Response". With
// `hex_ids`, cluster_id, member_id and ID are hexadecimal text and always there.
std::string ToJson(const google::protobuf::Message& message, bool hex_ids);

// In base64.
std::string JsonBytes(std::string_view bytes);
void AppendJsonBytes(std::string_view bytes, std::string* text);

}  // namespace ctl
