#include <cmath>

#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

/// The mean square of all entries of many trains, found without writing them out.
template <class Draw>
double entry_variance(int draws, double entries, Draw&& draw) {
  double squares = 0;
  for (int i = 0; i < draws; ++i) {
    const auto train = draw();
    squares += dot(train, train).template item<double>() / entries;
  }
  return squares / draws;
}

// The entries of a new train have the variance asked for, within a tenth, whatever the ranks and
// the number of cores: rank^(d-1) and the power 1/(2 d) both count. Of cores of 48 numbers and more
// the sums below are known to three hundredths.
TEST(OracleVariance, WithinATenthForRanksAndOrders) {
  constexpr std::int64_t n = 48;
  const double wanted = 1.7;
  for (const std::int64_t d : {2, 3, 4, 5, 6}) {
    for (const std::int64_t rank : {1, 2, 4, 8, 16}) {
      base::Stream stream(17, "init", "variance", static_cast<std::uint64_t>(100 * d + rank));
      const RandomTrain options{
          .ranks = {rank}, .deviation = std::sqrt(wanted), .cap_ranks = false};
      const int draws = rank == 1 ? 400 : rank == 2 ? 150 : 60;
      const double entries = std::pow(static_cast<double>(n), static_cast<double>(d));
      const double of_trains = entry_variance(draws, entries, [&] {
        return random(stream, Shape(static_cast<std::size_t>(d), n), options);
      });
      EXPECT_NEAR(of_trains / wanted, 1, 0.1) << d << " cores of rank " << rank;
      const Shape rows(static_cast<std::size_t>(d), 6), columns(static_cast<std::size_t>(d), 8);
      const double of_matrices =
          entry_variance(draws, entries, [&] { return random(stream, rows, columns, options); });
      EXPECT_NEAR(of_matrices / wanted, 1, 0.1) << d << " cores of rank " << rank;
    }
  }
}

}  // namespace
}  // namespace ranklens::tn
