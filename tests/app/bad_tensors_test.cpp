#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/train/container.h"
#include "ranklens/tn/train/make.h"

#include "app/run.h"
#include "testing/put_file.h"

// What tensor commands are given that makes no sense: one sentence, status 2, nothing written.
namespace ranklens::app {
namespace {

using testing::put_file;

/// A folder with arrays and networks, and the commands that read them.
class BadTensors : public ::testing::Test {
 protected:
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  std::string array(const std::string& name, const at::Tensor& tensor) const {
    base::write_npy(file(name), tensor);
    return file(name);
  }

  std::string text(const std::string& name, const std::string& content) const {
    put_file(folder_ / name, content);
    return file(name);
  }

  /// Runs a command that writes a file; it must complain and leave none.
  void refuses(Args command, const std::string& part) const {
    const auto out = file("out.any");
    command.insert(command.end(), {"--out", out});
    expect_complaint(ranklens(command), 2, part);
    EXPECT_FALSE(fs::exists(out)) << part;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(BadTensors, ShapesThatDoNotFactorTheMatrix) {
  const auto w = array("w.npy", at::ones({6, 4}));
  refuses({"decompose", w, "--eps", "0", "--rows", "2x2", "--columns", "2x2"},
          "do not give a matrix of shape 6x4");
  refuses({"decompose", w, "--eps", "0", "--rows", "2x3", "--columns", "4"}, "as many of each");
  refuses({"decompose", w, "--eps", "0", "--rows", "2x0", "--columns", "2x2"}, "2x0");
  // Sizes whose product is beyond any integer.
  refuses({"decompose", w, "--eps", "0", "--rows", "4611686018427387904x4", "--columns",
           "4611686018427387904x4"},
          "do not give a matrix of shape 6x4");
  refuses({"decompose", w, "--eps", "0", "--rows", "99999999999999999999", "--columns", "4"},
          "99999999999999999999");
}

// One number is an upper bound for all bonds, of which the outer ones can have less; what none can
// have, and in a list what its own place cannot have, is refused.
TEST_F(BadTensors, RanksAboveThePossible) {
  const auto x = array("x.npy", base::Stream(1, "noise").normal({4, 8, 5}, 0, 1, at::kDouble));
  const auto made = answer_of(
      ranklens({"decompose", x, "--ranks", "5", "--out", file("x.safetensors"), "--json"}));
  EXPECT_EQ(made["ranks"], (std::vector<int>{4, 5}));
  EXPECT_LT(made["error"].get<double>(), 1e-14);
  refuses({"decompose", x, "--ranks", "6"}, "rank 6 is above 5, the most that any bond can have");
  refuses({"decompose", x, "--ranks", "5,5"}, "rank 5 of bond 0 is above 4");
  refuses({"decompose", x, "--eps", "0.1", "--ranks", "99"}, "rank 99 is above 5");
  refuses({"decompose", x, "--format", "tucker", "--ranks", "9"}, "rank 9 is above 8");
  refuses({"decompose", x, "--format", "tucker", "--ranks", "4,8,6"},
          "rank 6 of mode 2 is above 5");
  refuses({"decompose", x, "--format", "cp", "--ranks", "21"}, "between 1 and 20");
  refuses({"decompose", x, "--format", "tucker_tt", "--ranks", "9"}, "rank 9 is above 8");
  refuses({"decompose", x, "--format", "tucker_tt", "--bond-ranks", "6"}, "rank 6 is above 5");
  refuses({"round", file("x.safetensors"), "--ranks", "6"}, "rank 6 is above 5");
  for (const std::string format : {"tucker", "cp", "tucker_tt"}) {
    const auto f = file(format + ".safetensors");
    ASSERT_EQ(ranklens({"decompose", x, "--format", format, "--ranks", "2", "--out", f}).status, 0);
    refuses({"round", f, "--ranks", "21"}, "21");
  }
  const auto w = array("w.npy", base::Stream(1, "noise").normal({6, 20}, 0, 1, at::kDouble));
  refuses({"decompose", w, "--rows", "2x3", "--columns", "4x5", "--ranks", "9"}, "above 8");
  refuses({"decompose", x, "--ranks", "0"}, "is no list of ranks");
  refuses({"decompose", x, "--ranks", "-3"}, "is no list of ranks");
  refuses({"decompose", x, "--ranks", "99999999999999999999"}, "is no list of ranks");
}

// The same of a network's weights: fresh ones, and those that are compressed.
TEST_F(BadTensors, RanksAboveThePossibleOfWeights) {
  const auto complains = [&](const std::string& head, const std::string& part) {
    expect_complaint(ranklens({"info", "mlp", "--hidden", "30,20", "--head", head}), 2, part);
  };
  complains("low_rank(r=9999)", "above");
  complains("tt(r=9999)", "rank 9999 is above");
  complains("tucker(r=9999)", "rank 9999 is above");
  complains("cp(r=9999)", "it is 9999");
  const auto model = file("mlp.safetensors");
  ASSERT_EQ(ranklens({"compress", "mlp", "--scheme", "*: low_rank(r=2)", "--out", model}).status,
            0);
  for (const std::string format : {"low_rank", "tt", "tucker", "cp"})
    refuses({"compress", model, "--scheme", "*: " + format + "(r=9999)"}, "9999");
}

TEST_F(BadTensors, EpsThatIsNoTolerance) {
  const auto x = array("x.npy", at::ones({2, 3, 2}));
  tn::write_train(file("t.safetensors"), tn::ones({2, 3, 2}));
  for (const char* eps : {"-0.1", "nan", "inf", "-1e-300"}) {
    refuses({"decompose", x, "--eps", eps}, "eps");
    refuses({"round", file("t.safetensors"), "--eps", eps}, "eps");
  }
  refuses({"decompose", x, "--eps", "much"}, "eps");
  refuses({"decompose", x, "--eps", "-1", "--ranks", "2"}, "eps");
}

TEST_F(BadTensors, EntriesThatAreNoNumbers) {
  const double huge = INFINITY;
  for (const double entry : {std::nan(""), huge, -huge}) {
    auto broken = at::ones({3, 4}, at::kDouble);
    broken[1][2].fill_(entry);
    const auto x = array("x.npy", broken);
    refuses({"decompose", x, "--eps", "0.1"}, "NaN or infinite");
    refuses({"decompose", x, "--eps", "0.1", "--rows", "3", "--columns", "4"}, "NaN or infinite");
    tn::write_train(file("t.safetensors"), tn::TensorTrain{{broken.reshape({1, 12, 1})}});
    refuses({"round", file("t.safetensors"), "--eps", "0.1"}, "NaN or infinite");
    refuses({"full", file("t.safetensors")}, "NaN or infinite");
    expect_complaint(ranklens({"entropy", file("t.safetensors")}), 2, "NaN or infinite");
  }
}

TEST_F(BadTensors, NothingInside) {
  refuses({"decompose", array("none.npy", at::zeros({0, 3})), "--eps", "0.1"}, "has no entries");
  refuses({"decompose", array("none.npy", at::zeros({3, 0, 2})), "--eps", "0.1"}, "has no entries");
  refuses({"decompose", array("number.npy", at::zeros({})), "--eps", "0.1"}, "without modes");
  refuses(
      {"contract", "ab,b->a", array("a.npy", at::zeros({2, 0})), array("b.npy", at::zeros({0}))},
      "label 'b' has size 0");
  refuses({"contract", "ab->a", text("empty.npy", "")}, "empty.npy");
}

/// A file whose numbers lie with the first index fastest, as Fortran and NumPy's .T leave them.
std::string first_index_fastest(const at::Tensor& matrix) {
  std::string header = "{'descr': '<f8', 'fortran_order': True, 'shape': (" +
                       std::to_string(matrix.size(0)) + ", " + std::to_string(matrix.size(1)) +
                       "), }";
  while ((10 + header.size()) % 64 != 63) header += ' ';
  header += '\n';
  const std::string magic("\x93NUMPY\x01\x00", 8);
  const std::string length{static_cast<char>(header.size() % 256),
                           static_cast<char>(header.size() / 256)};
  const auto turned = matrix.t().contiguous();
  return magic + length + header +
         std::string(static_cast<const char*>(turned.const_data_ptr()), turned.nbytes());
}

// Not a fault: an array is what its indices say, however it lies in the file.
TEST_F(BadTensors, TransposedArraysAreReadAsTheyAre) {
  const auto matrix = base::Stream(1, "noise").normal({6, 20}, 0, 1, at::kDouble);
  const auto plain = array("c.npy", matrix), turned = text("f.npy", first_index_fastest(matrix));
  const auto out = file("back.npy"), train = file("t.safetensors");
  ASSERT_EQ(ranklens({"decompose", turned, "--eps", "0", "--out", train}).status, 0);
  ASSERT_EQ(ranklens({"full", train, "--out", out}).status, 0);
  EXPECT_LT(at::linalg_vector_norm(base::read_npy(out) - matrix).item<double>(), 1e-12);
  ASSERT_EQ(ranklens({"contract", "ab,ab->", plain, turned, "--out", out}).status, 0);
  EXPECT_NEAR(base::read_npy(out).item<double>(), matrix.square().sum().item<double>(), 1e-10);
}

TEST_F(BadTensors, EquationsThatMeanNothing) {
  const auto a = array("a.npy", at::ones({2, 3})), b = array("b.npy", at::ones({4, 2}));
  refuses({"contract", "ab,cb->aa", a, a}, "the label 'a' twice");
  refuses({"contract", "ab,cb->az", a, a}, "the label 'z', which no operand has");
  refuses({"contract", "ab,bc->ac", a, b}, "label 'b' has size 4 in operand 1, but 3 before");
  refuses({"contract", "aa->a", a}, "label 'a' has size 3 in operand 0, but 2 before");
  refuses({"contract", "abc->a", a}, "gives it 3 labels");
  refuses({"contract", "ab,ab->", a}, "2 operands, but 1 were given");
  refuses({"contract", "ab->->a", a}, "twice");
  refuses({"contract", "a\xC3->", a}, "no UTF-8 from byte 1 on");
  refuses({"contract", "\xED\xA0\x80->", a}, "no UTF-8 from byte 0 on");
  refuses({"contract", "ab->a", array("i.npy", at::arange(6).reshape({2, 3}))}, "int64");
}

TEST_F(BadTensors, PathsThatAreNone) {
  const auto a = array("a.npy", at::ones({2, 2}));
  const Args chain = {"contract", "ab,bc,cd->ad", a, a, a, "--path"};
  const auto with = [&](const std::string& path) {
    return joined(chain, {text("path.json", path)});
  };
  refuses(with(R"({"ssa_path": [[0, 0], [3, 2]]})"), "names tensor 0 twice");
  refuses(with(R"({"ssa_path": [[0, 1], [0, 2]]})"), "tensor 0, which is used up");
  refuses(with(R"({"ssa_path": [[0, 1]]})"), "leaves 2 tensors");
  refuses(with(R"({"ssa_path": [[0, 9], [1, 2]]})"), "tensor 9");
  refuses(with(R"({"linear_path": [[0, 1], [0, 2]]})"), "position 2");
  refuses(with(R"({"edge_path": ["b", "b"]})"), "'b' twice");
  refuses(with(R"({"edge_path": ["z"]})"), "'z'");
  refuses(with("{}"), "path.json");
  refuses(with("[0, 1"), "path.json");
}

TEST_F(BadTensors, PlansAboveTheMemory) {
  const auto a = array("a.npy", at::ones({20, 20}, at::kDouble));
  const Args product = {"contract", "ab,bc->ac", a, a, "--memory"};
  refuses(joined(product, {"3199"}), "3199 bytes are too little: 3200 would do");
  const auto out = file("r.npy");
  EXPECT_EQ(ranklens(joined(product, {"3200", "--out", out})).status, 0);
  EXPECT_EQ(base::read_npy(out).sizes(), (tn::Shape{20, 20}));
  refuses(joined(product, {"-1"}), "-1");
  refuses(joined(product, {"some"}), "some");
}

TEST_F(BadTensors, DiagramsThatDoNotJoin) {
  const auto diagram = [&](const std::string& content) {
    return Args{"diagram", text("d.tn", content)};
  };
  refuses(diagram("tensor A[i:2]\ndiagram d: A[i]"), "line 2, column 14: leg 'i' dangles");
  refuses(diagram("tensor A[i:2]\ndiagram d: A[i] A[i] A[i]"), "leg 'i' is used 3 times");
  refuses(diagram("tensor A[i:2]\ndiagram d: A[i] A[i] -> i"), "is open, but used twice");
  refuses(diagram("tensor A[i:2], B[j:3]\ndiagram d: A[k] B[k]"), "leg 'k' has size 3 here and 2");
  refuses(diagram("tensor A[i:2]\ndiagram d: A[i] B[i]"), "unknown tensor 'B'");
  refuses(diagram("tensor A[i:0]\ndiagram d: A[i] -> i"), "whole number from 1 on");
  refuses(diagram("title \"\xC0\xAF\""), "line 1, column 8: the text is not UTF-8 here");
  refuses(diagram(""), "there is no diagram");
}

}  // namespace
}  // namespace ranklens::app
