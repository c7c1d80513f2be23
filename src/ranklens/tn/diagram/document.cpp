#include "ranklens/tn/diagram/document.h"

#include <algorithm>

namespace ranklens::tn::diagram {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::Tensor:
      return "tensor";
    case Kind::Isometry:
      return "isometry";
    case Kind::Unitary:
      return "unitary";
    case Kind::Diagonal:
      return "diagonal";
    case Kind::Symmetric:
      return "symmetric";
    case Kind::Antisymmetric:
      return "antisymmetric";
    case Kind::Positive:
      return "positive";
    case Kind::Copy:
      return "copy";
    case Kind::Identity:
      return "id";
    case Kind::Ones:
      return "ones";
    case Kind::Zeros:
      return "zeros";
    case Kind::Fuse:
      return "fuse";
  }
  return "tensor";
}

const Declaration* find(const Document& document, std::string_view name) {
  const auto found = std::find_if(document.tensors.begin(), document.tensors.end(),
                                  [&](const Declaration& t) { return t.name == name; });
  return found == document.tensors.end() ? nullptr : &*found;
}

}  // namespace ranklens::tn::diagram
