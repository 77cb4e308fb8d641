#include "runtime/posix/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace runtime::posix {

void OpenStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest descriptor that is free is this one.
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);
  }
}

}  // namespace runtime::posix
