#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace ranklens::train {

/// Numbers by name that were observed of a training: "rank/head.weight", "rank/mps.17".
using Observed = std::map<std::string, double>;

/// The most numbers of one train that are told one by one.
inline constexpr std::size_t kFewBonds = 8;

/// The numbers of each train that has them bond by bond ("rank/mps.0", "rank/mps.1", ... under
/// "rank/mps"), in the order of its bonds.
std::map<std::string, std::vector<double>> by_bond(const Observed& observed);

/// The same numbers with those of trains of more than kFewBonds bonds as two: "rank/mps largest"
/// and "rank/mps mean".
Observed summarised(const Observed& observed);

}  // namespace ranklens::train
