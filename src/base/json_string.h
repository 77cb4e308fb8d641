#pragma once

#include <string>
#include <string_view>

// Strings of JSON, quotes included, to the byte as packages for Go write them. What is no UTF-8
// becomes the replacement character.

namespace base {

// encoding/json: '<', '>', '&' and the line separators are escaped, too.
void AppendJsonString(std::string_view text, std::string* json);
std::string JsonString(std::string_view text);
// The same before Go 1.22, with which etcd 3.4 was built: without short escapes for backspace and
// form feed.
void AppendOldJsonString(std::string_view text, std::string* json);
// protojson: nothing is escaped that need not be.
void AppendProtoJsonString(std::string_view text, std::string* json);
// zap, the log: as protojson, with the old escapes; without the quotes.
void AppendZapJsonText(std::string_view text, std::string* json);

}  // namespace base
