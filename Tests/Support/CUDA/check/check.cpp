// Runs every kernel on the emulated device and compares it with plain loops in double precision. `Scripts/cuda-check`
// builds it.
//
// All memory is as large as it has to be to the byte, so that AddressSanitizer sees each access beyond it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../Emulator.hpp"
#include "../Half.hpp"

namespace float16 {
float load_half(unsigned short half);
unsigned short store_half(float value);
}  // namespace float16

extern "C" const char *__asan_default_options() { return "detect_stack_use_after_return=0:detect_leaks=0"; }

namespace {

using emulator::Index;

std::mt19937_64 generator{20};

double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(generator); }
int whole(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator); }

// MARK: - Memory

struct Tensor {
    bool half;
    size_t count;
    std::unique_ptr<unsigned char[]> bytes;

    // NaN everywhere.
    Tensor(bool half, size_t count) : half(half), count(count), bytes(new unsigned char[count * width(half)]) {
        memset(bytes.get(), 0xff, size());
    }
    Tensor(const Tensor &other) : Tensor(other.half, other.count) { memcpy(bytes.get(), other.bytes.get(), size()); }

    static size_t width(bool half) { return half ? 2 : 4; }
    size_t size() const { return count * width(half); }

    double operator[](size_t i) const {
        if (half) {
            std::uint16_t value;
            memcpy(&value, bytes.get() + 2 * i, 2);
            return fake::to_float(value);
        }
        float value;
        memcpy(&value, bytes.get() + 4 * i, 4);
        return value;
    }

    void set(size_t i, double number) {
        const float value = float(number);
        const std::uint16_t rounded = fake::to_half(value);
        memcpy(bytes.get() + i * width(half), half ? (const void *)&rounded : &value, width(half));
    }

    static Tensor random(bool half, size_t count, double low = -1, double high = 1) {
        Tensor tensor(half, count);
        for (size_t i = 0; i < count; i += 1) tensor.set(i, uniform(low, high));
        return tensor;
    }
};

struct Integers {
    std::unique_ptr<int[]> values;
    explicit Integers(const std::vector<int> &source) : values(new int[source.size()]) {
        memcpy(values.get(), source.data(), source.size() * sizeof(int));
    }
};

struct Argument {
    unsigned char bytes[8] = {};
    Argument(const Tensor &tensor) { set(tensor.bytes.get()); }
    Argument(const Integers &integers) { set(integers.values.get()); }
    Argument(std::nullptr_t) {}
    Argument(int value) { set(value); }
    Argument(float value) { set(value); }

private:
    template <typename Value>
    void set(Value value) {
        memcpy(bytes, &value, sizeof value);
    }
};

// MARK: - Running and comparing

// The text of a failure ends the program: with a mutated kernel all else may be wrong, too.
[[noreturn]] void fail(const std::string &what) {
    std::printf("FAILED: %s\n", what.c_str());
    std::fflush(stdout);
    std::exit(1);
}

const char *storage_name(bool half) { return half ? "float16" : "float32"; }

// Runs a kernel on copies of `initial` in all orders of threads, which must give the same bits.
template <typename Arguments>
Tensor launched(
    bool half, const char *name, Index grid, Index block, const Tensor &initial, const Arguments &arguments,
    bool late = false) {
    emulator::Kernel *const kernel = emulator::find_kernel(half, name);
    if (kernel == nullptr) fail(std::string("there is no kernel ") + name);
    const auto run = [&] {
        Tensor output(initial);
        std::vector<Argument> list = arguments(output);
        std::vector<void *> parameters;
        for (Argument &argument : list) parameters.push_back(argument.bytes);
        emulator::run(*kernel, grid, block, kernel->bind(parameters.data(), [](unsigned long long address) {
            return reinterpret_cast<void *>(address);
        }));
        return output;
    };
    emulator::set_order(emulator::forward);
    Tensor first = run();
    const auto same = [&](const char *order) {
        if (memcmp(first.bytes.get(), run().bytes.get(), first.size()) != 0) {
            fail(std::string(name) + " depends on the order of threads: " + order);
        }
    };
    emulator::set_order(emulator::backward);
    same("backward");
    emulator::set_order(emulator::seedsFrom + 7);
    same("shuffled");
    if (late) {
        emulator::set_late_stores(true);
        same("stores seen after barriers only");
        emulator::set_late_stores(false);
    }
    return first;
}

