#include "runtime/dns/srv.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace runtime::dns {
namespace {

// One server may be dead; a second try finds the next.
constexpr int kTries = 2;
constexpr size_t kHostNameBytesMax = 253;

using Steady = std::chrono::steady_clock;
using Records = std::vector<SrvRecord>;

// What c-ares needs once for the process, and never gives back.
int InitializeLibrary() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= kHostNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

struct Query {
  bool done = false;
  int status = ARES_SUCCESS;
  base::Result<Records> records = Records();
};

void OnAnswer(void* argument, int status, int /*timeouts*/, unsigned char* packet, int size) {
  auto* const query = static_cast<Query*>(argument);
  query->done = true;
  query->status = status;
  if (status != ARES_SUCCESS) return;
  query->records = ParseSrvAnswer(
      {reinterpret_cast<const char*>(packet), static_cast<size_t>(std::max(size, 0))});
}

// " on 127.0.0.1:53", as Go says which server was asked; the first of them.
std::string FirstServer(ares_channel channel) {
  ares_addr_port_node* servers = nullptr;
  if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS || servers == nullptr) return "";
  const std::unique_ptr<ares_addr_port_node, decltype(&ares_free_data)> owner(servers,
                                                                              &ares_free_data);
  std::array<char, 64> text{};
  if (ares_inet_ntop(servers->family, &servers->addr, text.data(), text.size()) == nullptr) {
    return "";
  }
  const int port = servers->udp_port == 0 ? NAMESERVER_PORT : servers->udp_port;
  const bool is_v6 = servers->family == AF_INET6;
  return std::string(" on ") + (is_v6 ? "[" : "") + text.data() + (is_v6 ? "]:" : ":") +
         std::to_string(port);
}

// Lets the channel read and write until it is done or `end` has come.
void Run(ares_channel channel, const Query& query, Steady::time_point end) {
  while (!query.done) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now());
    if (left.count() <= 0) return;
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const int wanted = ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size()));
    std::vector<pollfd> polled;
    for (size_t i = 0; i < sockets.size(); ++i) {
      const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
      const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
      if (!reads && !writes) continue;
      const int events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
      polled.push_back({sockets[i], static_cast<short>(events), 0});
    }
    timeval most{left.count() / 1000, (left.count() % 1000) * 1000};
    timeval wait{};
    const timeval* const next = ares_timeout(channel, &most, &wait);
    const auto wait_ms = static_cast<int>(next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
    const int ready = ::poll(polled.data(), polled.size(), wait_ms);
    if (ready <= 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (const pollfd& each : polled) {
      if (each.revents == 0) continue;
      const bool writes = (each.revents & POLLOUT) != 0;
      const bool reads = (each.revents & ~POLLOUT) != 0;
      ares_process_fd(channel, reads ? each.fd : ARES_SOCKET_BAD,
                      writes ? each.fd : ARES_SOCKET_BAD);
    }
  }
}

base::Status Failed(base::Code code, const std::string& name, const std::string& server,
                    std::string_view why) {
  return {code, "lookup " + name + server + ": " + std::string(why)};
}

base::Status StatusOf(int status, const std::string& name, const std::string& server) {
  switch (status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
      return Failed(base::Code::kNotFound, name, server, "no such host");
    case ARES_ETIMEOUT:
      return Failed(base::Code::kDeadlineExceeded, name, server, "i/o timeout");
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_ECONNREFUSED:  // c-ares' word for both, once no server is left
      return Failed(base::Code::kUnavailable, name, server, "server misbehaving");
    default:
      return Failed(base::Code::kUnavailable, name, server, ares_strerror(status));
  }
}

}  // namespace

base::Result<Records> ParseSrvAnswer(std::string_view packet) {
  ares_srv_reply* list = nullptr;
  const int status = ares_parse_srv_reply(reinterpret_cast<const unsigned char*>(packet.data()),
                                          static_cast<int>(packet.size()), &list);
  if (status == ARES_ENODATA) return Records();
  if (status != ARES_SUCCESS) {
    return base::Status(base::Code::kDataLoss, "cannot unmarshal DNS message");
  }
  const std::unique_ptr<ares_srv_reply, decltype(&ares_free_data)> owner(list, &ares_free_data);
  Records records;
  for (const ares_srv_reply* each = list; each != nullptr; each = each->next) {
    std::string target = each->host == nullptr ? "" : each->host;
    if (target.ends_with('.')) target.pop_back();
    if (!IsHostName(target)) continue;
    records.push_back({std::move(target), each->port, each->priority, each->weight});
  }
  std::stable_sort(records.begin(), records.end(), [](const SrvRecord& a, const SrvRecord& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.weight > b.weight;
  });
  if (records.size() > kSrvRecordsMax) records.resize(kSrvRecordsMax);
  return records;
}

base::Result<Records> LookupSrv(const std::string& name, Duration timeout) {
  const Steady::time_point end = Steady::now() + timeout;
  int status = InitializeLibrary();
  ares_channel channel = nullptr;
  ares_options options{};
  // Of each try; c-ares doubles it for the second.
  options.timeout = static_cast<int>(std::max<int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count() / (2 * kTries)));
  options.tries = kTries;
  if (status == ARES_SUCCESS) {
    status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
  }
  if (status != ARES_SUCCESS) return StatusOf(status, name, "");
  // Destroyed before the query: it calls back for what is still under way.
  Query query;
  const std::unique_ptr<ares_channeldata, decltype(&ares_destroy)> owner(channel, &ares_destroy);
  const std::string server = FirstServer(channel);
  ares_search(channel, name.c_str(), C_IN, T_SRV, &OnAnswer, &query);
  Run(channel, query, end);
  if (!query.done) return StatusOf(ARES_ETIMEOUT, name, server);
  if (query.status != ARES_SUCCESS) return StatusOf(query.status, name, server);
  if (!query.records.ok()) {
    return Failed(base::Code::kUnavailable, name, server, query.records.status().message());
  }
  if (query.records->empty()) return StatusOf(ARES_ENODATA, name, server);
  return std::move(query.records);
}

}  // namespace runtime::dns
