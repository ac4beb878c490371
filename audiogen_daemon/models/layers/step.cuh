// One step of a decoder on an NVIDIA GPU: few rows against large weights. See cuda.py.
//
// T is float, __half or __nv_bfloat16; sums are taken in float. A warp reads 16 bytes per lane at a time, so rows have
// to be multiples of 16 bytes long.

namespace step {

constexpr int LANES = 32;

template <typename T, int N>
struct alignas(16) Pack {
  T at[N];
};

template <typename T>
constexpr int PER = 16 / sizeof(T);  // values in 16 bytes

template <typename T, int N>
__device__ inline void load(const T* from, float (&to)[N]) {
#pragma unroll
  for (int i = 0; i < N; i += PER<T>) {
    const auto pack = *reinterpret_cast<const Pack<T, PER<T>>*>(from + i);
#pragma unroll
    for (int j = 0; j < PER<T>; ++j) to[i + j] = static_cast<float>(pack.at[j]);
  }
}

template <int WIDTH = LANES>
__device__ inline float total(float value) {
#pragma unroll
  for (int other = WIDTH / 2; other > 0; other /= 2) value += __shfl_xor_sync(0xffffffff, value, other);
  return value;
}

// Weights (out, in) as they are.
template <typename T>
struct Dense {
  static constexpr int CHUNK = PER<T>;
  const T* weight;

  template <int IN>
  __device__ void read(int out, int column, float (&to)[CHUNK]) const {
    load(weight + size_t(out) * IN + column, to);
  }
};

// Weights of mx.quantize in groups of 64: value = q * scale + bias, the first q in the lowest bits of a word.
template <typename T, int BITS>
struct Quantized {
  static constexpr int CHUNK = 128 / BITS, IN_WORD = 32 / BITS;
  const uint32_t* weight;
  const T* scales;
  const T* biases;

  template <int IN>
  __device__ void read(int out, int column, float (&to)[CHUNK]) const {
    const size_t at = size_t(out) * IN + column;
    const auto words = *reinterpret_cast<const Pack<uint32_t, 4>*>(weight + at / IN_WORD);
    const float scale = static_cast<float>(scales[at / 64]), bias = static_cast<float>(biases[at / 64]);
#pragma unroll
    for (int i = 0; i < CHUNK; ++i) {
      const uint32_t q = (words.at[i / IN_WORD] >> (BITS * (i % IN_WORD))) & ((1u << BITS) - 1);
      // 2^23 + q has q as its mantissa: cheaper than a conversion.
      to[i] = fmaf(__int_as_float(0x4B000000 | q) - 8388608.0f, scale, bias);
    }
  }
};

// Layer normalization of one row by one warp.
template <typename T, int IN>
__device__ inline void normalize(const T* x, const T* gain, const T* shift, T* y) {
  constexpr int STEPS = (IN + LANES * PER<T> - 1) / (LANES * PER<T>);
  const int lane = threadIdx.x % LANES;
  float values[STEPS][PER<T>] = {};
  float sum = 0, squares = 0;
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    const int column = (step * LANES + lane) * PER<T>;
    if (column < IN) load(x + column, values[step]);
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) sum += values[step][i];
  }
  const float mean = total(sum) / IN;
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    if ((step * LANES + lane) * PER<T> >= IN) continue;
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) squares += (values[step][i] - mean) * (values[step][i] - mean);
  }
  const float scale = rsqrtf(total(squares) / IN + 1e-5f);
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    const int column = (step * LANES + lane) * PER<T>;
    if (column >= IN) continue;
    float gains[PER<T>], shifts[PER<T>];
    load(gain + column, gains);
    load(shift + column, shifts);
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) {
      y[column + i] = static_cast<T>((values[step][i] - mean) * scale * gains[i] + shifts[i]);
    }
  }
}

// y = x W^T, x normalized before, GELU or a residual behind. A warp makes OUTS columns of all rows, so that each weight
// is read once.
template <typename T, int ROWS, int IN, int OUT, bool NORM, bool GELU, bool ADD, int WARPS, int OUTS, typename Weights>
__device__ inline void product(
    const T* x, Weights weights, const T* gain, const T* shift, const T* residual, T* y) {
  constexpr int CHUNK = Weights::CHUNK;
  const int warp = threadIdx.x / LANES, lane = threadIdx.x % LANES;
  const T* rows = x;
  if constexpr (NORM) {
    __shared__ alignas(16) T normed[ROWS * IN];
    for (int row = warp; row < ROWS; row += WARPS) normalize<T, IN>(x + row * IN, gain, shift, normed + row * IN);
    __syncthreads();
    rows = normed;
  }
  const int first = (blockIdx.x * WARPS + warp) * OUTS;
  if (first >= OUT) return;
  float sums[OUTS][ROWS] = {};
#pragma unroll 4
  for (int column = lane * CHUNK; column < IN; column += LANES * CHUNK) {
    float w[OUTS][CHUNK];
#pragma unroll
    for (int out = 0; out < OUTS; ++out) weights.template read<IN>(min(first + out, OUT - 1), column, w[out]);
#pragma unroll
    for (int row = 0; row < ROWS; ++row) {
      float v[CHUNK];
      load(rows + row * IN + column, v);
#pragma unroll
      for (int out = 0; out < OUTS; ++out) {
#pragma unroll
        for (int i = 0; i < CHUNK; ++i) sums[out][row] = fmaf(w[out][i], v[i], sums[out][row]);
      }
    }
  }
#pragma unroll
  for (int out = 0; out < OUTS; ++out) {
#pragma unroll
    for (int row = 0; row < ROWS; ++row) {
      float sum = total(sums[out][row]);
      if (lane != 0 || first + out >= OUT) continue;
      const int at = row * OUT + first + out;
      if constexpr (GELU) sum = 0.5f * sum * (1.0f + erff(sum * 0.70710678118654752f));
      if constexpr (ADD) sum += static_cast<float>(residual[at]);
      y[at] = static_cast<T>(sum);
    }
  }
}

