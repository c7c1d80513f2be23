#include "ranklens/tn/diagram/words.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ranklens/tn/diagram/functions.h"

namespace ranklens::tn::diagram {
namespace {

using NamedKind = std::pair<std::string_view, Kind>;
constexpr NamedKind kDeclared[] = {
    {"tensor", Kind::Tensor},       {"isometry", Kind::Isometry},
    {"unitary", Kind::Unitary},     {"diagonal", Kind::Diagonal},
    {"symmetric", Kind::Symmetric}, {"antisymmetric", Kind::Antisymmetric},
    {"positive", Kind::Positive}};
constexpr NamedKind kBuiltIn[] = {{"copy", Kind::Copy},
                                  {"id", Kind::Identity},
                                  {"ones", Kind::Ones},
                                  {"zeros", Kind::Zeros},
                                  {"fuse", Kind::Fuse}};
constexpr std::string_view kStatements[] = {"title", "size", "complex", "diagram", "layout"};
constexpr std::pair<std::string_view, Arrangement> kArrangements[] = {
    {"auto", Arrangement::Auto},
    {"grid", Arrangement::Grid},
    {"tree", Arrangement::Tree},
    {"ring", Arrangement::Ring},
    {"stress", Arrangement::Stress}};
constexpr std::pair<std::string_view, Side> kSides[] = {
    {"left", Side::Left}, {"right", Side::Right}, {"up", Side::Up}, {"down", Side::Down}};

template <class Meaning, std::size_t count>
std::optional<Meaning> look_up(const std::pair<std::string_view, Meaning> (&table)[count],
                               std::string_view word) {
  for (const auto& [name, meaning] : table) {
    if (name == word) return meaning;
  }
  return std::nullopt;
}

template <class Meaning, std::size_t count>
void append_words(std::vector<std::string>& words,
                  const std::pair<std::string_view, Meaning> (&table)[count]) {
  for (const auto& [name, meaning] : table) words.emplace_back(name);
}

}  // namespace

std::optional<Kind> declared_kind(std::string_view word) { return look_up(kDeclared, word); }
std::optional<Kind> built_in_kind(std::string_view word) { return look_up(kBuiltIn, word); }
std::optional<Arrangement> arrangement_of(std::string_view word) {
  return look_up(kArrangements, word);
}
std::optional<Side> side_of(std::string_view word) { return look_up(kSides, word); }

bool reserved(std::string_view word) {
  return declared_kind(word) || built_in_kind(word) || find_function(word) ||
         std::count(std::begin(kStatements), std::end(kStatements), word) > 0;
}

std::vector<std::string> statement_words() {
  std::vector<std::string> words(std::begin(kStatements), std::end(kStatements));
  append_words(words, kDeclared);
  return words;
}

std::vector<std::string> built_in_words() {
  std::vector<std::string> words;
  append_words(words, kBuiltIn);
  return words;
}

std::vector<std::string> arrangement_words() {
  std::vector<std::string> words;
  append_words(words, kArrangements);
  return words;
}

}  // namespace ranklens::tn::diagram
