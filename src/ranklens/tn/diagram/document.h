#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Tensor diagrams in text: what a file says, before anything is drawn or computed.
/// docs/diagrams.md has the grammar.
namespace ranklens::tn::diagram {

/// A place in the text, both from 1; columns count characters, not bytes.
struct Place {
  int line = 1;
  int column = 1;
};

/// What is known of a tensor's values. The kinds from Copy on have no values of their own.
enum class Kind {
  Tensor,
  Isometry,       ///< U† U = 1 summed over the legs before ';'
  Unitary,        ///< an isometry with as many numbers on both sides of ';'
  Diagonal,       ///< a square matrix with zeros beside its diagonal
  Symmetric,      ///< unchanged by exchanging any two legs
  Antisymmetric,  ///< changes sign by exchanging any two legs
  Positive,       ///< Hermitian and positive semidefinite as a matrix across ';'
  Copy,           ///< 1 where all indices agree, else 0
  Identity,       ///< a bare line
  Ones,
  Zeros,
  Fuse,  ///< 1 where the last index is the row-major index of the others: groups or splits legs
};

std::string_view to_string(Kind kind);

/// Where an open leg ends.
enum class Side { Any, Left, Right, Up, Down };

struct Leg {
  std::string name;
  std::optional<std::int64_t> size = {};  ///< only where it is written: "i:3"
  Place place = {};
};

/// A tensor with a name: its kind, and its legs, of which the first `split` stand before ';'.
struct Declaration {
  std::string name;
  Kind kind = Kind::Tensor;
  std::vector<Leg> legs = {};
  std::size_t split = 0;
  std::vector<std::int64_t> sizes = {};  ///< one a leg, filled by check()
  Place place = {};
};

struct Point {
  double x = 0, y = 0;
};

struct Factor;

/// A product of factors, joined by the legs that they share, times a number.
struct Term {
  double coefficient = 1;
  std::vector<Factor> factors;  // an initialiser would need the whole of Factor here
  Place place = {};
};

using Sum = std::vector<Term>;

/// One thing in a product: a tensor, a function of a sum, a bracket around a sum, or a dashed group
/// of factors.
struct Factor {
  enum class What { Tensor, Function, Bracket, Group };
  What what = What::Tensor;
  std::string name = {};  ///< of the tensor or function; of a group, what is written at it
  Kind kind = Kind::Tensor;
  bool conjugate = false;
  std::vector<Leg> legs = {};  ///< of a function or bracket: the open legs of `inner`, by check()
  std::size_t split = 0;  ///< how many of the legs stand before ';' (of a declared tensor: there)
  std::optional<Point> at = {};  ///< a hint: where to draw it, in units of the grid, y downwards
  Sum inner = {};
  Place place = {};
};

struct OpenLeg {
  std::string name;
  Side side = Side::Any;
  bool bent = false;  ///< leaves on the opposite side and turns round: a transposition
  Place place = {};
};

enum class Arrangement { Auto, Grid, Tree, Ring, Stress };

/// One sum, or several that are equal, with the order of the open legs.
struct Diagram {
  std::string name;
  std::vector<Sum> sides = {};
  std::vector<OpenLeg> open = {};
  double tolerance = 1e-10;  ///< relative, in the Frobenius norm
  Arrangement arrangement = Arrangement::Auto;
  bool show_sizes = false;  ///< legs are labelled with their sizes, not with their names
  /// The size of every leg by name, filled by check(): a name has one size in a diagram.
  std::map<std::string, std::int64_t> sizes = {};
  Place place = {};
};

struct Document {
  std::string title = {};
  bool complex = false;  ///< random tensors are complex
  std::map<std::string, std::int64_t> sizes = {};
  std::vector<Declaration> tensors = {};
  std::vector<Diagram> diagrams = {};
};

/// The legs that a factor is joined to others by: of a group those that occur once in it.
std::vector<std::string> outer_legs(const Factor& factor);

/// The declaration of that name, or null.
const Declaration* find(const Document& document, std::string_view name);

}  // namespace ranklens::tn::diagram