// Softmax attention of one row's one head, key after key, by teams of lanes: each lane holds 16 bytes of the query.
// Source: the running maximum of Milakov & Gimelshein 2018, arXiv:1805.02867.
template <typename T, int WIDTH, int THREADS>
struct Attention {
  static constexpr int TEAM = WIDTH / PER<T>, TEAMS = THREADS / TEAM;
  const int team = threadIdx.x / TEAM, part = threadIdx.x % TEAM * PER<T>;
  float query[PER<T>], sum[PER<T>] = {};
  float top = -cuda::std::numeric_limits<float>::infinity(), mass = 0;

  __device__ Attention(const T* q) {
    load(q + part, query);
    // The softmax is taken to base 2.
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) query[i] *= 1.44269504f * rsqrtf(float(WIDTH));
  }

  // All lanes of a warp have to come here together; those of teams without a key say so.
  __device__ void hear(const T* key, const T* value, bool heard) {
    float k[PER<T>] = {}, v[PER<T>] = {};
    if (heard) {
      load(key + part, k);
      load(value + part, v);
    }
    float score = 0;
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) score = fmaf(query[i], k[i], score);
    score = total<TEAM>(score);
    if (!heard) return;
    const float higher = fmaxf(top, score), kept = exp2f(top - higher), weight = exp2f(score - higher);
    top = higher;
    mass = mass * kept + weight;
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) sum[i] = sum[i] * kept + weight * v[i];
  }

  __device__ void finish(T* y) {
    __shared__ float tops[TEAMS], masses[TEAMS], sums[TEAMS][WIDTH];
    if (part == 0) {
      tops[team] = top;
      masses[team] = mass;
    }
#pragma unroll
    for (int i = 0; i < PER<T>; ++i) sums[team][part + i] = sum[i];
    __syncthreads();
    if (threadIdx.x >= WIDTH) return;
    float highest = -cuda::std::numeric_limits<float>::infinity(), whole = 0, value = 0;
#pragma unroll
    for (int i = 0; i < TEAMS; ++i) highest = fmaxf(highest, tops[i]);
#pragma unroll
    for (int i = 0; i < TEAMS; ++i) {
      const float weight = exp2f(tops[i] - highest);
      whole += masses[i] * weight;
      value += sums[i][threadIdx.x] * weight;
    }
    y[threadIdx.x] = static_cast<T>(value / whole);
  }
};

// Attention to the columns before and this one, whose key and value go into the cache: qkv (rows, 3, HEADS, WIDTH),
// cache (rows, 2, HEADS, capacity, WIDTH), y (rows, HEADS, WIDTH). One block for each row and head.
template <typename T, int HEADS, int WIDTH, int THREADS>
__device__ inline void attend_past(const T* qkv, const T* cache, int capacity, int place, T* y) {
  const int row = blockIdx.x / HEADS, head = blockIdx.x % HEADS;
  const T* own = qkv + (row * 3 * HEADS + head) * WIDTH;
  const T* key = own + HEADS * WIDTH;
  const T* value = key + HEADS * WIDTH;
  const T* keys = cache + size_t(row * 2 * HEADS + head) * capacity * WIDTH;
  const T* values = keys + size_t(HEADS) * capacity * WIDTH;
  Attention<T, WIDTH, THREADS> attention(own);
  const int teams = attention.TEAMS;
#pragma unroll 4
  for (int first = 0; first < place; first += teams) {
    const int column = first + attention.team;
    attention.hear(keys + size_t(column) * WIDTH, values + size_t(column) * WIDTH, column < place);
  }
  attention.hear(key, value, attention.team == 0);
  if (threadIdx.x < WIDTH) {
    const_cast<T*>(keys)[size_t(place) * WIDTH + threadIdx.x] = key[threadIdx.x];
    const_cast<T*>(values)[size_t(place) * WIDTH + threadIdx.x] = value[threadIdx.x];
  }
  attention.finish(y + (row * HEADS + head) * WIDTH);
}

// Attention to a text: q (rows, HEADS, WIDTH), keys and values (rows, HEADS, pieces, WIDTH), mask (rows, pieces) or none.
template <typename T, int HEADS, int WIDTH, int THREADS>
__device__ inline void attend_text(const T* q, const T* keys, const T* values, const bool* mask, int pieces, T* y) {
  const int row = blockIdx.x / HEADS;
  const size_t begin = size_t(blockIdx.x) * pieces * WIDTH;
  Attention<T, WIDTH, THREADS> attention(q + blockIdx.x * WIDTH);
  const int teams = attention.TEAMS;
  for (int first = 0; first < pieces; first += teams) {
    const int piece = first + attention.team;
    const bool heard = piece < pieces && (mask == nullptr || mask[row * pieces + piece]);
    attention.hear(keys + begin + piece * WIDTH, values + begin + piece * WIDTH, heard);
  }
  attention.finish(y + blockIdx.x * WIDTH);
}

}  // namespace step
