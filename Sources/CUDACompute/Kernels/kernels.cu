// What a GPU does beside matrix products: compiled by NVRTC for the card at hand when a run starts.
//
// No includes, no inline assembly, and warp shuffles with the full mask only, so that the same text compiles as C++ for an
// emulated device. All arithmetic is float32. Activations between kernels are float32, or float16 with -DHALF_STORAGE.
//
// Shapes: N tokens of all texts of a chunk, one text after another; B texts; H hidden; A heads, each H / A wide.
// Matrices are row-major.

#define WARP 32
#define ALL_LANES 0xffffffffu
#define ROWS_PER_BLOCK 8  // where a warp has a row: blocks of 8 · 32 threads

// MARK: - Storage

#ifdef HALF_STORAGE

// IEEE 754 binary16 by its bits: what a type of the toolkit's headers would do, without the headers.
typedef unsigned short Storage;

__device__ inline float loaded(Storage half) {
    const unsigned magnitude = (half & 0x7fffu) << 13, sign = (half & 0x8000u) << 16;
    // Infinity and NaN keep their exponent; everything else, subnormal numbers too, is 2^112 times what the bits say.
    if (magnitude >= 0x7c00u << 13) return __uint_as_float(sign | magnitude | 0x7f800000u);
    return __uint_as_float(sign | __float_as_uint(__uint_as_float(magnitude) * 0x1p112f));
}

// Rounds to nearest, ties to even; 65520 and more become infinity.
__device__ inline Storage stored(float value) {
    const unsigned bits = __float_as_uint(value), sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (Storage)(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) return (Storage)(sign | 0x7c00u);
    // Below 2^-14 the sum with 1/2 shifts the bits to their place, and rounds them.
    if (magnitude < 0x38800000u) {
        return (Storage)(sign | (__float_as_uint(__uint_as_float(magnitude) + 0.5f) - 0x3f000000u));
    }
    return (Storage)(sign | ((magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13));
}

#else

typedef float Storage;

__device__ inline float loaded(Storage value) { return value; }
__device__ inline Storage stored(float value) { return value; }

#endif

// MARK: - Rows

__device__ inline float warp_sum(float value) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(ALL_LANES, value, distance);
    return value;
}

// The row of this warp.
__device__ inline int warp_row() { return blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / WARP; }

// Normalizes what `element` gives for each column to mean 0 and variance 1, scales and shifts it: Ba et al., "Layer
// Normalization" (arXiv:1607.06450). The variance is that of the differences to the mean, in a second pass.
template <typename Element>
__device__ inline void layer_norm(
    Element element, Storage *row, const float *weight, const float *bias, float epsilon, int columns) {
    const int lane = threadIdx.x % WARP;
    float sum = 0;
    for (int column = lane; column < columns; column += WARP) sum += element(column);
    const float mean = warp_sum(sum) / columns;
    float squares = 0;
    for (int column = lane; column < columns; column += WARP) {
        const float difference = element(column) - mean;
        squares += difference * difference;
    }
    const float scale = 1 / sqrtf(warp_sum(squares) / columns + epsilon);
    for (int column = lane; column < columns; column += WARP) {
        row[column] = stored((element(column) - mean) * scale * weight[column] + bias[column]);
    }
}

// Sums word, token-type and position embeddings and normalizes: ids, positions [N] -> [N, H]. A warp a token.
extern "C" __global__ void embed(
    const int *ids, const int *positions, const float *words, const float *places, const float *types,
    const float *weight, const float *bias, float epsilon, Storage *output, int rows, int columns) {
    const int row = warp_row();
    if (row >= rows) return;
    const float *word = words + (size_t)ids[row] * columns, *place = places + (size_t)positions[row] * columns;
    layer_norm(
        [=](int column) { return word[column] + types[column] + place[column]; }, output + (size_t)row * columns, weight,
        bias, epsilon, columns);
}

// Adds `input` to `residual` and normalizes each row in place: [N, H]. A warp a token.
extern "C" __global__ void add_norm(
    const Storage *input, Storage *residual, const float *weight, const float *bias, float epsilon, int rows,
    int columns) {
    const int row = warp_row();
    if (row >= rows) return;
    const Storage *added = input + (size_t)row * columns;
    Storage *sum = residual + (size_t)row * columns;
    // Each lane reads a column before it writes it, and no other lane reads that column.
    layer_norm(
        [=](int column) { return loaded(sum[column]) + loaded(added[column]); }, sum, weight, bias, epsilon, columns);
}