struct Difference {
    double largest = 0;

    void add(double actual, double expected) {
        const double difference = std::fabs(actual - expected) / std::fmax(1, std::fabs(expected));
        // Also where it is not a number.
        if (!(difference <= largest)) largest = std::isnan(difference) ? INFINITY : difference;
    }

    void report(const std::string &kernel, bool half, double tolerance) const {
        std::printf("%-28s %s  %.2e of %.0e\n", kernel.c_str(), storage_name(half), largest, tolerance);
        std::fflush(stdout);
        if (!(largest <= tolerance)) fail(kernel + " in " + storage_name(half));
    }
};

// Half of the distance between two neighbours in float16 is 2^-11 of the number.
double tolerance(bool half, double single) { return half ? 6e-4 : single; }

Index rows_grid(int rows) { return {unsigned(rows + 7) / 8, 1, 1}; }
constexpr Index rowsBlock{256, 1, 1}, elementsBlock{256, 1, 1}, attentionBlock{256, 1, 1};

// MARK: - Rows

std::vector<double> normalized(
    const std::vector<double> &row, const Tensor &weight, const Tensor &bias, double epsilon) {
    double mean = 0, variance = 0;
    for (const double value : row) mean += value;
    mean /= double(row.size());
    for (const double value : row) variance += (value - mean) * (value - mean);
    variance /= double(row.size());
    std::vector<double> result;
    for (size_t i = 0; i < row.size(); i += 1) {
        result.push_back((row[i] - mean) / std::sqrt(variance + epsilon) * weight[i] + bias[i]);
    }
    return result;
}

struct Shape {
    int rows, columns;
};
constexpr Shape rowShapes[] = {{1, 1}, {1, 32}, {3, 31}, {8, 33}, {13, 64}, {16, 100}, {9, 384}, {21, 48}};

void check_embed(bool half) {
    Difference difference;
    for (const Shape &shape : rowShapes) {
        const int rows = shape.rows, columns = shape.columns;
        const int words = 11, places = 7;
        const size_t width = size_t(columns);
        std::vector<int> ids, positions;
        for (int row = 0; row < rows; row += 1) {
            ids.push_back(row == 0 ? words - 1 : whole(0, words - 1));
            positions.push_back(row == 0 ? places - 1 : whole(0, places - 1));
        }
        const Integers idValues(ids), positionValues(positions);
        const Tensor table = Tensor::random(false, words * width), placeTable = Tensor::random(false, places * width);
        const Tensor types = Tensor::random(false, width);
        const Tensor weight = Tensor::random(false, width), bias = Tensor::random(false, width);
        const float epsilon = 1e-5f;
        const Tensor output = launched(
            half, "embed", rows_grid(rows), rowsBlock, Tensor(half, size_t(rows) * width), [&](Tensor &output) {
                return std::vector<Argument>{idValues, positionValues, table,  placeTable, types,  weight,
                                             bias,     epsilon,        output, rows,       columns};
            });
        for (int row = 0; row < rows; row += 1) {
            std::vector<double> sum;
            for (size_t i = 0; i < width; i += 1) {
                sum.push_back(
                    table[size_t(ids[size_t(row)]) * width + i] + types[i]
                    + placeTable[size_t(positions[size_t(row)]) * width + i]);
            }
            const auto expected = normalized(sum, weight, bias, epsilon);
            for (size_t i = 0; i < width; i += 1) difference.add(output[size_t(row) * width + i], expected[i]);
        }
    }
    difference.report("embed", half, tolerance(half, 5e-6));
}

