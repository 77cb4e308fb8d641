#pragma once

#include <string>

namespace google::protobuf {
class Message;
}

namespace apply {

// A request as operators read it in the log, on one line: keys are shown; of values only the
// sizes, and of passwords nothing.
std::string LoggableText(const google::protobuf::Message& request);

}  // namespace apply
