#include "state/v2/tree.h"

#include <algorithm>
#include <utility>

namespace v2 {
namespace {

int HeightOf(const BranchRef& branch) {
  return branch ? branch->height() : 0;
}

// The two differ by two in height at most.
BranchRef Balanced(const BranchRef& left, const NodeRef& node, const BranchRef& right) {
  const int lean = HeightOf(left) - HeightOf(right);
  if (lean > 1) {
    if (HeightOf(left->left()) >= HeightOf(left->right())) {
      return Branch::Make(left->left(), left->node(), Branch::Make(left->right(), node, right));
    }
    const Branch& middle = *left->right();
    return Branch::Make(Branch::Make(left->left(), left->node(), middle.left()), middle.node(),
                        Branch::Make(middle.right(), node, right));
  }
  if (lean < -1) {
    if (HeightOf(right->right()) >= HeightOf(right->left())) {
      return Branch::Make(Branch::Make(left, node, right->left()), right->node(), right->right());
    }
    const Branch& middle = *right->left();
    return Branch::Make(Branch::Make(left, node, middle.left()), middle.node(),
                        Branch::Make(middle.right(), right->node(), right->right()));
  }
  return Branch::Make(left, node, right);
}

BranchRef With(const BranchRef& branch, const NodeRef& node) {
  if (!branch) return Branch::Make({}, node, {});
  const int order = node->name().compare(branch->node()->name());
  if (order == 0) return Branch::Make(branch->left(), node, branch->right());
  if (order < 0) {
    return Balanced(With(branch->left(), node), branch->node(), branch->right());
  }
  return Balanced(branch->left(), branch->node(), With(branch->right(), node));
}

BranchRef WithoutFirst(const BranchRef& branch) {
  if (!branch->left()) return branch->right();
  return Balanced(WithoutFirst(branch->left()), branch->node(), branch->right());
}

BranchRef Without(const BranchRef& branch, std::string_view name) {
  const int order = name.compare(branch->node()->name());
  if (order < 0) return Balanced(Without(branch->left(), name), branch->node(), branch->right());
  if (order > 0) return Balanced(branch->left(), branch->node(), Without(branch->right(), name));
  if (!branch->left()) return branch->right();
  if (!branch->right()) return branch->left();
  const Branch* first = branch->right().get();
  while (first->left()) first = first->left().get();
  return Balanced(branch->left(), first->node(), WithoutFirst(branch->right()));
}

BranchRef BranchesOfPart(const std::vector<NodeRef>& nodes, size_t begin, size_t end) {
  if (begin == end) return {};
  const size_t middle = begin + (end - begin) / 2;
  return Branch::Make(BranchesOfPart(nodes, begin, middle), nodes[middle],
                      BranchesOfPart(nodes, middle + 1, end));
}

}  // namespace

std::vector<std::string_view> Elements(std::string_view path) {
  std::vector<std::string_view> elements;
  while (!path.empty()) {
    const std::string_view element = path.substr(0, path.find('/'));
    if (!element.empty()) elements.push_back(element);
    path.remove_prefix(std::min(element.size() + 1, path.size()));
  }
  return elements;
}

std::string Join(std::string_view directory, std::string_view name) {
  std::string path(directory == "/" ? "" : directory);
  path += '/';
  path += name;
  return path;
}

std::string JoinAll(std::span<const std::string_view> elements) {
  std::string path;
  for (const std::string_view element : elements) (path += '/') += element;
  return path.empty() ? "/" : path;
}

const Node* FindChild(const Node& directory, std::string_view name) {
  const Branch* branch = directory.children().get();
  while (branch != nullptr) {
    const int order = name.compare(branch->node()->name());
    if (order == 0) return branch->node().get();
    branch = order < 0 ? branch->left().get() : branch->right().get();
  }
  return nullptr;
}

NodeRef WithChild(const Node& directory, NodeRef child) {
  return Node::Make(directory.fields(), With(directory.children(), child));
}

NodeRef WithoutChild(const Node& directory, std::string_view name) {
  return Node::Make(directory.fields(), Without(directory.children(), name));
}

BranchRef BranchesOf(const std::vector<NodeRef>& nodes) {
  return BranchesOfPart(nodes, 0, nodes.size());
}

const Node* Children::Next() {
  if (above_.empty()) return nullptr;
  const Branch* const next = above_.back();
  above_.pop_back();
  Descend(next->right());
  return next->node().get();
}

void Children::Descend(const BranchRef& from) {
  for (const Branch* at = from.get(); at != nullptr; at = at->left().get()) above_.push_back(at);
}

}  // namespace v2
