#include "ranklens/tn/diagram/book/tensor_decompositions.h"

namespace ranklens::tn::diagram::book {

Group tensor_decompositions() {
  Group group{"Decompositions of tensors",
              "One large tensor becomes several small ones, exactly or with a known error.",
              sums_and_cores()};
  for (const Item& item : trains()) group.items.push_back(item);
  for (const Item& item : other_networks()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