// With an offset the mean is far larger than the deviation from it: a variance in one pass loses its digits there.
void check_add_norm(bool half, double offset) {
    Difference difference;
    for (const Shape &shape : rowShapes) {
        const int rows = shape.rows, columns = shape.columns;
        const size_t width = size_t(columns), count = size_t(rows) * width;
        const Tensor input = Tensor::random(half, count);
        Tensor residual = Tensor::random(half, count);
        // Eighths, so that float16 has deviations, too.
        if (offset != 0) {
            for (size_t i = 0; i < count; i += 1) residual.set(i, offset + whole(-32, 32) / (half ? 2.0 : 8.0));
        }
        const Tensor weight = Tensor::random(false, width), bias = Tensor::random(false, width);
        const float epsilon = 1e-5f;
        const Tensor output =
            launched(half, "add_norm", rows_grid(rows), rowsBlock, residual, [&](Tensor &output) {
                return std::vector<Argument>{input, output, weight, bias, epsilon, rows, columns};
            });
        for (int row = 0; row < rows; row += 1) {
            std::vector<double> sum;
            for (size_t i = 0; i < width; i += 1) {
                sum.push_back(input[size_t(row) * width + i] + residual[size_t(row) * width + i]);
            }
            const auto expected = normalized(sum, weight, bias, epsilon);
            for (size_t i = 0; i < width; i += 1) difference.add(output[size_t(row) * width + i], expected[i]);
        }
    }
    difference.report(
        offset == 0 ? "add_norm" : "add_norm, far from zero", half, tolerance(half, offset == 0 ? 5e-6 : 2e-4));
}

void check_normalize(bool half) {
    Difference difference;
    for (const Shape &shape : rowShapes) {
        const int rows = shape.rows, columns = shape.columns;
        const size_t width = size_t(columns);
        Tensor matrix = Tensor::random(false, size_t(rows) * width, -3, 3);
        // A row of zeros, and one whose length is less than the smallest divisor.
        if (rows > 2) {
            for (size_t i = 0; i < width; i += 1) matrix.set(width + i, 0), matrix.set(2 * width + i, 1e-14);
        }
        const Tensor output = launched(half, "normalize", rows_grid(rows), rowsBlock, matrix, [&](Tensor &output) {
            return std::vector<Argument>{output, rows, columns};
        });
        for (size_t row = 0; row < size_t(rows); row += 1) {
            double squares = 0;
            for (size_t i = 0; i < width; i += 1) squares += matrix[row * width + i] * matrix[row * width + i];
            const double length = std::fmax(std::sqrt(squares), 1e-12);
            for (size_t i = row * width; i < (row + 1) * width; i += 1) difference.add(output[i], matrix[i] / length);
        }
    }
    difference.report("normalize", half, 2e-6);
}

// MARK: - Elements

void check_bias_activation(bool half, int activation) {
    Difference difference;
    for (const Shape &shape : {Shape{1, 1}, Shape{3, 37}, Shape{2, 256}, Shape{5, 300}}) {
        const int rows = shape.rows, columns = shape.columns;
        const size_t width = size_t(columns);
        const Tensor matrix = Tensor::random(half, size_t(rows) * width, -6, 6), bias = Tensor::random(false, width);
        const Tensor output = launched(
            half, "bias_activation", {unsigned(rows), 1, 1}, elementsBlock, matrix,
            [&](Tensor &output) { return std::vector<Argument>{output, bias, columns, activation}; });
        for (size_t i = 0; i < size_t(rows) * width; i += 1) {
            double x = matrix[i] + bias[i % width];
            switch (activation) {
            case 1: x = x / 2 * (1 + std::erf(x / std::sqrt(2.0))); break;
            case 2: x = x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); break;
            case 3: x = std::fmax(x, 0); break;
            default: break;
            }
            difference.add(output[i], x);
        }
    }
    static const char *const names[] = {"none", "GELU", "GELU by tanh", "ReLU"};
    difference.report(std::string("bias_activation, ") + names[activation], half, tolerance(half, 2e-6));
}

std::vector<int> offsets_of(const std::vector<int> &lengths) {
    std::vector<int> offsets{0};
    for (const int length : lengths) offsets.push_back(offsets.back() + length);
    return offsets;
}