// Scales each row to Euclidean length 1: [B, H]. A warp a row.
extern "C" __global__ void normalize(float *matrix, int rows, int columns) {
    const int row = warp_row(), lane = threadIdx.x % WARP;
    if (row >= rows) return;
    float *values = matrix + (size_t)row * columns;
    float squares = 0;
    for (int column = lane; column < columns; column += WARP) squares += values[column] * values[column];
    // The smallest divisor is that of torch.nn.functional.normalize.
    const float length = fmaxf(sqrtf(warp_sum(squares)), 1e-12f);
    for (int column = lane; column < columns; column += WARP) values[column] /= length;
}

// MARK: - Elements

// What a fully connected layer does after its product, in place: [N, M]. A block a row.
extern "C" __global__ void bias_activation(Storage *matrix, const float *bias, int columns, int activation) {
    Storage *row = matrix + (size_t)blockIdx.x * columns;
    for (int column = threadIdx.x; column < columns; column += blockDim.x) {
        float x = loaded(row[column]) + bias[column];
        switch (activation) {
        case 1: x = 0.5f * x * (1 + erff(x * 0.70710678f)); break;                                // GELU
        case 2: x = 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x))); break;     // GELU by tanh
        case 3: x = fmaxf(x, 0); break;                                                           // ReLU
        default: break;
        }
        row[column] = stored(x);
    }
}

// Reduces the tokens of each text to one row: [N, H] -> [B, H] in float32. A block a text.
extern "C" __global__ void pool(
    const Storage *input, float *output, const int *offsets, int columns, int strategy) {
    const int text = blockIdx.x, start = offsets[text], end = offsets[text + 1];
    for (int column = threadIdx.x; column < columns; column += blockDim.x) {
        float value = loaded(input[(size_t)start * columns + column]);
        if (strategy != 0) {
            for (int row = start + 1; row < end; row += 1) {
                const float next = loaded(input[(size_t)row * columns + column]);
                value = strategy == 1 ? fmaxf(value, next) : value + next;
            }
        }
        if (strategy == 2) value /= end - start;
        if (strategy == 3) value /= sqrtf(end - start);
        output[(size_t)text * columns + column] = value;
    }
}

// MARK: - Attention

#define QUERIES 64      // of a block
#define KEYS 32         // of a tile in shared memory
#define GROUP 16        // threads that share queries
#define QUERIES_EACH 4  // queries of a thread: blocks of QUERIES / QUERIES_EACH · GROUP threads
#define KEYS_EACH (KEYS / GROUP)

// The query, key or value of a head: rows of `packed` [N, 3H] into shared memory, zeros where there is none.
template <int ROWS, int WIDTH>
__device__ inline void load_tile(
    float (&tile)[ROWS][WIDTH + 1], const Storage *packed, int first, int end, int stride, int width, float scale) {
    for (int index = threadIdx.x; index < ROWS * WIDTH; index += blockDim.x) {
        const int row = index / WIDTH, column = index % WIDTH;
        const bool exists = first + row < end && column < width;
        tile[row][column] = exists ? loaded(packed[(size_t)(first + row) * stride + column]) * scale : 0;
    }
}

