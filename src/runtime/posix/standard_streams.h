#pragma once

namespace runtime::posix {

// Opens /dev/null for each of input, output and error output that the process was started without:
// else a file or a connection would get its descriptor, and what is printed would go there.
// At the start, before anything is opened.
void OpenStandardStreams();

}  // namespace runtime::posix
