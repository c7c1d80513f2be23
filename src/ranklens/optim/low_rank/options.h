#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/rank_schedule.h"
#include "ranklens/optim/low_rank/truncate.h"

namespace ranklens::optim {

/// How weights of the form U S V^T, and convolutions in Tucker-2 form, are trained.
struct LowRankOptions {
  enum class Method { bug, augmented_bug, fixed_bug, parallel_bug, psi, abc_psi, core };
  Method method = Method::bug;
  /// Of these weights and of all other tensors.
  double lr = 1e-3;
  /// Steps of the core between two truncations (method bug).
  int core_steps = 1;
  RankPolicy ranks = {};
  RankSchedule schedule = {};
  CoreRule rule = {};
  /// Numbers that all these weights together may hold, r (m + n) of a matrix, p O + q I + p q
  /// height width of a kernel in Tucker form; 0: no bound.
  std::int64_t budget = 0;
  /// Of parallel_bug: a step is made again from its augmented bases where what it left out, times
  /// its length, is above `reject` times what a truncation may cut off, or where nothing was cut
  /// off; 0: never. Nor where, under a budget, the weight holds what others leave of it.
  double reject = 0;
  /// Every so many steps, factors that have drifted from orthonormal columns are made so again.
  std::int64_t orthonormalise_every = 100;
};

/// "bug", "augmented_bug", "fixed_bug", "parallel_bug", "psi", "abc_psi", "core".
std::string_view to_string(LowRankOptions::Method method);
/// Whether its weights keep the ranks that they begin with, so that neither tau nor a budget is
/// its.
bool keeps_rank(LowRankOptions::Method method);
/// Whether a spec's name is one of them.
bool is_low_rank_method(std::string_view name);
const std::vector<std::string>& low_rank_methods();

/// bug(lr=1e-3,tau=0.1,s=1,floor=2,cap=64,absolute=0,budget=0,budget_over=100,tau_end=0.2,over=1000,hold=5000,
/// layers=conv*:0.05;head:0.2:16,rule=adam|sgd,moments=layer|entry,momentum=0,beta1=0.9,
/// beta2=0.999,eps=1e-8,weight_decay=0); parallel_bug(reject=10,...).
LowRankOptions read_low_rank_options(base::SpecReader& spec);
std::string spec_of(const LowRankOptions& options);

}  // namespace ranklens::optim
