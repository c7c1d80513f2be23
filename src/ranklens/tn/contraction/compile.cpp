#include "ranklens/tn/contraction/compile.h"

#include <algorithm>
#include <utility>

#include "ranklens/tn/contraction/held.h"
#include "ranklens/tn/contraction/merge.h"

namespace ranklens::tn {
namespace {

class Compiler {
 public:
  Compiler(const Expression& expression, const std::vector<int>& holders, Multiplier multiplier)
      : expression_(expression), holders_(holders), multiplier_(multiplier) {}

  Compiled run(const std::vector<Merge>& merges, const std::vector<Shape>& strides) {
    for (std::size_t k = 0; k < strides.size(); ++k) take_operand(k, strides[k]);
    for (const auto& merge : merges) {
      const auto left = tensors_[static_cast<std::size_t>(merge.step.left)],
                 right = tensors_[static_cast<std::size_t>(merge.step.right)];
      const auto out = room_for(merge.order, &merge == &merges.back());
      if (merge.kind == MergeKind::product) {
        product(merge, left, right, out);
      } else {
        multiply(merge, left, right, out);
      }
      for (const auto& used : {left, right}) release(used);
      tensors_.push_back(out);
    }
    const auto& last = tensors_.back();
    made_.result = elements_of(expression_.shape_of(last.labels));
    made_.output = view(last, expression_.output);
    for (auto& block : made_.blocks) block.last = std::max(block.last, block.first);
    made_.arena = place_blocks(made_.blocks);
    return std::move(made_);
  }

 private:
  std::int64_t size(Label label) const {
    return expression_.sizes[static_cast<std::size_t>(label)];
  }
  std::int64_t time() const { return static_cast<std::int64_t>(made_.instructions.size()); }

  void release(const Held& used) {
    if (used.holder == Holder::block) made_.blocks[used.number].last = time() - 1;
  }

  /// Contiguous memory for modes in this order.
  Held room_for(const Labels& order, bool is_result) {
    Held held{.labels = order, .strides = packed_strides(expression_.shape_of(order))};
    held.holder = is_result ? Holder::result : Holder::block;
    if (!is_result) held.number = new_block(elements_of(expression_.shape_of(order)));
    return held;
  }

  std::size_t new_block(std::int64_t count) {
    made_.blocks.push_back({.size = count, .first = time()});
    return made_.blocks.size() - 1;
  }

  ElementView view(const Held& held, const Labels& order) const {
    return view_of(expression_, held, order);
  }

  /// Drops modes of size 1, takes diagonals, and sums over what nothing else has.
  void take_operand(std::size_t number, const Shape& strides) {
    Held held{.labels = {}, .strides = {}, .holder = Holder::operand, .number = number};
    const auto& labels = expression_.inputs[number];
    for (std::size_t mode = 0; mode < labels.size(); ++mode) {
      if (size(labels[mode]) == 1) continue;
      const auto at = std::find(held.labels.begin(), held.labels.end(), labels[mode]);
      if (at == held.labels.end()) {
        held.labels.push_back(labels[mode]);
        held.strides.push_back(strides[mode]);
      } else {
        held.strides[static_cast<std::size_t>(at - held.labels.begin())] += strides[mode];
      }
    }
    tensors_.push_back(summed(std::move(held)));
  }

  Held summed(Held held) {
    Labels kept;
    std::vector<std::int64_t> modes;
    for (std::size_t mode = 0; mode < held.labels.size(); ++mode) {
      if (holders_[static_cast<std::size_t>(held.labels[mode])] > 1) {
        kept.push_back(held.labels[mode]);
      } else {
        modes.push_back(static_cast<std::int64_t>(mode));
      }
    }
    if (modes.empty()) return held;
    auto sum = room_for(kept, false);
    made_.instructions.push_back({.kind = Instruction::Kind::sum,
                                  .out = view(sum, kept),
                                  .left = view(held, held.labels),
                                  .right = {},
                                  .modes = std::move(modes)});
    return sum;
  }

  /// The tensor as a batch of matrices: as it lies, or a copy.
  ElementView matrices(const Held& held, const MatrixLabels& labels) {
    auto found = as_matrices(expression_, held, labels);
    if (found) return *std::move(found);
    return matrices(copied(view(held, labels.all()), labels.all()), labels);
  }

  /// Contiguous, until the step is done; the labels' sizes may be larger than those of the view.
  Held copied(ElementView from, const Labels& labels) {
    auto copy = room_for(labels, false);
    auto to = view(copy, labels);
    made_.instructions.push_back({.kind = Instruction::Kind::copy,
                                  .out = std::move(to),
                                  .left = std::move(from),
                                  .right = {},
                                  .modes = {}});
    scratch_.push_back(copy.number);
    return copy;
  }

