#include "api/v2/keys.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/v2/answers.h"
#include "api/v2/beginning.h"
#include "api/v2/json.h"
#include "base/errors.h"
#include "base/media_type.h"
#include "proto/raft_internal.pb.h"
#include "state/v2/planted.h"
#include "state/v2/store.h"
#include "state/v2/tree.h"

// Why a quorum read is no entry, as it is in etcd: the read index says the same, and writes
// nothing.

namespace v2 {
namespace {

// What a change takes of the database beside its key and value, about: the record of the node, and
// that of the event.
constexpr uint64_t kChangeBytes = 256;

// What a file takes in JSON beside its key and value, about.
constexpr size_t kFieldsBytes = 128;

constexpr base::ByteView kMethods = "HEAD,GET,PUT,POST,DELETE";

bool IsAllowed(base::ByteView method) {
  return method == "HEAD" || method == "GET" || method == "PUT" || method == "POST" ||
         method == "DELETE";
}

// Compat: a Content-Type that cannot be read is an error whatever the body is.
void ReadBody(const Call& call, base::Form* form) {
  const base::ByteView field = call.head().Get("content-type");
  if (field.empty()) return;
  base::MediaType type = base::ParseMediaType(field);
  const bool is_form = type.name == "application/x-www-form-urlencoded";
  const bool is_too_large = call.body().size() > Call::kBodyBytesMax;
  form->Fail(is_form && is_too_large ? "http: POST too large" : std::move(type.error));
  if (is_form && !is_too_large) form->Parse(call.body());
}

base::Form FormOf(const Call& call) {
  base::Form form;
  if (call.may_have_form()) ReadBody(call, &form);
  form.Parse(http::Query(call.head()));
  return form;
}

bool IsCreated(const Event& event) {
  return event.action == Action::kCreate || (event.action == Action::kSet && !event.prev);
}

bool HasValue(Action action) {
  return action == Action::kSet || action == Action::kCreate || action == Action::kUpdate ||
         action == Action::kCompareAndSwap;
}

// The node at a path, or why there is none.
const Node* FindNode(const View& view, const std::string& path, Error* error) {
  const Node* node = view.root.get();
  const std::vector<std::string_view> elements = Elements(path);
  for (size_t i = 0; i < elements.size(); ++i) {
    const Node* const child = node->is_directory() ? FindChild(*node, elements[i]) : nullptr;
    if (child == nullptr) {
      // What there is up to, or what is missing.
      const size_t count = node->is_directory() ? i + 1 : i;
      *error = {node->is_directory() ? Code::kKeyNotFound : Code::kNotDirectory,
                JoinAll({elements.data(), count}), view.index};
      return nullptr;
    }
    node = child;
  }
  return node;
}

}  // namespace

Keys::Keys(server::Server* server, server::Frontend* frontend, Access* access, Totals* totals)
    : server_(*server),
      frontend_(*frontend),
      access_(*access),
      quota_(server, frontend),
      metrics_(server->environment().registry),
      hub_({.loop = &frontend->loop(),
            .view = [frontend] { return frontend->tree(); },
            .on_watchers =
                [this, totals](int change) {
                  totals->watchers += change;
                  metrics_.CountWatchers(change);
                }}) {
  server->ListenToTree([this](const auto& happenings) { hub_.Push(happenings); });
}

void Keys::Serve(const CallRef& call, base::ByteView path) {
  if (!IsAllowed(call->method())) return SendMethods(*call, kMethods);
  auto request = std::make_shared<KeyRequest>();
  const Error error = ParseKeyRequest(call->method(), path, FormOf(*call), request.get());
  if (error.code != Code::kNone) return Refuse(call, error);
  const bool is_read = call->method() == "GET" && request->quorum;
  request->method = is_read ? "QGET" : std::string(call->method());
  request->received = frontend_.loop().clock().Now();
  if (frontend_.tree() != nullptr) return ServeBegun(call, request);
  WithTree(&server_, &frontend_, [this, call, request](const base::Status& status) {
    if (!call->is_open()) return;
    if (!status.ok()) return Fail(call, *request, status);
    ServeBegun(call, request);
  });
}

void Keys::ServeBegun(const CallRef& call, const Request& request) {
  if (!access_.IsOn()) return ServeAllowed(call, request);
  // Compat: "/a/" is another key than "/a" here, and the root without a slash none at all.
  access_.CheckKey(call, request->key, request->recursive, [this, call, request](bool may) {
    if (!call->is_open()) return;
    if (may) return ServeAllowed(call, request);
    const bool is_write = request->change.method() != v2pb::Request::NONE;
    if (is_write && base::Planted(PlantedBug::kRefusedIsDone)) {
      frontend_.Propose(etcdserverpb::InternalRaftRequest::kV2FieldNumber,
                        request->change.SerializeAsString(), [](const apply::Reply&) {});
    }
    Refuse(call, {.code = Code::kUnauthorized, .cause = "Insufficient credentials"});
  });
}

void Keys::ServeAllowed(const CallRef& call, const Request& request) {
  const bool is_get = call->method() == "GET";
  if (!request->wait) metrics_.Received(request->method);
  if (!is_get && call->method() != "HEAD") return Change(call, request);
  const bool waits = !base::Planted(PlantedBug::kQuorumReadDoesNotWait);
  if (is_get && request->quorum && waits) return ReadLinearizably(call, request);
  if (is_get && request->wait) return Watch(call, *request);
  Read(call, *request);
}

void Keys::Read(const CallRef& call, const KeyRequest& request) {
  const std::shared_ptr<const View> view = frontend_.tree();
  Error error;
  const Node* const node = FindNode(*view, request.path, &error);
  frontend_.state()->v2().statistics()->CountRead(request.recursive, node != nullptr);
  if (node == nullptr) return Fail(call, request, error);
  NodeJson json(view->root, node, request.path, request.recursive, Now());
  if (node->is_directory()) {
    auto shared = std::make_shared<NodeJson>(std::move(json));
    call->SendPieces(200, Fields(view->index), [shared](size_t bytes, base::Bytes* body) {
      return shared->Append(bytes, body);
    });
  } else {
    base::Bytes body;
    body.reserve(request.path.size() + node->value().size() + kFieldsBytes);
    while (json.Append(SIZE_MAX, &body)) continue;
    call->Send(200, Fields(view->index), std::move(body));
  }
  Complete(request);
}

void Keys::ReadLinearizably(const CallRef& call, const Request& request) {
  frontend_.ReadIndex(
      [this, call, request](const base::Status& status) {
        if (!call->is_open()) return;
        if (!status.ok()) return Fail(call, *request, status);
        if (request->wait) metrics_.Watched();
        Read(call, *request);
      },
      call->connection().number);
}

void Keys::Watch(const CallRef& call, const KeyRequest& request) {
  metrics_.Watched();
  const std::shared_ptr<const View> view = frontend_.tree();
  Hub::Wish wish{.path = request.path,
                 .recursive = request.recursive,
                 .stream = request.stream,
                 .since = request.wait_index == 0 ? view->index + 1 : request.wait_index,
                 .index = view->index};
  std::shared_ptr<const Event> past;
  if (wish.since <= view->index) {
    const auto events = view->history.From(wish.since);
    if (!events.has_value()) {
      return Fail(
          call, request,
          {Code::kEventIndexCleared,
           "the requested history has been cleared [" + std::to_string(view->history.first()) +
               "/" + std::to_string(wish.since) + "]",
           view->index});
    }
    past = Hub::FindPast(*events, wish);
  }
  call->Start(200, Fields(view->index));
  if (past == nullptr) return call->Watch(&hub_, std::move(wish));
  // Compat: a stream goes on without ever hearing of more.
  call->SendEvent(base::SharedBytes(EventJson(*past)), request.stream);
}

void Keys::Change(const CallRef& call, const Request& request) {
  SetTimes(Now(), request.get());
  const v2pb::Request& change = request->change;
  const uint64_t cost =
      TakesSpace(change) ? kChangeBytes + change.path().size() + change.value().size() : 0;
  if (base::Status full = quota_.Check(cost); !full.ok()) return Fail(call, *request, full);
  frontend_.Propose(
      etcdserverpb::InternalRaftRequest::kV2FieldNumber, change.SerializeAsString(),
      [this, call, request](const apply::Reply& reply) { Answer(call, *request, reply); });
}

void Keys::Answer(const CallRef& call, const KeyRequest& request, const apply::Reply& reply) {
  if (!call->is_open()) return;
  if (!reply.status.ok()) return Fail(call, request, reply.status);
  const Result& result = *reply.v2;
  if (result.error.code != Code::kNone) return Fail(call, request, result.error);
  const Event& event = *result.event;
  const bool is_short = request.no_value_on_success && HasValue(event.action);
  call->Send(IsCreated(event) ? 201 : 200, Fields(event.index),
             is_short ? ActionJson(event.action) : EventJson(event));
  Complete(request);
}

void Keys::Refuse(const CallRef& call, const Error& error) {
  call->Send(StatusOf(error.code), ErrorFields(error.index), ErrorJson(error));
}

void Keys::Fail(const CallRef& call, const KeyRequest& request, const Error& error) {
  metrics_.Failed(request.method, StatusOf(error.code));
  Refuse(call, error);
}

void Keys::Fail(const CallRef& call, const KeyRequest& request, const base::Status& status) {
  Fail(call, request, {.code = Code::kRaftInternal, .cause = std::string(status.message())});
}

void Keys::Complete(const KeyRequest& request) {
  metrics_.Completed(request.method, frontend_.loop().clock().Now() - request.received);
}

http::Headers Keys::ErrorFields(uint64_t index) const {
  http::Headers fields = JsonFields(server_.cluster());
  fields.Add("x-etcd-index", std::to_string(index));
  return fields;
}

http::Headers Keys::Fields(uint64_t index) const {
  http::Headers fields = ErrorFields(index);
  fields.Add("x-raft-index", std::to_string(frontend_.progress().committed));
  fields.Add("x-raft-term", std::to_string(frontend_.progress().term));
  return fields;
}

int64_t Keys::Now() const {
  return frontend_.loop().clock().WallNow().unix_nanos;
}

}  // namespace v2