// Scaled dot-product attention inside one text (Vaswani et al., arXiv:1706.03762) with the softmax taken as the keys come by
// (Milakov and Gimelshein, arXiv:1805.02867): a block has 64 queries of one head, and walks over the text's keys in tiles.
//
// `tiles` has three numbers a block: the rows where its text begins and ends, and that of its first query.
// `bias` [A, 2 · span - 1], where there is one, is added to the scaled scores: column span - 1 + key - query.
template <int WIDTH>
__device__ inline void attend(
    const Storage *packed, Storage *output, const int *tiles, const float *bias, int span, int width, float scale) {
    __shared__ float queries[QUERIES][WIDTH + 1], keys[KEYS][WIDTH + 1], values[KEYS][WIDTH + 1];
    __shared__ float weights[QUERIES][KEYS + 1];
    const int start = tiles[3 * blockIdx.x], end = tiles[3 * blockIdx.x + 1], first = tiles[3 * blockIdx.x + 2];
    const int head = blockIdx.y, hidden = gridDim.y * width, stride = 3 * hidden;
    const Storage *mine = packed + head * width;
    // Sixteen threads, half a warp, share four queries: each has two keys of a tile, then a sixteenth of the columns.
    const int own = threadIdx.x / GROUP * QUERIES_EACH, lane = threadIdx.x % GROUP;

    load_tile<QUERIES, WIDTH>(queries, mine, first, end, stride, width, scale);
    float largest[QUERIES_EACH], total[QUERIES_EACH], sums[QUERIES_EACH][WIDTH / GROUP];
    for (int i = 0; i < QUERIES_EACH; i += 1) {
        largest[i] = -__uint_as_float(0x7f800000u);
        total[i] = 0;
        for (int j = 0; j < WIDTH / GROUP; j += 1) sums[i][j] = 0;
    }

    for (int tile = start; tile < end; tile += KEYS) {
        __syncthreads();  // the tile before this one has been read
        load_tile<KEYS, WIDTH>(keys, mine + hidden, tile, end, stride, width, 1);
        load_tile<KEYS, WIDTH>(values, mine + 2 * hidden, tile, end, stride, width, 1);
        __syncthreads();

        float scores[QUERIES_EACH][KEYS_EACH] = {};
        for (int column = 0; column < WIDTH; column += 1) {
            for (int i = 0; i < QUERIES_EACH; i += 1) {
                for (int j = 0; j < KEYS_EACH; j += 1) {
                    scores[i][j] += queries[own + i][column] * keys[lane + GROUP * j][column];
                }
            }
        }
        for (int i = 0; i < QUERIES_EACH; i += 1) {
            float highest = largest[i];
            for (int j = 0; j < KEYS_EACH; j += 1) {
                const int key = tile + lane + GROUP * j, query = first + own + i;
                if (key >= end) {
                    scores[i][j] = -__uint_as_float(0x7f800000u);
                } else if (bias != nullptr && query < end) {
                    scores[i][j] += bias[head * (2 * span - 1) + span - 1 + key - query];
                }
                highest = fmaxf(highest, scores[i][j]);
            }
            for (int distance = GROUP / 2; distance > 0; distance /= 2) {
                highest = fmaxf(highest, __shfl_xor_sync(ALL_LANES, highest, distance));
            }
            // Every tile has a key, so `highest` is a number from the first on, and what came before it counts for nothing.
            const float correction = expf(largest[i] - highest);
            float sum = 0;
            for (int j = 0; j < KEYS_EACH; j += 1) {
                const float weight = expf(scores[i][j] - highest);
                weights[own + i][lane + GROUP * j] = weight;
                sum += weight;
            }
            for (int distance = GROUP / 2; distance > 0; distance /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, distance);
            largest[i] = highest;
            total[i] = total[i] * correction + sum;
            for (int j = 0; j < WIDTH / GROUP; j += 1) sums[i][j] *= correction;
        }
        __syncwarp(ALL_LANES);  // the weights of these queries come from this half of the warp

        for (int key = 0; key < KEYS; key += 1) {
            for (int i = 0; i < QUERIES_EACH; i += 1) {
                for (int j = 0; j < WIDTH / GROUP; j += 1) {
                    sums[i][j] += weights[own + i][key] * values[key][lane + GROUP * j];
                }
            }
        }
    }

    for (int i = 0; i < QUERIES_EACH; i += 1) {
        for (int j = 0; j < WIDTH / GROUP; j += 1) {
            const int row = first + own + i, column = lane + GROUP * j;
            if (row < end && column < width) {
                output[(size_t)row * hidden + head * width + column] = stored(sums[i][j] / total[i]);
            }
        }
    }
}

// Packed query, key and value [N, 3H] -> [N, H], for heads of up to 32 columns. Grid: tiles × heads.
extern "C" __global__ void attention_32(
    const Storage *packed, Storage *output, const int *tiles, const float *bias, int span, int width, float scale) {
    attend<32>(packed, output, tiles, bias, span, width, scale);
}

// The same for heads of up to 64 columns.
extern "C" __global__ void attention_64(
    const Storage *packed, Storage *output, const int *tiles, const float *bias, int span, int width, float scale) {
    attend<64>(packed, output, tiles, bias, span, width, scale);
}