  void product(const Merge& merge, const Held& left, const Held& right, const Held& out) {
    const auto& parts = merge.parts;
    if (merge.swapped) {
      multiply_matrices({right, {parts.batch, parts.right, parts.summed}},
                        {left, {parts.batch, parts.summed, parts.left}}, out);
    } else {
      multiply_matrices({left, {parts.batch, parts.left, parts.summed}},
                        {right, {parts.batch, parts.summed, parts.right}}, out);
    }
  }

  struct Factor {
    const Held& held;
    MatrixLabels labels;
  };

  void multiply_matrices(const Factor& left, const Factor& right, const Held& out) {
    const auto lies = [&](const Factor& factor) {
      return as_matrices(expression_, factor.held, factor.labels).has_value();
    };
    const auto count = [&](const Labels& labels) {
      return elements_of(expression_.shape_of(labels));
    };
    const ProductSizes sizes{.batch = count(left.labels.batch),
                             .rows = count(left.labels.rows),
                             .inner = count(left.labels.columns),
                             .columns = count(right.labels.columns)};
    if (multiplier_ == Multiplier::strided && strided_pays(sizes, lies(left), lies(right))) {
      return multiply_strided(left, right, out);
    }
    auto x = matrices(left.held, left.labels), y = matrices(right.held, right.labels);
    auto z = matrices(out, {left.labels.batch, left.labels.rows, right.labels.columns});
    add({.kind = Instruction::Kind::product,
         .out = std::move(z),
         .left = std::move(x),
         .right = std::move(y),
         .modes = {}});
  }

  void multiply_strided(const Factor& left, const Factor& right, const Held& out) {
    const auto walk = [&](const Factor& factor, const Labels& labels) {
      return joined(walk_of(expression_, factor.held, labels));
    };
    add({.kind = Instruction::Kind::strided,
         .out = view(out, {}),
         .left = view(left.held, {}),
         .right = view(right.held, {}),
         .modes = {},
         .product = {.left_batch = walk(left, left.labels.batch),
                     .right_batch = walk(right, right.labels.batch),
                     .rows = walk(left, left.labels.rows),
                     .left_inner = walk(left, left.labels.columns),
                     .right_inner = walk(right, right.labels.rows),
                     .columns = walk(right, right.labels.columns)}});
  }

  void multiply(const Merge& merge, const Held& left, const Held& right, const Held& out) {
    const auto& summed = merge.parts.summed;
    const auto a = view(left, merge.order), b = view(right, merge.order),
               to = view(out, merge.order);
    const auto a_steps = view(left, summed).strides, b_steps = view(right, summed).strides,
               counts = expression_.shape_of(summed);
    const auto values = elements_of(counts);
    for (std::int64_t value = 0; value < values; ++value) {
      auto x = a, y = b;
      auto rest = value;
      for (std::size_t mode = counts.size(); mode-- > 0; rest /= counts[mode]) {
        x.offset += rest % counts[mode] * a_steps[mode];
        y.offset += rest % counts[mode] * b_steps[mode];
      }
      x = spread_out(std::move(x), merge.order);
      y = spread_out(std::move(y), merge.order);
      add({.kind = value == 0 ? Instruction::Kind::multiply : Instruction::Kind::multiply_add,
           .out = to,
           .left = std::move(x),
           .right = std::move(y),
           .modes = {}});
    }
  }

  /// A factor as multiplications take it (merge.h).
  ElementView spread_out(ElementView factor, const Labels& order) {
    auto wanted = spread_sizes(factor.sizes, expression_.shape_of(order));
    if (!wanted) return factor;
    const auto number = new_block(elements_of(*wanted));
    ElementView copy{.holder = Holder::block,
                     .number = number,
                     .sizes = *wanted,
                     .strides = packed_strides(*wanted)};
    made_.instructions.push_back({.kind = Instruction::Kind::copy,
                                  .out = copy,
                                  .left = std::move(factor),
                                  .right = {},
                                  .modes = {}});
    scratch_.push_back(number);
    return copy;
  }

  /// Adds the instruction that reads what was copied for it.
  void add(Instruction instruction) {
    made_.instructions.push_back(std::move(instruction));
    for (const auto number : scratch_) made_.blocks[number].last = time() - 1;
    scratch_.clear();
  }

  const Expression& expression_;
  const std::vector<int>& holders_;
  Multiplier multiplier_;
  std::vector<Held> tensors_;
  std::vector<std::size_t> scratch_;
  Compiled made_;
};

}  // namespace

Compiled compile(const Expression& expression, const std::vector<int>& holders,
                 const std::vector<Merge>& merges, const std::vector<Shape>& strides,
                 Multiplier multiplier) {
  return Compiler(expression, holders, multiplier).run(merges, strides);
}

}  // namespace ranklens::tn
