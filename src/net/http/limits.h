#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "runtime/time.h"

namespace http {

// What a peer may ask of one connection before it is refused or cut off. Sizes in bytes.
struct Limits {
  // Open at once on one loop; more are closed as they are accepted.
  size_t max_connections = 100'000;
  // Announced to HTTP/2 clients; streams beyond it are refused.
  uint32_t max_concurrent_streams = 100'000;
  // Of one header block, as it is sent, and announced to HTTP/2 clients as the longest list of
  // fields: a client refuses by itself what is longer, without an answer of ours. Long fields are
  // cut as they arrive (long_field_cutter.h), more ends the connection.
  size_t max_header_block = 2 * 1024 * 1024;
  // Of one header block, as RFC 9113 counts it. What exceeds it is not looked at, and the request
  // answered with 431; a block that goes on to kHeaderListFactor times as much beyond what was sent
  // of it ends the connection, since a few bytes of it can stand for thousands (HPACK bombs).
  size_t max_header_list_size = 64 * 1024;
  static constexpr size_t kHeaderListFactor = 4;
  // HTTP/1.1: the request line and the fields together; as much again for what frames the body:
  // the header of a chunk, and all trailers.
  size_t max_http1_header_size = 64 * 1024;

  // What a client may send on one stream, and on all together, before the answerer has taken it.
  uint32_t stream_window = 256 * 1024;
  uint32_t connection_window = 1024 * 1024;
  // Taken bytes are credited to the connection at once, so that one slow stream does not stop
  // the others, until this much waits in all of its streams. A server's is at most half of its
  // budget for a connection.
  size_t max_unconsumed = 16 * 1024 * 1024;

  // A stream with this much unsent is not writable, and is again at half of it.
  size_t stream_send_buffer = 256 * 1024;
  // A peer whose socket takes nothing for stall_timeout is taken to have left. So is one for which
  // nothing that waits on its streams moved for as long, its windows being shut, while its account
  // is full or the member short (budget.h): it costs memory that others need. And a message that
  // is not whole after that time ends, under the same conditions, its stream.
  runtime::Duration stall_timeout = std::chrono::seconds(60);
  // The same while the member has little left for anybody.
  runtime::Duration stall_timeout_when_short = std::chrono::seconds(10);
  runtime::Duration StallTimeout(bool is_short) const {
    return is_short ? std::min(stall_timeout, stall_timeout_when_short) : stall_timeout;
  }

  // From accepting to the end of the TLS handshake and HTTP/2's first SETTINGS.
  runtime::Duration handshake_timeout = std::chrono::seconds(20);
  // From the first to the last byte of one header block.
  runtime::Duration header_timeout = std::chrono::seconds(60);
  // HTTP/1.1: between requests; HTTP/2 connections may idle for ever, watchers do.
  runtime::Duration http1_idle_timeout = std::chrono::minutes(5);

  // Token buckets: how many at once, and how many more a second.
  struct Rate {
    uint32_t burst;
    uint32_t per_second;
  };
  // Streams that the client opens and resets itself (CVE-2023-44487). One that has been open for
  // kRapidTicks half seconds is none of these: it has taken its place for as long.
  Rate resets = {2000, 200};
  static constexpr uint32_t kRapidTicks = 3;
  // The same for requests that said until when their client waits, as calls with a deadline do. In
  // overload an honest client gives up thousands of them. Each has cost about as much as one that
  // is answered, some 20 microseconds: at this rate, a tenth of a loop's time.
  Rate late_resets = {20'000, 5'000};
  Rate settings = {100, 5};
  Rate priorities = {1000, 100};
  // Frames that carry nothing and end nothing.
  Rate empty_frames = {100, 10};
  // Requests that only a broken or hostile client sends: malformed, with more or less data than
  // announced, with a head that is too long. Each is refused; too many end the connection.
  Rate mistakes = {100, 10};
  // CONTINUATION frames of one header block (CVE-2024-28182), beside one for so many of its bytes.
  uint32_t max_continuations = 8;
  uint32_t bytes_per_continuation = 8 * 1024;
  // PING and WINDOW_UPDATE are answers to what we send: a client that estimates bandwidth pings
  // once a round trip, one that reads slowly returns the window in small steps. So they earn
  // credit by our HEADERS and DATA frames instead of by time.
  uint32_t pings_initial = 200;
  uint32_t pings_per_frame_sent = 2;
  uint32_t window_updates_initial = 1000;
  uint32_t window_updates_per_frame_sent = 20;
  // Beside that, one for so many bytes of a frame; and clients on gRPC's C core open the window of
  // each stream that they open, once or twice, whether or not an answer comes.
  uint32_t bytes_sent_per_window_update = 32;
  uint32_t window_updates_per_stream = 8;
};

// The pings that we send, and what we allow of the peer's. The defaults are etcd's.
struct Keepalive {
  // Ping after this long without a byte from the peer; then wait `timeout` for any byte.
  runtime::Duration interval = std::chrono::hours(2);
  runtime::Duration timeout = std::chrono::seconds(20);
  // Client: ping also while no call is open.
  bool without_streams = false;

  // Server: a client that pings more often than this gets a strike; the third ends it with
  // ENHANCE_YOUR_CALM "too_many_pings".
  runtime::Duration min_interval = std::chrono::seconds(5);
  // Server: whether a client may ping while it has no call open.
  bool permit_without_streams = false;
};

}  // namespace http
