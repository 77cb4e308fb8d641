#include "raft/testing/interaction_env.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/check.h"
#include "raft/codec.h"
#include "raft/testing/printer.h"

namespace raft::testing {
namespace {

std::string Indented(const std::string& text) {
  std::istringstream stream(text);
  std::string indented;
  for (std::string line; std::getline(stream, line);) indented += "  " + line + "\n";
  return indented;
}

std::string PrintEntriesField(const std::vector<Entry>& entries) {
  Message message;
  message.entries = entries;
  const std::string text = Print(message);
  const size_t at = text.find(" Entries:");
  return at == std::string::npos ? "" : text.substr(at);
}

std::string Describe(const AppendDone& done) {
  std::string text = "AppendThread->" + Hex(done.node) +
                     " MsgStorageAppendResp Term:" + ToString(done.mark.term) +
                     " Log:" + ToString(done.mark.last.term) + "/" + ToString(done.mark.last.index);
  if (done.snapshot != nullptr) text += "\n  Snapshot: " + Print(*done.snapshot);
  return text;
}

std::string Describe(const ApplyDone& done) {
  return "ApplyThread->" + Hex(done.node) + " MsgStorageApplyResp Term:0 Log:0/0" +
         PrintEntriesField(done.entries);
}

std::string Describe(const Envelope& envelope) {
  if (const auto* message = std::get_if<Message>(&envelope)) return Print(*message);
  if (const auto* append = std::get_if<AppendDone>(&envelope)) return Describe(*append);
  return Describe(std::get<ApplyDone>(envelope));
}

MemberId Recipient(const Envelope& envelope) {
  if (const auto* message = std::get_if<Message>(&envelope)) return message->to;
  if (const auto* append = std::get_if<AppendDone>(&envelope)) return append->node;
  return std::get<ApplyDone>(envelope).node;
}

MessageType TypeOf(const Envelope& envelope) {
  if (const auto* message = std::get_if<Message>(&envelope)) return message->type;
  return std::holds_alternative<AppendDone>(envelope) ? MessageType::kStorageAppendResp
                                                      : MessageType::kStorageApplyResp;
}

bool StaysWithinNode(const Envelope& envelope) {
  const auto* message = std::get_if<Message>(&envelope);
  return message == nullptr || message->from == message->to;
}

// As in etcd/raft's transcripts, where a candidate's requests do not wait for its disk.
void SendVotesAtOnce(Output* output) {
  std::vector<Message>& waiting = output->messages_after_persist;
  const auto is_vote = [](const Message& message) { return message.type == MessageType::kVote; };
  std::copy_if(waiting.begin(), waiting.end(), std::back_inserter(output->messages), is_vote);
  std::erase_if(waiting, is_vote);
}

// What the append thread sends when it is done with `output`.
std::vector<Envelope> ResponsesOf(MemberId node, const Output& output) {
  std::vector<Envelope> responses;
  for (const Message& ack : output.persisted.self_acks) responses.push_back(ack);
  for (const Message& message : output.messages_after_persist) responses.push_back(message);
  const PersistMark& mark = output.persisted;
  if (mark.last != EntryId() || mark.snapshot != Index(0)) {
    responses.push_back(
        AppendDone{node, {mark.term, mark.last, mark.snapshot, {}}, output.snapshot});
  }
  return responses;
}

std::string PrintResponses(const std::vector<Envelope>& responses) {
  if (responses.empty()) return "";
  std::string text = " Responses:[";
  for (const Envelope& response : responses) {
    std::string indented = Indented(Describe(response));
    indented.pop_back();
    text += "\n" + indented;
  }
  return text + "\n]";
}

std::string PrintStorageAppend(MemberId node, const Output& output) {
  const HardState state = output.hard_state.value_or(HardState());
  std::string text =
      Hex(node) + "->AppendThread MsgStorageAppend Term:" + ToString(state.term) + " Log:0/0";
  if (state.commit != Index(0)) text += " Commit:" + ToString(state.commit);
  if (state.vote != kNobody) text += " Vote:" + ToString(state.vote);
  text += PrintEntriesField(output.entries);
  if (output.snapshot != nullptr) text += "\n  Snapshot: " + Print(*output.snapshot);
  return text;
}

std::string PrintStorageApply(MemberId node, const std::vector<Entry>& entries) {
  return Hex(node) + "->ApplyThread MsgStorageApply Term:0 Log:0/0" + PrintEntriesField(entries);
}

std::string PrintReads(const std::vector<ReadState>& reads) {
  std::string text;
  for (const ReadState& read : reads) {
    if (!text.empty()) text += ' ';
    text += "{" + ToString(read.index) + " [";
    std::string bytes;
    for (char c : read.context.view()) {
      if (!bytes.empty()) bytes += ' ';
      bytes += std::to_string(static_cast<unsigned char>(c));
    }
    text += bytes + "]}";
  }
  return "[" + text + "]";
}

// `before`: the hard state of the output before this one.
std::string PrintReady(const Output& output, const HardState& before,
                       const std::vector<std::string>& messages) {
  std::string text;
  if (output.soft_state.has_value()) text += Print(*output.soft_state) + "\n";
  if (output.hard_state.has_value()) text += "HardState " + Print(*output.hard_state) + "\n";
  if (!output.reads.empty()) text += "ReadStates " + PrintReads(output.reads) + "\n";
  if (!output.entries.empty()) text += "Entries:\n" + Print(output.entries);
  if (output.snapshot != nullptr) text += "Snapshot " + Print(*output.snapshot) + "\n";
  if (!output.committed.empty()) text += "CommittedEntries:\n" + Print(output.committed);
  if (!messages.empty()) text += "Messages:\n";
  for (const std::string& message : messages) text += message + "\n";
  if (text.empty()) return "<empty Ready>";
  // etcd/raft leaves it to the application that a snapshot is synced.
  const HardState state = output.hard_state.value_or(before);
  const bool must_sync =
      !output.entries.empty() || state.term != before.term || state.vote != before.vote;
  return std::string("Ready MustSync=") + (must_sync ? "true" : "false") + ":\n" + text;
}

}  // namespace

void InteractionEnv::ProcessReady(TestNode& node) {
  if (node.async) {
    ProcessAsync(node);
  } else {
    ProcessSync(node);
  }
}

void InteractionEnv::ProcessSync(TestNode& node) {
  Output output = node.raft->TakeOutput();
  Save(node, output);
  PersistMark& mark = output.persisted;
  if (output.snapshot == nullptr && mark.last != EntryId()) {
    // The synchronous form hands out committed entries together with their write.
    node.raft->OnPersisted({mark.term, mark.last, Index(0), {}});
    mark.last = {};
    Output second = node.raft->TakeOutput();
    EXPECT_FALSE(second.NeedsWrite());
    EXPECT_TRUE(second.messages.empty());
    output.committed.insert(output.committed.end(), second.committed.begin(),
                            second.committed.end());
  }
  std::vector<std::string> messages;
  for (const auto* list : {&output.messages, &output.messages_after_persist}) {
    for (const Message& message : *list) messages.push_back(Print(message));
  }
  WriteReady(node, output, messages);
  Apply(node, output.committed);
  for (auto* list : {&output.messages, &output.messages_after_persist}) {
    for (Message& message : *list) messages_.emplace_back(std::move(message));
  }
  node.raft->OnPersisted(mark);
  if (!output.committed.empty()) node.raft->OnApplied(output.committed.back().index);
}

void InteractionEnv::ProcessAsync(TestNode& node) {
  Output output = node.raft->TakeOutput();
  SendVotesAtOnce(&output);
  std::vector<std::string> messages;
  for (const Message& message : output.messages) messages.push_back(Print(message));
  if (output.NeedsWrite()) {
    messages.push_back(PrintStorageAppend(node.id, output) +
                       PrintResponses(ResponsesOf(node.id, output)));
  }
  if (!output.committed.empty()) {
    messages.push_back(PrintStorageApply(node.id, output.committed) +
                       PrintResponses({ApplyDone{node.id, output.committed}}));
  }
  WriteReady(node, output, messages);
  for (Message& message : output.messages) messages_.emplace_back(std::move(message));
  if (!output.committed.empty()) node.apply_work.push_back(output.committed);
  if (output.NeedsWrite()) node.append_work.push_back(std::move(output));
}

void InteractionEnv::WriteReady(TestNode& node, const Output& output,
                                const std::vector<std::string>& messages) {
  Write(PrintReady(output, node.hard_state, messages));
  if (output.hard_state.has_value()) node.hard_state = *output.hard_state;
}

void InteractionEnv::ProcessAppendThread(TestNode& node) {
  if (node.append_work.empty()) return Write("no append work to perform");
  const Output output = std::move(node.append_work.front());
  node.append_work.pop_front();
  Write("Processing:\n" + PrintStorageAppend(node.id, output) + "\n");
  Save(node, output);
  Write("Responses:\n");
  for (Envelope& response : ResponsesOf(node.id, output)) {
    Write(Describe(response) + "\n");
    messages_.push_back(std::move(response));
  }
}

void InteractionEnv::ProcessApplyThread(TestNode& node) {
  if (node.apply_work.empty()) return Write("no apply work to perform");
  const std::vector<Entry> entries = std::move(node.apply_work.front());
  node.apply_work.pop_front();
  Write("Processing:\n" + PrintStorageApply(node.id, entries) + "\n");
  Apply(node, entries);
  const ApplyDone done{node.id, entries};
  Write("Responses:\n" + Describe(done) + "\n");
  messages_.push_back(done);
}

void InteractionEnv::Save(TestNode& node, const Output& output) {
  if (output.snapshot != nullptr) {
    EXPECT_TRUE(output.entries.empty());
    node.storage.Install(output.snapshot);
    node.storage.SetSnapshot(node.history.back());
  } else {
    node.storage.Append(output.entries);
  }
}

void InteractionEnv::Apply(TestNode& node, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    auto snapshot = std::make_shared<Snapshot>(*node.history.back());
    base::Bytes data(snapshot->data.view());
    if (entry.type == EntryType::kNormal) {
      data += entry.data.view();
    } else {
      const ConfChangeV2 change = ConfChangeOf(entry).value();
      data += change.context;
      snapshot->conf_state = node.raft->ApplyConfChange(change).value();
    }
    snapshot->data = base::SharedBytes(data);
    snapshot->index = entry.index;
    snapshot->term = entry.term;
    node.history.push_back(std::move(snapshot));
  }
  node.storage.SetSnapshot(node.history.back());
}

