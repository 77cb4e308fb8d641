#include "ctl/event_command.h"

#include "base/go_text.h"
#include "ctl/program.h"

namespace ctl {

std::string EventTypeName(etcd::Event::Type type) {
  return type == etcd::Event::Type::kPut ? "PUT" : "DELETE";
}

std::string RunForEvent(const std::vector<std::string>& command, int64_t revision,
                        const etcd::Event& event) {
  const std::vector<std::string> ours = {
      "ETCD_WATCH_REVISION=" + std::to_string(revision),
      "ETCD_WATCH_EVENT_TYPE=" + base::Quote(EventTypeName(event.type)),
      "ETCD_WATCH_KEY=" + base::Quote(event.kv.key),
      "ETCD_WATCH_VALUE=" + base::Quote(event.kv.value)};
  return RunProgram(command, EnvironmentWith(ours, true)).failure;
}

}  // namespace ctl
