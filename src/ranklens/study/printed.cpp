#include "ranklens/study/printed.h"

#include <cmath>

#include "ranklens/base/error.h"
#include "ranklens/study/judgement.h"
#include "ranklens/study/student_t.h"

namespace ranklens::study {
namespace {

bool is_exact(const Printed& printed) { return printed.runs < 2 || printed.deviation <= 0; }

std::vector<double> plain_values(const std::vector<SeedValue>& values) {
  std::vector<double> plain;
  for (const auto& one : values) plain.push_back(one.value);
  return plain;
}

double effect_to(const Summary& ours, const Printed& printed) {
  const double difference = ours.mean - printed.mean;
  if (ours.count < 3 || difference == 0) return 0;
  double variance = ours.deviation * ours.deviation;
  auto degrees = static_cast<double>(ours.count - 1);
  if (!is_exact(printed)) {
    variance = (variance + printed.deviation * printed.deviation) / 2;
    degrees += static_cast<double>(printed.runs - 1);
  }
  const double half = degrees / 2;
  const double correction = std::exp(std::lgamma(half) - std::lgamma(half - 0.5)) / std::sqrt(half);
  return correction * difference / std::sqrt(variance);
}

}  // namespace

Summary difference_to(std::span<const double> ours, const Printed& printed, double level) {
  Summary summary = summarise(ours, level);
  if (!is_exact(printed) && summary.count > 1) {
    const auto n = static_cast<double>(summary.count), m = static_cast<double>(printed.runs);
    const double a = summary.deviation * summary.deviation / n;
    const double b = printed.deviation * printed.deviation / m;
    const double degrees = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1));
    const double reach = student_t_quantile((1 + level) / 2, degrees) * std::sqrt(a + b);
    summary.deviation = std::sqrt((a + b) * n);
    summary.lower = summary.mean - reach;
    summary.upper = summary.mean + reach;
  }
  summary.mean -= printed.mean;
  summary.lower -= printed.mean;
  summary.upper -= printed.mean;
  return summary;
}

Verdict judge(const Claim& claim, const AgainstPrinted& samples) {
  // Without a value, or with one that is not finite, there is nothing that a printed spread
  // changes.
  PairedSamples about{.first = samples.first, .second = samples.second, .lost = samples.lost};
  bool finite = true;
  for (const auto& [seed, value] : samples.values) {
    about.seeds.push_back(seed);
    about.first_values.push_back(value);
    about.second_values.push_back(samples.printed.mean);
    finite = finite && std::isfinite(value);
  }
  if (samples.values.empty() || !finite) return judge(claim, about);
  const auto ours = plain_values(samples.values);
  return judged_difference(claim, difference_to(ours, samples.printed, claim.level),
                           effect_to(summarise(ours, claim.level), samples.printed), about);
}

}  // namespace ranklens::study