std::vector<Envelope> InteractionEnv::TakeMessages(MemberId to, bool drop,
                                                   std::optional<MessageType> type) {
  std::vector<Envelope> taken;
  std::vector<Envelope> rest;
  for (Envelope& envelope : messages_) {
    const bool match = Recipient(envelope) == to && !(drop && StaysWithinNode(envelope)) &&
                       (!type.has_value() || TypeOf(envelope) == *type);
    (match ? taken : rest).push_back(std::move(envelope));
  }
  messages_ = std::move(rest);
  return taken;
}

bool InteractionEnv::HasMessagesFor(MemberId to) const {
  for (const Envelope& envelope : messages_) {
    if (Recipient(envelope) == to) return true;
  }
  return false;
}

int InteractionEnv::Deliver(MemberId to, bool drop, std::optional<MessageType> type) {
  const std::vector<Envelope> taken = TakeMessages(to, drop, type);
  for (const Envelope& envelope : taken) {
    Write((drop ? "dropped: " : "") + Describe(envelope) + "\n");
    if (drop) continue;
    Node& node = *At(to.value()).raft;
    if (const auto* append = std::get_if<AppendDone>(&envelope)) {
      node.OnPersisted(append->mark);
    } else if (const auto* apply = std::get_if<ApplyDone>(&envelope)) {
      node.OnApplied(apply->entries.back().index);
    } else if (const Message& message = std::get<Message>(envelope); message.from == message.to) {
      node.OnPersisted({.self_acks = {message}});
    } else if (const base::Status status = node.Step(message); !status.ok()) {
      Write(std::string(status.message()) + "\n");
    }
  }
  return static_cast<int>(taken.size());
}

}  // namespace raft::testing
