/*
 * Sums over spans of pixels: what `coverage/zones.py` does in NumPy.
 *
 * A span lies within one row. Its sum goes through LANES running sums in double precision that are added in a fixed
 * order: vector code on every processor, and the same bits on each. Products of two floats are exact in doubles.
 */
#include <stdint.h>

enum { LANES = 16, NONE = 0, BYTE = 1, FLOAT = 2 };

typedef struct {
    const char *data;
    int64_t row_bytes; /* rows may lie apart, columns may not */
    int32_t kind;
} Pixels;

#define SUM_OF(NAME, VALUE, WEIGHT, TERM)                                              \
    static double NAME(const VALUE *value, const WEIGHT *weight, int64_t count) {      \
        double lane[LANES] = {0};                                                      \
        int64_t i = 0;                                                                 \
        (void)weight;                                                                  \
        for (; i + LANES <= count; i += LANES)                                         \
            for (int j = 0; j < LANES; j++) lane[j] += TERM(i + j);                    \
        for (int j = 0; i + j < count; j++) lane[j] += TERM(i + j);                    \
        for (int half = LANES / 2; half; half /= 2)                                    \
            for (int j = 0; j < half; j++) lane[j] += lane[j + half];                  \
        return lane[0];                                                                \
    }
#define ALONE(k) (double)value[k]
#define WEIGHED(k) (double)value[k] * (double)weight[k]

SUM_OF(floats, float, float, ALONE)
SUM_OF(floats_by_floats, float, float, WEIGHED)
SUM_OF(floats_by_bytes, float, uint8_t, WEIGHED)
SUM_OF(bytes_by_floats, uint8_t, float, WEIGHED)

/* Whole numbers: any order gives the same sum. */
static double bytes(const uint8_t *value, int64_t count) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += value[i];
    return (double)sum;
}
static double bytes_by_bytes(const uint8_t *value, const uint8_t *weight, int64_t count) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (uint32_t)value[i] * weight[i];
    return (double)sum;
}

static double span(const Pixels *value, const Pixels *weight, int64_t row, int64_t first, int64_t count) {
    const char *values = value->data + row * value->row_bytes, *weights = weight->data + row * weight->row_bytes;
    const float *f = (const float *)values + first, *wf = (const float *)weights + first;
    const uint8_t *b = (const uint8_t *)values + first, *wb = (const uint8_t *)weights + first;
    if (value->kind == FLOAT) {
        if (weight->kind == NONE) return floats(f, f, count);
        return weight->kind == FLOAT ? floats_by_floats(f, wf, count) : floats_by_bytes(f, wb, count);
    }
    if (weight->kind == NONE) return bytes(b, count);
    return weight->kind == FLOAT ? bytes_by_floats(b, wf, count) : bytes_by_bytes(b, wb, count);
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
