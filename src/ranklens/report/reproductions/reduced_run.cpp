#include "ranklens/report/reproductions/reduced_run.h"

namespace ranklens::report {

void leave_undecided(std::vector<Verdict>& verdicts) {
  for (auto& one : verdicts) {
    one.verdict.outcome = study::Outcome::undecided;
    one.verdict.reason += "; a reduced run says nothing of the published one";
  }
}

}  // namespace ranklens::report
