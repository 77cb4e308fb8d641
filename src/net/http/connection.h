#pragma once

#include <memory>
#include <optional>

#include "net/http/h1_client_session.h"
#include "net/http/h2_session.h"
#include "net/http/session.h"
#include "runtime/network.h"

namespace http {

class ConnectionGroup;

// One connected stream and the session that speaks on it. At a server the first bytes decide the
// protocol; a client decides itself. Owned by its group, on the group's loop.
//
// Input goes to the session as it arrives, for a slice of time; the rest, at most what one event
// brought, is held and nothing more read until other connections have had their turn. Output is
// produced and written at the end of each input, and once at the end of a turn in which something
// was queued from elsewhere: many frames, one system call. When the socket is full nothing is
// produced, so the queues of the exchanges fill up and their producers stop.
class Connection final : public runtime::StreamHandler, private Carrier {
 public:
  // Which protocols a server's port speaks.
  struct Protocols {
    bool http1 = true;
    bool http2 = true;
  };

  // A server's end; `service` answers.
  Connection(ConnectionGroup* group, std::unique_ptr<runtime::Stream> stream, Service* service,
             Protocols protocols);
  // What a client learns of its connection. Inside these the connection is not closed.
  struct ClientEvents {
    // HTTP/2, once: the server speaks it. HTTP/1.1, after each exchange that leaves the connection
    // fit for another: it may begin inside this.
    base::Callback<void()> on_ready;
    // HTTP/2: the server takes no further requests; those that are open go on.
    base::Callback<void()> on_goaway;
    // Once, the last: no exchange is left.
    base::Callback<void(base::Status)> on_closed;
  };
  // A client's end. With HTTP/1.1 requests may begin at once.
  Connection(ConnectionGroup* group, std::unique_ptr<runtime::Stream> stream, ClientEvents events,
             Version version = Version::kHttp2);
  ~Connection() override;

  // Begins to receive; once, after the group has taken the connection.
  void Start();
  // TLS begins on the stream: its handshake, and then its state, are held for the client.
  void OnTls();
  // What the TLS handshake has shown of the peer.
  void OnHandshake(const ConnectionInfo& peer);
  // Closes when the open exchanges have ended, and those that were on their way (kDrainNotice). A
  // connection that has just been opened may still bring one.
  void Drain();
  // Closes now. Not from inside an exchange's event.
  void Close(const base::Status& status) { Lose(status); }

  // The session of a client's end that speaks HTTP/2, or HTTP/1.1.
  H2Session& client_session() { return *client_session_; }
  H1ClientSession& http1_client_session() { return *http1_client_session_; }

 private:
  friend class ConnectionGroup;

  // Carrier
  void ScheduleFlush() override;
  void ResumeInput() override;
  const ConnectionInfo& info() const override { return info_; }
  Account& account() override { return account_; }
  OutputBuffer& output() override { return output_; }
  void OnReady() override;
  void OnGoAway() override;

  // runtime::StreamHandler
  void OnData(base::ByteView bytes) override;
  void OnEndOfInput() override;
  void OnWritable() override;
  void OnError(base::Status status) override { Lose(status); }

  void OpenSession(Version version);
  void Detect(base::ByteView bytes);
  void Feed(base::ByteView bytes);
  void HoldInput(base::ByteView rest);
  // Gives the session what is held; a slice of the loop.
  void ResumeHeldInput();
  void DropHeldInput();
  void FinishInput();
  void Flush();
  void FlushInSlice();
  void OnTick(runtime::TimePoint now);
  base::Status CheckStall(runtime::TimePoint now);
  void CloseIfDone();
  // Says goodbye: what was sent arrives before the connection is closed.
  void Linger();
  void Lose(const base::Status& status);

  ConnectionGroup* const group_;
  Service* const service_ = nullptr;
  Protocols protocols_;
  ClientEvents events_;
  const std::unique_ptr<runtime::Stream> stream_;
  ConnectionInfo info_;
  Account account_;
  OutputBuffer output_;
  std::unique_ptr<Session> session_;
  H2Session* client_session_ = nullptr;              // HTTP/2
  H1ClientSession* http1_client_session_ = nullptr;  // HTTP/1.1
  base::Bytes held_input_;  // before the protocol is known, or not yet taken by the session
  size_t held_taken_ = 0;   // of it
  bool holding_ = false;    // from the session, if only the end of what it took
  bool resume_scheduled_ = false;
  base::Status failure_;  // of the session: closes once the output is out
  const runtime::TimePoint opened_at_;
  // Since when the socket has taken none of the output, and how much it had taken before.
  std::optional<runtime::TimePoint> stalled_since_;
  uint64_t flushed_when_stalled_ = 0;
  std::optional<runtime::TimePoint> draining_since_;  // if the protocol was not known then
  runtime::TimePoint lingering_since_;
  size_t position_ = 0;  // in the group's list
  bool in_input_ = false;
  bool flush_wanted_ = false;
  bool flush_in_slice_ = false;  // what is left to send goes on there
  bool socket_full_ = false;
  bool input_ended_ = false;
  bool lingering_ = false;
  bool lost_ = false;
};

}  // namespace http
