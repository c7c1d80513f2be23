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

std::vector<std::string> outer_legs(const Factor& factor) {
  std::vector<std::string> legs;
  if (factor.what != Factor::What::Group) {
    for (const Leg& leg : factor.legs) legs.push_back(leg.name);
    return legs;
  }
  for (const Factor& inner : factor.inner.front().factors) {
    for (std::string& leg : outer_legs(inner)) {
      const auto other = std::find(legs.begin(), legs.end(), leg);
      if (other == legs.end()) {
        legs.push_back(std::move(leg));
      } else {
        legs.erase(other);
      }
    }
  }
  return legs;
}

const Declaration* find(const Document& document, std::string_view name) {
  const auto found = std::find_if(document.tensors.begin(), document.tensors.end(),
                                  [&](const Declaration& t) { return t.name == name; });
  return found == document.tensors.end() ? nullptr : &*found;
}

}  // namespace ranklens::tn::diagram
