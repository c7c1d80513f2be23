#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/contraction/arena.h"
#include "ranklens/tn/contraction/layout.h"
#include "ranklens/tn/linalg/strided_product.h"

namespace ranklens::tn {

/// What holds a tensor's elements.
enum class Holder {
  operand,  ///< one that the caller gives
  block,    ///< memory of the arena
  result,   ///< what is returned
};

/// Elements of a holder as a tensor.
struct ElementView {
  Holder holder = Holder::operand;
  std::size_t number = 0;   ///< of the operand or block
  std::int64_t offset = 0;  ///< elements, from the holder's first
  Shape sizes, strides;
};

/// One call of a kernel that writes into memory that is there.
struct Instruction {
  enum class Kind {
    sum,           ///< out = left, summed over `modes`
    copy,          ///< out = left, with left's modes of size 1 repeated
    product,       ///< out = left right, matrices or batches of them
    strided,       ///< out = left right, whose indices lie in any order: `product`
    multiply,      ///< out = left * right with broadcasting
    multiply_add,  ///< out += left * right
  };
  Kind kind = Kind::product;
  ElementView out, left, right;
  std::vector<std::int64_t> modes;
  StridedProduct product = {};  ///< of a strided one, whose views only say where elements begin
};

/// Who computes products: libtorch alone, or also kernels of our own (linalg/strided_product.h),
/// which take float32 and float64 in the processor's memory.
enum class Multiplier { library, strided };

/// Steps as instructions, with a place for everything that they write.
struct Compiled {
  std::vector<Instruction> instructions;
  std::vector<Block> blocks;
  std::int64_t arena = 0;   ///< elements of all blocks together
  std::int64_t result = 0;  ///< elements of the result
  ElementView output;       ///< the result, its modes the expression's output
};

/// Compiles steps that lay_out() made of this expression: at least one. `strides` are those of the
/// operands' modes. `holders` says how many operands, and the output, have each label.
Compiled compile(const Expression& expression, const std::vector<int>& holders,
                 const std::vector<Merge>& merges, const std::vector<Shape>& strides,
                 Multiplier multiplier);

}  // namespace ranklens::tn
