/*
 * Sums over spans of pixels: what `coverage/zones.py` does in NumPy.
 *
 * A span lies within one row. It is summed in chunks, each through LANES running sums in double precision that are added
 * in a fixed order: vector code on every processor, and the same bits on each. Products of two floats are exact in doubles.
 */
#include <stdint.h>

enum { LANES = 16, CHUNK = 256, NONE = 0, BYTE = 1, FLOAT = 2 };

typedef struct {
    const char *data;
    int64_t row_bytes; /* rows may lie apart, columns may not */
    int32_t kind;
} Pixels;

static double sum_of(double *lane) {
    for (int half = LANES / 2; half; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

static double total(const float *value, int count) {
    double lane[LANES] = {0};
    int i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] += value[i + j];
    for (int j = 0; i + j < count; j++) lane[j] += value[i + j];
    return sum_of(lane);
}

static double dot(const float *value, const float *weight, int count) {
    double lane[LANES] = {0};
    int i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] += (double)value[i + j] * (double)weight[i + j];
    for (int j = 0; i + j < count; j++) lane[j] += (double)value[i + j] * (double)weight[i + j];
    return sum_of(lane);
}

static double counted(const uint8_t *value, int64_t count) { /* whole numbers: any order gives the same sum */
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += value[i];
    return (double)sum;
}

/* Pixels of a row as floats: where they are, or in the buffer. */
static const float *floats(const Pixels *pixels, int64_t row, int64_t col, int count, float *buffer) {
    const char *start = pixels->data + row * pixels->row_bytes;
    if (pixels->kind == FLOAT) return (const float *)start + col;
    const uint8_t *bytes = (const uint8_t *)start + col;
    for (int i = 0; i < count; i++) buffer[i] = bytes[i];
    return buffer;
}

static double span(const Pixels *value, const Pixels *weight, int64_t row, int64_t first, int64_t count) {
    if (value->kind == BYTE && weight->kind == NONE)
        return counted((const uint8_t *)value->data + row * value->row_bytes + first, count);
    float values[CHUNK], weights[CHUNK];
    double sum = 0;
    for (int64_t at = 0; at < count; at += CHUNK) {
        const int part = count - at < CHUNK ? (int)(count - at) : CHUNK;
        const float *v = floats(value, row, first + at, part, values);
        sum += weight->kind == NONE ? total(v, part) : dot(v, floats(weight, row, first + at, part, weights), part);
    }
    return sum;
}

/*
 * The sum of value × weight in every span of a window: row r has the spans pointers[r] … pointers[r + 1] − 1, each from
 * column first[k] to stop[k] − 1 of the whole grid; the window has `cols` columns from column `col0` on.
 */
void phusong_span_sums(const Pixels *value, const Pixels *weight, const int64_t *pointers, const int32_t *first,
                       const int32_t *stop, int64_t rows, int64_t col0, int64_t cols, double *sums) {
    for (int64_t row = 0; row < rows; row++)
        for (int64_t k = pointers[row]; k < pointers[row + 1]; k++) {
            const int64_t from = first[k] > col0 ? first[k] - col0 : 0, to = stop[k] - col0 < cols ? stop[k] - col0 : cols;
            sums[k - pointers[0]] = to > from ? span(value, weight, row, from, to - from) : 0;
        }
}
