#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/tn/diagram/book/plain.h"
#include "ranklens/tn/diagram/evaluate.h"

/// The book of tensor notation: items that are drawn, computed as drawn, and computed again in
/// another way. The list is that of Taylor 2024 ("An introduction to graphical tensor notation for
/// mechanistic interpretability"), up to neural networks.
namespace ranklens::tn::diagram::book {

/// A statement about numbers that belongs to an item: value = bound, or value <= bound.
struct Fact {
  std::string text;
  double value = 0, bound = 0;
  bool at_most = false;
  /// Relative to the larger of the two. Negative with `at_most`: strictly below, by so much.
  double tolerance = 1e-9;

  bool holds() const;
};

struct Item {
  std::string_view id = {};
  std::string_view title = {};
  std::string_view text = {};     ///< what a newcomer should see in the drawing
  std::string_view formula = {};  ///< a_{ij} and a^{*} are set as indices
  /// The document (docs/diagrams.md) with one diagram; its tensors are random unless `prepare`
  /// makes them.
  std::string_view source = {};
  /// Makes the tensors that follow from others: the factors of a decomposition.
  void (*prepare)(Values& values) = nullptr;
  /// The second evaluation, of the same tensors, by loops or named operators, and its text.
  std::string_view code = {};
  at::Tensor (*second)(const Given& t) = nullptr;
  /// What else holds; `drawn` is what the first side of the diagram gives.
  std::vector<Fact> (*facts)(const Given& t, const at::Tensor& drawn) = nullptr;
};

/// The code of a second evaluation, as text and as what runs.
#define RANKLENS_BOOK_SECOND(...) \
  .code = #__VA_ARGS__,           \
  .second = []([[maybe_unused]] const Given& t) -> at::Tensor { return __VA_ARGS__; }

struct Group {
  std::string_view name;
  std::string_view text;
  std::vector<Item> items;
};

/// All groups, in the order of the book. Entries for transformers will follow those for networks.
std::vector<Group> groups();

// One file a group, or several where it is large.
Group operations();
Group copies();
Group special_tensors();
Group matrix_decompositions();
Group tensor_decompositions();
Group tensor_networks();
Group neural_networks();
Group learning();

struct Verified {
  std::vector<double> errors =
      {};  ///< one a side of the diagram: its difference from the second way
  double tolerance = 0;
  std::vector<std::string> broken = {};  ///< tensors without the property of their kind
  std::vector<Fact> facts = {};
  bool holds = false;

  double worst() const;
};

/// A change of one drawn tensor (`number`, in the order of writing): each element by another
/// amount, up to a third of the largest.
EvaluateOptions disturbing(std::size_t number);

/// Evaluates an item in both ways. The change of `options` reaches the drawn tensors only.
Verified verify(const Item& item, std::uint64_t seed, const EvaluateOptions& options = {});

}  // namespace ranklens::tn::diagram::book
