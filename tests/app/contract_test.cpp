#include <cmath>

#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>

#include "ranklens/base/npy.h"

#include "app/run.h"
#include "testing/close.h"
#include "testing/put_file.h"

namespace ranklens::app {
namespace {

using testing::close;
using testing::put_file;

constexpr const char* kProblem =
    R"({"inputs": [["a", "b"], ["b", "c"], ["c", "d"]], "output": ["d", "a"],
  "size_dict": {"a": 2, "b": 3, "c": 4, "d": 5}})";

TEST(Path, PrintsItsContract) {
  const TemporaryFolder folder;
  put_file(folder / "p.json", kProblem);
  const auto answer =
      answer_of(ranklens({"path", (folder / "p.json").string(), "--seconds", "0.1", "--json"}));
  EXPECT_NEAR(std::exp2(answer["log2_flops"].get<double>()), 2 * 3 * 4 + 2 * 4 * 5, 1e-9);
  EXPECT_NEAR(std::exp2(answer["log2_size"].get<double>()), 10, 1e-9);
  EXPECT_EQ(answer["ssa_path"].size(), 2U);
  EXPECT_EQ(answer["edge_path"], (nlohmann::json{"b", "c"}));
  EXPECT_TRUE(answer["seconds"].is_number());
  EXPECT_TRUE(answer["method"].is_string());
  const auto table = ranklens({"path", (folder / "p.json").string(), "--trials", "3"});
  EXPECT_THAT(table.out, HasSubstr("naive multiply-adds  2^7.91 = 240\n"));  // 2 * 2 * 3 * 4 * 5
  EXPECT_THAT(table.out, HasSubstr("speed-up  2^1.91 = 3.75\n"));
  EXPECT_THAT(table.out, HasSubstr("GEMM     ab,bc->ac  cd,ac->da"));
  EXPECT_NEAR(std::exp2(answer["log2_naive_flops"].get<double>()), 240, 1e-9);
  EXPECT_NEAR(std::exp2(answer["log2_speed_up"].get<double>()), 3.75, 1e-9);
  EXPECT_EQ(answer["scaling"], 3);
  EXPECT_EQ(answer["naive_scaling"], 4);
}

TEST(Contract, AnEquationAndAProblemAgree) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  const auto a = at::randn({2, 3}, at::kDouble), b = at::randn({3, 4}, at::kDouble),
             c = at::randn({4, 5}, at::kDouble);
  base::write_npy(file("a.npy"), a);
  base::write_npy(file("b.npy"), b);
  base::write_npy(file("c.npy"), c);
  put_file(folder / "p.json", kProblem);
  const Args operands = {file("a.npy"), file("b.npy"), file("c.npy"),
                         "--out",       file("r.npy"), "--json"};
  const auto expected = a.matmul(b).matmul(c).t();
  const auto path = answer_of(
      ranklens({"path", file("p.json"), "--trials", "2", "--json", "--out", file("plan.json")}));
  for (const Args& first : {Args{"contract", "ab,bc,cd->da"}, Args{"contract", file("p.json")},
                            Args{"contract", file("p.json"), "--memory", "1K"},
                            Args{"contract", file("p.json"), "--path", file("plan.json")}}) {
    const auto answer = answer_of(ranklens(joined(first, operands)));
    EXPECT_EQ(answer["shape"], (nlohmann::json{5, 2}));
    EXPECT_EQ(answer["dtype"], "float64");
    EXPECT_TRUE(close(base::read_npy(file("r.npy")), expected, 1e-12, 1e-12));
  }
}

// What `path` sliced stays sliced when its file is taken up, and a limit given with a path counts.
TEST(Contract, APathFileKeepsItsSlices) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  put_file(
      folder / "ring.json",
      R"({"format_string":"ab,bc,cd,da->","shapes":[[9,9],[9,9],[9,9],[9,9]],"dtype":"float64"})");
  Args operands;
  at::Tensor product;
  for (const char* name : {"a.npy", "b.npy", "c.npy", "d.npy"}) {
    const auto one = at::randn({9, 9}, at::kDouble);
    product = product.defined() ? product.matmul(one) : one;
    base::write_npy(file(name), one);
    operands.push_back(file(name));
  }
  const auto planned =
      answer_of(ranklens({"path", file("ring.json"), "--trials", "4", "--threads", "1", "--memory",
                          "900", "--out", file("plan.json"), "--json"}));
  EXPECT_GE(planned["sliced"].size(), 1U);
  EXPECT_LE(planned["run_bytes"], 900);
  const auto again =
      answer_of(ranklens({"path", file("ring.json"), "--path", file("plan.json"), "--json"}));
  for (const char* key : {"sliced", "log2_size", "log2_flops", "log2_slices"}) {
    EXPECT_EQ(again[key], planned[key]) << key;
  }
  const auto contract = [&](const char* memory) {
    const Args rest{"--path", file("plan.json"), "--memory",    memory,  "--threads",
                    "1",      "--out",           file("r.npy"), "--json"};
    return ranklens(joined(joined({"contract", file("ring.json")}, operands), rest));
  };
  const auto done = answer_of(contract("900"));
  EXPECT_EQ(done["log2_size"], planned["log2_size"]);
  EXPECT_EQ(done["workspace_bytes"], planned["run_bytes"].get<double>() - 8);  // one number is left
  EXPECT_TRUE(close(base::read_npy(file("r.npy")), product.trace(), 1e-10, 1e-10));
  expect_complaint(contract("64"), 2, "64 bytes are too little for this path");
}

