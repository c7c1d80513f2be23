#include "ranklens/report/reproductions/trial_words.h"

#include <map>

namespace ranklens::report {

const TrialWords& trial_words(const std::string& experiment) {
  static const std::map<std::string, TrialWords> all{
      {"lenet-dlrt",
       {"LeNet5 with ranks found on the way",
        "LeNet5 learns MNIST with three weights as U S V^T, whose ranks a tolerance of truncation "
        "decides (Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco 2022).",
        {"Shares of saved weights count r (m + n) numbers for a weight of rank r. The published "
         "table leaves out the factor on the input's side; its rows are counted anew here from "
         "their printed ranks.",
         "A row of that table is held against the run that saves at least as much, whatever "
         "tolerance that took; both means carry the spread of their runs (Welch's interval).",
         "Ranks begin at 10, 25 and 250, half of what the weights can have, and stay within 2 and "
         "that, as published.",
         "The arms \"tau-0.01-to-NUMBERS\" are of the sizes and ranks of the last two rows: in "
         "place of the tolerance a bound on the numbers of all three weights comes down."}}},
      {"uv-vs-dlrt",
       {"Small singular values: descent on factors against integrators",
        "LeNet5 learns MNIST at rank 20 from singular values that decay, by gradient descent on "
        "U and V, and by integrators that do not see how the weight is split among factors.",
        {"At a fixed rank a step of \"parallel\" is Riemannian gradient descent exactly: W - lr "
         "P(W) "
         "G, P the projection onto the tangent space, retracted by a singular value "
         "decomposition. \"riemannian\" is the same descent by other code, on tensor trains of two "
         "cores, which are the matrices of that rank. But trains let go of singular values that "
         "the rounding of float32 hides, 32 times below it: where they decay, its rank is lower "
         "from the first step on.",
         "Robustness is judged by what each method loses from no decay to a decay of 10, the same "
         "draws divided.",
         "The curves published for descent on U and V are of another network: in their code the "
         "factors of both convolutions are held where they begin, without the decay, so that only "
         "the layer of 800 to 500 descends in factors. They stand beside \"uv-as-coded\", which "
         "does the same; \"uv\" is descent on all three.",
         "The published files count the untrained network as a row, so that their twentieth row "
         "is after 19 epochs; the accuracies beside are those after 20."}}},
      {"mlp-dlrt",
       {"Dense networks with ranks found in one phase",
        "Four hidden layers as U S V^T learn MNIST; the published runs needed 100 epochs at fixed "
        "ranks after up to 250 in which the ranks were found.",
        {"The published accuracies are those after the second phase; before it they were between "
         "78 and 95 %. They are single numbers without a spread.",
         "Ours is one phase from the same ranks as published (350, or half the width where that is "
         "less, which no rank exceeds), of 50 epochs in the whole experiment. So a row that is "
         "missed is missed in these, not in as many as were published. A row counts as reached "
         "within 0.2 points."}}},
      {"train-from-prune",
       {"From a dense network to rank 20",
        "A dense network is trained, cut to rank 20, and trained at that rank; another is at rank "
        "20 from the start.",
        {"Both arms train for as many epochs in all, at the same rate; the second has all of "
         "them at rank 20."}}},
      {"novikov-mnist",
       {"Two layers as tensor trains",
        "A network of one hidden layer learns MNIST with both weights as tensor trains (Novikov, "
        "Podoprikhin, Osokin, Vetrov 2015).",
        {"The modes of the last layer are not printed; the ones here come near the printed "
         "numbers of parameters.",
         "A printed error, a single number, counts as reached within 0.2 points."}}},
      {"mps-mnist",
       {"A matrix product state that tells digits apart",
        "Images of 14x14 means as products of 196 two-vectors, met by a matrix product state that "
        "carries the digit (Stoudenmire and Schwab 2016).",
        {"Images are the same for every seed, which draws the start alone; the last sweep and the "
         "last epoch count. Sweeps see (1, x / 4) of each mean x, row by row, as in the code "
         "published with the paper, Adam (1 - x, x), which spans the same functions; the arms "
         "\"sweeps-linear\" have that, too, and \"sweeps-cosine\" the printed (cos, sin) of x "
         "times "
         "pi / 2. With x / 4 products of many pixels cost more, so that functions of few are found "
         "first. The paper draws a zigzag.",
         "The losses differ. Sweeps solve least squares, |f - y|^2 / 2 with y the unit vector of "
         "the class, for two neighbouring cores at a time on all images at once, by four conjugate "
         "gradients a bond, preconditioned and cut by second moments of the data; an epoch of "
         "theirs is a sweep from the middle to one end, to the other "
         "and back. The label stays on the middle core, as in the published code; in the arms "
         "\"sweeps-moving\" it moves with the pair, as in the paper. Adam takes the cross-entropy "
         "of batches of 100."}}},
      {"fine-tune-effect",
       {"What tuning the cores alone adds",
        "Ranks are found at a tolerance of 0.1 with all layers in factors, then the cores alone "
        "are trained on.",
        {"In the published runs accuracies jumped by 15 to 28 points, after a truncation whose "
         "factor was transposed.",
         "Layers begin at half of the rank that their weights can have, which no rank exceeds, as "
         "published; convolutions as matrices of filters.",
         "The published means are of five runs, at a rate that stayed, as ours (one of them ended "
         "at a lower one); the published shares "
         "of saved weights count something else, and those beside are of the ranks of one of these "
         "runs. Their pixels were normalised, their ResNet-20 has no ReLU between its three linear "
         "layers, and their singular values began as |N(0, 1)|; ours are pixels from 0 to 1, with "
         "ReLUs, and the usual draws.",
         "While cores are tuned, all that has no core is held (but the statistics of norms). "
         "\"ranks found on\" goes on from the same network as before, as long; curves are of the "
         "phases that led to the tuned network, and leave it out."}}}};
  return all.at(experiment);
}

std::string arm_words(const std::string& experiment, const std::string& arm) {
  static const std::map<std::string, std::string> factors{
      {"uv", "descent on U and V"},
      {"uv-as-coded", "descent on U and V with convolutions held, as in the published code"},
      {"bug", "fixed-rank BUG"},
      {"two-pass", "augmented BUG, cut back to the rank"},
      {"parallel", "parallel BUG, cut back to the rank: Riemannian gradient descent"},
      {"riemannian", "Riemannian gradient descent on trains of two cores"}};
  if (experiment != "uv-vs-dlrt") return "";
  const auto found = factors.find(arm.substr(0, arm.rfind("-d")));
  return found == factors.end() ? "" : found->second;
}

}  // namespace ranklens::report
