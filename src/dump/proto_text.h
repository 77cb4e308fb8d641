#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}

namespace dump {

// A message as String of Go's protobuf shows it: one line, fields in the order of their
// declaration, those that are not known by their numbers. Where Go puts one space or two, as the
// program was built, there is one.
//
//   message = [ field { " " field } ]
//   field   = name ":" ( value | "{" message "}" )        one for each value of a repeated field
std::string ProtoText(const google::protobuf::Message& message);

// Keeps protobuf's own complaints off standard error, as long as the process lives: what cannot be
// read is told by whoever shows it.
void SilenceProtobuf();

// A string in quotes, as it stands there.
std::string ProtoString(std::string_view text);

}  // namespace dump