// --memory is what computing takes, not only its largest result; a refusal says what would do.
TEST(Contract, MemoryHoldsTheWorkspace) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  Args operands;
  for (const char* name : {"a.npy", "b.npy", "c.npy", "d.npy"}) {
    base::write_npy(file(name), at::randn({40, 40}, at::kDouble));
    operands.push_back(file(name));
  }
  const auto run = [&](const Args& more, const char* out) {
    const Args rest{"--threads", "2", "--trials", "4", "--out", file(out)};
    return ranklens(joined(joined(joined({"contract", "ab,bc,cd,de->ae"}, operands), rest), more));
  };
  const auto whole = answer_of(run({"--json"}, "whole.npy"));
  const auto wanted = whole["workspace_bytes"].get<std::int64_t>();
  EXPECT_GE(wanted, 40 * 40 * 8);  // two results of the size of the last one are held at once
  const std::int64_t result = 40 * 40 * 8;
  const auto bounded = [&](std::int64_t bytes) {
    return run({"--memory", std::to_string(bytes), "--json"}, "part.npy");
  };
  EXPECT_EQ(answer_of(bounded(wanted + result))["log2_slices"], 0);
  const auto sliced = answer_of(bounded(wanted + result - 1));
  EXPECT_LT(sliced["workspace_bytes"], wanted);
  EXPECT_GT(sliced["log2_slices"], 0);
  EXPECT_TRUE(
      close(base::read_npy(file("part.npy")), base::read_npy(file("whole.npy")), 1e-9, 1e-9));
  const auto refused = bounded(result);
  expect_complaint(refused, 2, "12800 bytes are too little: ");
  const auto least = std::stoll(refused.err.substr(refused.err.find("little: ") + 8));
  EXPECT_LE(answer_of(bounded(least))["workspace_bytes"], least - result);
  expect_complaint(bounded(least - 1), 2, "too little");
  const auto text = run({}, "whole.npy");
  EXPECT_THAT(text.out, HasSubstr(std::to_string(wanted) + " bytes of workspace"));
}

// A path that nobody asks for may be broken; one that is asked for is named.
TEST(Path, BrokenStoredPathsMatterToThoseWhoAskForThem) {
  const TemporaryFolder folder;
  const auto file = (folder / "p.json").string();
  put_file(folder / "p.json", R"({"format_string": "ab,bc,cd->ad",
      "shapes": [[2, 3], [3, 4], [4, 5]], "paths": {"good": {"path": [[0, 1], [0, 1]]},
      "far": {"path": [[0, 5], [0, 1]]}, "odd": 3}})");
  EXPECT_EQ(answer_of(ranklens({"path", file, "--json"}))["ssa_path"].size(), 2U);
  EXPECT_EQ(answer_of(ranklens({"path", file, "--path", "good", "--json"}))["method"], "given");
  expect_complaint(ranklens({"path", file, "--path", "far"}), 2,
                   "p.json', path 'far': step 0 of the path names position 5");
  expect_complaint(ranklens({"path", file, "--path", "odd"}), 2, "path 'odd': it is no object");
}

TEST(Path, MalformedTextIsSaidAsInEquations) {
  const TemporaryFolder folder;
  const auto file = (folder / "p.json").string();
  put_file(folder / "p.json", "{\"format_string\": \"a\xFF->\", \"shapes\": [[2]]}");
  expect_complaint(ranklens({"path", file}), 2,
                   "p.json' is no valid JSON: the text is no UTF-8 from byte 20 on, which is 0xff");
}

TEST(Contract, BadInputIsOneSentence) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  base::write_npy(file("a.npy"), at::randn({2, 3}));
  put_file(folder / "p.json", kProblem);
  put_file(folder / "bad.json", R"({"ssa_path": [[0, 0], [1, 3]]})");
  const auto contract = [&](const Args& more) {
    return ranklens(joined({"contract", "--out", file("r.npy")}, more));
  };
  expect_complaint(contract({"ab,bc->ac", file("a.npy")}), 2, "2 operands, but 1 were given");
  expect_complaint(contract({"ab,ab->aa", file("a.npy"), file("a.npy")}), 2, "the label 'a' twice");
  expect_complaint(contract({"ab,bc->ac", file("a.npy"), file("a.npy")}), 2,
                   "label 'b' has size 2 in operand 1, but 3");
  expect_complaint(contract({"a\xFF->", file("a.npy")}), 2, "no UTF-8");
  expect_complaint(contract({"ab->ba", file("a.npy"), "--memory", "8"}), 2,
                   "8 bytes are too little: 24 would do");
  expect_complaint(ranklens({"contract", "ab->ba", file("a.npy")}), 2, "--out");
  expect_complaint(ranklens({"path", file("p.json"), "--path", file("bad.json")}), 2,
                   "names tensor 0 twice");
  expect_complaint(ranklens({"path", file("p.json"), "--method", "magic"}), 2, "no method 'magic'");
  expect_complaint(ranklens({"path", file("none.json")}), 2, "none.json");
}

}  // namespace
}  // namespace ranklens::app
