#include "sdk/runtime/wait_tree.h"

#include <iterator>
#include <utility>

#include "storage/base/check.h"

namespace holdfast::runtime {
namespace {

using protocol::WaitSet;

WaitSet::Combinator to_protocol(WaitWriter::Combinator combinator) {
  switch (combinator) {
    case WaitWriter::Combinator::kAny:
      return WaitSet::Combinator::kAny;
    case WaitWriter::Combinator::kAll:
      return WaitSet::Combinator::kAll;
    case WaitWriter::Combinator::kFirstSuccess:
      return WaitSet::Combinator::kFirstSuccess;
    case WaitWriter::Combinator::kFirstFailure:
      return WaitSet::Combinator::kFirstFailure;
    case WaitWriter::Combinator::kUnknown:
      break;
  }
  return WaitSet::Combinator::kUnknown;
}

std::size_t leaves_of(const WaitSet& node) {
  return node.completions.size() + node.signals.size() + node.named_signals.size();
}

bool settled_by_any(const WaitSet& node) {
  return node.combinator == WaitSet::Combinator::kAny ||
         node.combinator == WaitSet::Combinator::kUnknown;
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void append_leaves(WaitSet& to, WaitSet& from) {
  append(to.completions, from.completions);
  append(to.signals, from.signals);
  append(to.named_signals, from.named_signals);
}

}  // namespace

void WaitTree::begin(Combinator combinator) {
  if (folded_ > 0 || open_.size() > kDepthMax) {
    ++folded_;
    top().combinator = WaitSet::Combinator::kUnknown;
    return;
  }
  open_.emplace_back().combinator = to_protocol(combinator);
}

void WaitTree::leaf(const Slot& slot) {
  switch (slot.source) {
    case Slot::Source::kNone:
      return never();
    case Slot::Source::kCompletion:
      top().completions.push_back(slot.number);
      return;
    case Slot::Source::kSignal:
      top().signals.push_back(slot.number);
      return;
    case Slot::Source::kNamedSignal:
      return named_signal(*slot.name);
  }
}

// A slot is for the nth signal of its name, which a leaf does not say: of the next one, only the
// handler knows whether it was meant. A node of its own says so.
void WaitTree::named_signal(const std::string& name) {
  if (open_.size() == 1) {
    top().named_signals.push_back(name);
    return;
  }
  WaitSet& node = top().nested.emplace_back();
  node.combinator = WaitSet::Combinator::kUnknown;
  node.named_signals.push_back(name);
}

// Without that child a node that asks for all of them would be settled too early, again and again.
void WaitTree::never() {
  if (top().combinator != WaitSet::Combinator::kAny) {
    top().combinator = WaitSet::Combinator::kUnknown;
  }
}

void WaitTree::end() {
  if (folded_ > 0) {
    --folded_;
    return;
  }
  CHECK(open_.size() > 1, "a node that ends has begun");
  WaitSet node = std::move(open_.back());
  open_.pop_back();
  // One leaf is what it is, whatever is asked of it; but for what asks for nothing.
  const bool is_leaf = node.nested.empty() && leaves_of(node) == 1 &&
                       node.combinator != WaitSet::Combinator::kAll &&
                       node.combinator != WaitSet::Combinator::kUnknown;
  if (!is_leaf) {
    top().nested.push_back(std::move(node));
    return;
  }
  append_leaves(top(), node);
}

WaitSet WaitTree::take() {
  CHECK(open_.size() == 1 && folded_ == 0, "each node has ended");
  WaitSet root = std::move(open_.back());
  if (leaves_of(root) == 0 && root.nested.size() == 1) root = WaitSet(std::move(root.nested[0]));
  // That it is settled is all that matters of the root.
  const bool is_one_leaf = root.nested.empty() && leaves_of(root) == 1;
  if (!is_one_leaf && !settled_by_any(root)) return root;
  root.combinator = WaitSet::Combinator::kAny;
  std::erase_if(root.nested, [&root](WaitSet& node) {
    const bool is_flat = node.nested.empty() && settled_by_any(node);
    if (is_flat) append_leaves(root, node);
    return is_flat;
  });
  return root;
}

}  // namespace holdfast::runtime