void check_pool(bool half, int strategy) {
    Difference difference;
    const std::vector<int> lengths{1, 2, 7, 1, 33, 64}, offsets = offsets_of(lengths);
    for (const int columns : {1, 40, 300}) {
        const size_t width = size_t(columns);
        const Tensor input = Tensor::random(half, size_t(offsets.back()) * width);
        const Integers bounds(offsets);
        const Tensor output = launched(
            half, "pool", {unsigned(lengths.size()), 1, 1}, elementsBlock, Tensor(false, lengths.size() * width),
            [&](Tensor &output) { return std::vector<Argument>{input, output, bounds, columns, strategy}; });
        for (size_t text = 0; text < lengths.size(); text += 1) {
            for (size_t i = 0; i < width; i += 1) {
                const size_t start = size_t(offsets[text]);
                double sum = 0, largest = -INFINITY;
                for (size_t row = start; row < size_t(offsets[text + 1]); row += 1) {
                    sum += input[row * width + i];
                    largest = std::fmax(largest, input[row * width + i]);
                }
                const double expected[] = {
                    input[start * width + i], largest, sum / lengths[text], sum / std::sqrt(lengths[text])};
                difference.add(output[text * width + i], expected[strategy]);
            }
        }
    }
    static const char *const names[] = {"first", "max", "mean", "mean by root"};
    difference.report(std::string("pool, ") + names[strategy], half, 2e-6);
}

// MARK: - Attention

// Queries, keys and values lie within `range`. With 2.5 scores are up to 8 or so, and the softmax has something to do.
void add_attention(
    Difference &difference, bool half, const std::vector<int> &lengths, int heads, int width, bool relative,
    double range = 2.5, bool late = false) {
    const std::vector<int> offsets = offsets_of(lengths);
    const int hidden = heads * width, tokens = offsets.back();
    int longest = 0;
    std::vector<int> tiles;
    for (size_t text = 0; text < lengths.size(); text += 1) {
        longest = std::max(longest, lengths[text]);
        for (int first = offsets[text]; first < offsets[text + 1]; first += 64) {
            tiles.insert(tiles.end(), {offsets[text], offsets[text + 1], first});
        }
    }
    const int columns = 2 * longest - 1;
    const Tensor packed = Tensor::random(half, size_t(tokens) * size_t(3 * hidden), -range, range);
    const Tensor bias = Tensor::random(false, size_t(heads) * size_t(columns), -2, 2);
    const Integers tileValues(tiles);
    const float scale = float(1 / std::sqrt(double(width)));
    const Tensor output = launched(
        half, width <= 32 ? "attention_32" : "attention_64", {unsigned(tiles.size() / 3), unsigned(heads), 1},
        attentionBlock, Tensor(half, size_t(tokens) * size_t(hidden)),
        [&](Tensor &output) {
            std::vector<Argument> arguments{packed, output, tileValues, bias, longest, width, scale};
            if (!relative) arguments[3] = nullptr;
            return arguments;
        },
        late);
    std::vector<double> numbers;
    for (size_t i = 0; i < packed.count; i += 1) numbers.push_back(packed[i]);
    const auto row = [&](int token, int part, int head) {
        return &numbers[size_t((token * 3 + part) * hidden + head * width)];
    };
    for (size_t text = 0; text < lengths.size(); text += 1) {
        for (int head = 0; head < heads; head += 1) {
            for (int query = offsets[text]; query < offsets[text + 1]; query += 1) {
                std::vector<double> weights, sums(size_t(width), 0.0);
                double total = 0, largest = -INFINITY;
                for (int key = offsets[text]; key < offsets[text + 1]; key += 1) {
                    double score = 0;
                    for (int i = 0; i < width; i += 1) score += row(query, 0, head)[i] * row(key, 1, head)[i];
                    score *= double(scale);
                    if (relative) score += bias[size_t(head * columns + longest - 1 + key - query)];
                    weights.push_back(score);
                    largest = std::fmax(largest, score);
                }
                for (double &weight : weights) total += weight = std::exp(weight - largest);
                for (int key = offsets[text]; key < offsets[text + 1]; key += 1) {
                    for (int i = 0; i < width; i += 1) {
                        sums[size_t(i)] += weights[size_t(key - offsets[text])] * row(key, 2, head)[i];
                    }
                }
                for (int i = 0; i < width; i += 1) {
                    difference.add(output[size_t(query * hidden + head * width + i)], sums[size_t(i)] / total);
                }
            }
        }
    }
}

