#include "ranklens/tn/contraction/compile.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ranklens/tn/contraction/merge.h"

namespace ranklens::tn {
namespace {

/// A tensor while it is worked on: its labels, and where its elements lie.
struct Held {
  Labels labels;
  Shape strides;  // of the labels' modes
  Holder holder = Holder::operand;
  std::size_t number = 0;
};

std::int64_t elements_of(const Shape& sizes) {
  std::int64_t count = 1;
  for (const auto size : sizes) count *= size;
  return count;
}

Shape packed_strides(const Shape& sizes) {
  Shape strides(sizes.size());
  std::int64_t step = 1;
  for (std::size_t mode = sizes.size(); mode-- > 0; step *= sizes[mode]) strides[mode] = step;
  return strides;
}

/// Modes that can be walked as one: its size and stride.
struct Run {
  std::int64_t size = 1, stride = 1;
};

/// Whether matrix products take rows and columns like these as they lie; a mode of size 1 gets the
/// stride with which they do.
bool fit_for_products(Run& rows, Run& columns) {
  if (columns.size == 1) columns.stride = rows.stride == 1 ? rows.size : 1;
  if (rows.size == 1) rows.stride = columns.stride == 1 ? columns.size : 1;
  return (columns.stride == 1 && rows.stride >= columns.size) ||
         (rows.stride == 1 && columns.stride >= rows.size);
}

class Compiler {
 public:
  Compiler(const Expression& expression, const std::vector<int>& holders)
      : expression_(expression), holders_(holders) {}

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

  /// Its modes in that order; labels that it lacks have size 1.
  ElementView view(const Held& held, const Labels& order) const {
    ElementView found{.holder = held.holder, .number = held.number, .sizes = {}, .strides = {}};
    for (const auto label : order) {
      const auto at = std::find(held.labels.begin(), held.labels.end(), label);
      const bool there = at != held.labels.end();
      found.sizes.push_back(there ? size(label) : 1);
      found.strides.push_back(
          there ? held.strides[static_cast<std::size_t>(at - held.labels.begin())] : 1);
    }
    return found;
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

  /// Several modes as one, where they lie so.
  std::optional<Run> as_run(const Held& held, const Labels& labels) const {
    const auto modes = view(held, labels);
    Run run;
    for (std::size_t k = labels.size(); k-- > 0;) {
      if (k + 1 == labels.size()) {
        run.stride = modes.strides[k];
      } else if (modes.strides[k] != run.stride * run.size) {
        return std::nullopt;
      }
      run.size *= modes.sizes[k];
    }
    return run;
  }

  /// The tensor as a batch of matrices, [B, m, n] or, without a batch, [m, n]: as it lies, or a
  /// copy.
  ElementView matrices(const Held& held, const Labels& batch, const Labels& rows,
                       const Labels& columns) {
    const auto b = as_run(held, batch);
    auto m = as_run(held, rows), n = as_run(held, columns);
    if (!b || !m || !n || !fit_for_products(*m, *n)) {
      return matrices(copied(view(held, concatenated(batch, rows, columns)),
                             concatenated(batch, rows, columns)),
                      batch, rows, columns);
    }
    ElementView found{.holder = held.holder,
                      .number = held.number,
                      .sizes = {m->size, n->size},
                      .strides = {m->stride, n->stride}};
    if (!batch.empty()) {
      found.sizes.insert(found.sizes.begin(), b->size);
      found.strides.insert(found.strides.begin(), b->stride);
    }
    return found;
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
    const auto multiply = [&](const Held& a, const Labels& rows, const Held& b,
                              const Labels& columns) {
      auto x = matrices(a, parts.batch, rows, parts.summed);
      auto y = matrices(b, parts.batch, parts.summed, columns);
      auto z = matrices(out, parts.batch, rows, columns);
      add({.kind = Instruction::Kind::product,
           .out = std::move(z),
           .left = std::move(x),
           .right = std::move(y),
           .modes = {}});
    };
    if (merge.swapped) {
      multiply(right, parts.right, left, parts.left);
    } else {
      multiply(left, parts.left, right, parts.right);
    }
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

  static Labels concatenated(Labels a, const Labels& b, const Labels& c) {
    a.insert(a.end(), b.begin(), b.end());
    a.insert(a.end(), c.begin(), c.end());
    return a;
  }

  const Expression& expression_;
  const std::vector<int>& holders_;
  std::vector<Held> tensors_;
  std::vector<std::size_t> scratch_;
  Compiled made_;
};

}  // namespace

Compiled compile(const Expression& expression, const std::vector<int>& holders,
                 const std::vector<Merge>& merges, const std::vector<Shape>& strides) {
  return Compiler(expression, holders).run(merges, strides);
}

}  // namespace ranklens::tn