void check_attention(bool half, int width) {
    for (const bool relative : {false, true}) {
        Difference difference;
        add_attention(difference, half, {70}, 1, width, relative, 2.5, true);
        add_attention(difference, half, {3, 1, 32, 2, 33, 31}, 3, width, relative);
        add_attention(difference, half, {64, 5, 65, 130}, 2, width, relative);
        // Each length once, with one of the widths of a kernel.
        if ((width == 32 && relative) || (width == 48 && !relative && !half)) {
            std::vector<int> lengths{128};
            for (int length = 1; length <= 70; length += 1) lengths.push_back(length);
            std::shuffle(lengths.begin(), lengths.end(), generator);
            add_attention(difference, half, lengths, 1, width, relative);
        }
        difference.report(
            "attention, width " + std::to_string(width) + (relative ? ", biased" : ""), half, tolerance(half, 1e-5));
    }
}

// Scores so far apart that the exponential of a difference is too large for a float, were it not of one to the largest.
void check_far_scores(bool half) {
    Difference difference;
    for (const int width : {32, 64}) add_attention(difference, half, {128, 70}, 2, width, false, 12);
    difference.report("attention, far scores", half, tolerance(half, 2e-4) * 12);
}

// MARK: - Halves

void check_half(float value) {
    const _Float16 rounded = _Float16(value);
    unsigned short expected;
    memcpy(&expected, &rounded, sizeof expected);
    const unsigned short actual = float16::store_half(value), other = fake::to_half(value);
    const bool agrees = value != value ? (actual & 0x7fff) > 0x7c00 && (other & 0x7fff) > 0x7c00
                                       : actual == expected && other == expected;
    if (!agrees) {
        char text[100];
        std::snprintf(
            text, sizeof text, "%a rounds to %04x and %04x, not %04x", double(value), actual, other, expected);
        fail(text);
    }
}

void check_halves() {
    for (unsigned bits = 0; bits < 0x10000; bits += 1) {
        const unsigned short half = (unsigned short)bits;
        _Float16 known;
        memcpy(&known, &half, sizeof known);
        const float expected = float(known), actual = float16::load_half(half), other = fake::to_float(half);
        if (expected != expected) {
            if (actual == actual || other == other) fail("a float16 that is not a number has become one");
            continue;
        }
        const bool agrees = memcmp(&actual, &expected, 4) == 0 && memcmp(&other, &expected, 4) == 0;
        if (!agrees) fail("a float16 is not what it says");
        if (float16::store_half(actual) != half) fail("a float16 does not come back as it was");
        // Halfway to the next number, and beside it.
        if ((bits & 0x7fff) >= 0x7bff) continue;
        const unsigned short next = half + 1;
        const float middle = (expected + fake::to_float(next)) / 2;
        check_half(middle);
        check_half(std::nextafterf(middle, INFINITY));
        check_half(std::nextafterf(middle, -INFINITY));
    }
    for (const float value :
         {0.0f, 65504.0f, 65519.996f, 65520.0f, 65536.0f, 1e30f, INFINITY, NAN, 0x1p-24f, 0x1p-25f, 0x1.000002p-25f,
          0x1p-26f, 0x1p-126f, 0x1p-149f, 0x1.ffcp-15f, 0x1.ffep-15f, 0x1p-14f}) {
        check_half(value);
        check_half(-value);
    }
    for (int i = 0; i < 1000000; i += 1) {
        // All exponents, then those of float16.
        std::uint32_t bits = std::uint32_t(generator());
        if (i % 2 == 1) bits = (bits & 0x807fffff) | std::uint32_t(whole(100, 144)) << 23;
        float value;
        memcpy(&value, &bits, sizeof value);
        check_half(value);
    }
    std::printf("%-28s float16  all agree\n", "conversions");
}

}  // namespace

int main() {
    check_halves();
    for (const bool half : {false, true}) {
        check_embed(half);
        check_add_norm(half, 0);
        check_add_norm(half, 1000);
        check_normalize(half);
        for (int activation = 0; activation < 4; activation += 1) check_bias_activation(half, activation);
        for (int strategy = 0; strategy < 4; strategy += 1) check_pool(half, strategy);
        for (const int width : {8, 24, 32, 48, 64}) check_attention(half, width);
        check_far_scores(half);
    }
    return 0;
}
