/*
 * Composition of masts: what `coverage/radio/composition.py` does in NumPy, in one pass over the window.
 *
 * A row is walked in strips of STRIP pixels whose working values stay in the first-level cache. Geometry is worked out
 * once per strip for all cells of the mast. Every loop runs over the whole strip, also where the window ends within it:
 * all pixels then go through the same vector code, and their bits do not depend on how the window was cut.
 */
#include <stddef.h>
#include <string.h>

#include "fast.h"

enum { STRIP = 64, BLOCK = 16, OUTSIDE = -32768, UNKNOWN = 32767, TABLE_COLS = 361 };
#define FOR_STRIP for (int j = 0; j < STRIP; j++)

typedef struct { /* rows may lie apart, columns may not */
    char *data;
    int64_t row_bytes;
} Raster;

typedef struct {
    double row, col, pixel_m, antenna_m;
    int64_t row0, col0, rows, cols;
    Raster ground, loss; /* float, int16 */
} View;

typedef struct {
    const float *table;             /* NULL: the sector formula */
    float reference, azimuth, tilt; /* azimuth −180 … 180 */
    float curve_az, curve_el;       /* 12/width² [dB/°²]; 0 without azimuth */
    int32_t cell;
} Beam;

typedef struct {
    Raster probability, rsrp, server, unknown, heard; /* float, float, int32, uint8, uint16 (may be NULL) */
    float threshold, per_sigma;
} Levels;

typedef struct {
    Raster best, others, server, unknown; /* float, float, int32, uint8 */
} Powers;

typedef struct { /* what is asked of one beam */
    float noise, factor, downlink_db, uplink_dbm;
} Demand;

typedef struct {
    Raster total, probability; /* float */
    float per_sigma;
} Throughput;

typedef struct { /* first pixel of a strip in the arrays, and how many of its pixels there are */
    int64_t row, col;
    int count;
} Place;

typedef struct {
    Place at;
    float loss[STRIP]; /* NaN where nothing is to be added */
    float height[STRIP], bearing[STRIP], depression[STRIP], level[STRIP];
    int32_t unknown[STRIP], any_unknown;
} Strip;

/* The pixels of a strip to a buffer and back; a whole strip has a length that the compiler knows. */
static inline char *under(const Raster *raster, Place at, size_t bytes) {
    return raster->data + at.row * raster->row_bytes + at.col * (int64_t)bytes;
}
static inline void copy(void *to, const void *from, Place at, size_t bytes) {
    if (at.count == STRIP) memcpy(to, from, STRIP * bytes);
    else memcpy(to, from, (size_t)at.count * bytes);
}
/* The same pixels of the next row are asked for at once: the processor's own guess ends with every row of a window. */
static inline void fetch(void *to, const Raster *raster, Place at, size_t bytes) {
    const char *const from = under(raster, at, bytes);
    for (size_t ahead = 0; ahead < STRIP * bytes; ahead += 64) __builtin_prefetch(from + raster->row_bytes + ahead);
    copy(to, from, at, bytes);
}
#define FETCH(buffer, raster) fetch(buffer, &(raster), at, sizeof *(buffer))
#define STORE(buffer, raster) copy(under(&(raster), at, sizeof *(buffer)), buffer, at, sizeof *(buffer))

/* Losses and heights of a strip. The height of the antenna is split in two floats, so that none of it is lost. */
static void read_strip(const View *view, Strip *strip) {
    int16_t packed[STRIP];
    float ground[STRIP];
    int32_t any = 0;
    const Place at = strip->at;
    const float high = (float)view->antenna_m, low = (float)(view->antenna_m - high);
    FOR_STRIP packed[j] = OUTSIDE;
    FOR_STRIP ground[j] = 0;
    FETCH(packed, view->loss);
    FETCH(ground, view->ground);
    FOR_STRIP {
        const float height = (high - ground[j]) + low;
        const int32_t loss = packed[j], given = loss != OUTSIDE, known = (loss != UNKNOWN) & (height == height);
        strip->height[j] = height == height ? height : 0;
        strip->loss[j] = given & known ? (float)loss * (1.0f / 64) : NAN;
        strip->unknown[j] = given & !known;
        any |= given & !known;
    }
    strip->any_unknown = any;
}

/* Bearing −180 … 180 and depression of every pixel [°]. */
static void set_directions(const View *view, Strip *strip) {
    const float north = (float)((view->row - (double)(view->row0 + strip->at.row)) * view->pixel_m);
    const double first = (double)(view->col0 + strip->at.col);
    FOR_STRIP {
        const float east = (float)((first + j - view->col) * view->pixel_m), height = strip->height[j];
        const float aside = atan_degrees(fabsf(east), fabsf(north)), turn = north < 0 ? 180 - aside : aside;
        const float down = atan_degrees(fabsf(height), sqrtf(east * east + north * north));
        strip->bearing[j] = east < 0 ? -turn : turn;
        strip->depression[j] = height < 0 ? -down : down;
    }
}

/* The sector of TR 38.901 table 7.3-1, as radio/antenna.py. */
static void set_sector_levels(const Beam *beam, Strip *strip) {
    const float reference = beam->reference, azimuth = beam->azimuth, tilt = beam->tilt;
    const float curve_az = beam->curve_az, curve_el = beam->curve_el;
    FOR_STRIP {
        const float aside = fabsf(strip->bearing[j] - azimuth), off = min_of(aside, 360 - aside);
        const float below = strip->depression[j] - tilt;
        const float attenuation = min_of(curve_az * off * off, 30) + min_of(curve_el * below * below, 30);
        strip->level[j] = reference - min_of(attenuation, 30) - strip->loss[j];
    }
}

/* Bilinear between the whole degrees of a table. */
static void table_gains(const float *restrict table, const float *restrict bearing, const float *restrict depression,
                        float *restrict gain) {
    FOR_STRIP {
        const float turn = bearing[j] < 0 ? bearing[j] + 360 : bearing[j], down = depression[j] + 90;
        int32_t row = (int32_t)down, col = (int32_t)turn;
        row = row < 179 ? row : 179;
        col = col < 359 ? col : 359;
        const float v = down - (float)row, u = turn - (float)col;
        const int32_t at = row * TABLE_COLS + col;
        const float upper = table[at] + u * (table[at + 1] - table[at]);
        const float lower = table[at + TABLE_COLS] + u * (table[at + TABLE_COLS + 1] - table[at + TABLE_COLS]);
        gain[j] = upper + v * (lower - upper);
    }
}

static void set_table_levels(const Beam *beam, Strip *strip) {
    float gain[STRIP];
    table_gains(beam->table, strip->bearing, strip->depression, gain);
    FOR_STRIP strip->level[j] = beam->reference + gain[j] - strip->loss[j];
}

static void set_levels(const Beam *beam, Strip *strip) {
    if (beam->table) set_table_levels(beam, strip);
    else set_sector_levels(beam, strip);
}

static void mark_unknown(const Strip *strip, const Raster *unknown) {
    if (!strip->any_unknown) return;
    char *const flags = under(unknown, strip->at, 1);
    for (int j = 0; j < strip->at.count; j++) flags[j] |= (char)strip->unknown[j];
}

static void add_levels(const Beam *beams, int count, const Levels *out, Strip *strip) {
    const Place at = strip->at;
    float probability[STRIP], rsrp[STRIP];
    int32_t server[STRIP], heard[STRIP] = {0};
    const float threshold = out->threshold, per_sigma = out->per_sigma;
    FETCH(probability, out->probability);
    FETCH(rsrp, out->rsrp);
    FETCH(server, out->server);
    FOR_STRIP rsrp[j] = rsrp[j] == rsrp[j] ? rsrp[j] : -INFINITY; /* nobody yet: anybody is better */
    for (int b = 0; b < count; b++) {
        const int32_t cell = beams[b].cell;
        set_levels(&beams[b], strip);
        FOR_STRIP {
            const float level = strip->level[j], reached = normal_of((level - threshold) * per_sigma);
            const int better = (level > rsrp[j]) | ((level == rsrp[j]) & (cell < server[j]));
            probability[j] = reached > probability[j] ? reached : probability[j];
            server[j] = better ? cell : server[j];
            rsrp[j] = better ? level : rsrp[j];
            heard[j] += level >= threshold;
        }
    }
    FOR_STRIP rsrp[j] = rsrp[j] > -INFINITY ? rsrp[j] : NAN;
    STORE(probability, out->probability);
    STORE(rsrp, out->rsrp);
    STORE(server, out->server);
    mark_unknown(strip, &out->unknown);
    if (!out->heard.data) return;
    uint16_t *const counts = (uint16_t *)(void *)under(&out->heard, at, sizeof *counts);
    for (int j = 0; j < at.count; j++) counts[j] = (uint16_t)(counts[j] + heard[j]);
}

/* A level as a power [mW], 0 for NaN; 3.0103 dB double it. Below the smallest normal float it counts as that. */
static inline float milliwatt(float dbm) {
    const float power = exp2_of(max_of(dbm * 0.33219281f, -126));
    return dbm == dbm ? power : 0;
}

static void add_powers(const Beam *beams, int count, const Powers *out, Strip *strip) {
    const Place at = strip->at;
    float best[STRIP], others[STRIP], power[STRIP];
    int32_t server[STRIP];
    FETCH(best, out->best);
    FETCH(others, out->others);
    FETCH(server, out->server);
    for (int b = 0; b < count; b++) {
        const int32_t cell = beams[b].cell;
        set_levels(&beams[b], strip);
        /* One loop each: together, their comparisons become branches where there is no AVX. */
        FOR_STRIP power[j] = milliwatt(strip->level[j]);
        FOR_STRIP {
            const int better = (power[j] > best[j]) | ((power[j] == best[j]) & (cell < server[j]));
            server[j] = better ? cell : server[j];
        }
        FOR_STRIP others[j] += min_of(power[j], best[j]);
        FOR_STRIP best[j] = max_of(power[j], best[j]);
    }
    STORE(best, out->best);
    STORE(others, out->others);
    STORE(server, out->server);
    mark_unknown(strip, &out->unknown);
}

static void add_throughput(const Beam *beams, const Demand *demands, int count, const Throughput *out, Strip *strip) {
    const Place at = strip->at;
    float total[STRIP], probability[STRIP];
    const float per_sigma = out->per_sigma;
    FOR_STRIP total[j] = 0;
    FETCH(total, out->total);
    FETCH(probability, out->probability);
    for (int b = 0; b < count; b++) {
        const float noise = demands[b].noise, factor = demands[b].factor;
        const float downlink_db = demands[b].downlink_db, uplink_dbm = demands[b].uplink_dbm;
        set_levels(&beams[b], strip);
        FOR_STRIP {
            const float level = strip->level[j], others = max_of(total[j] - milliwatt(level), 0);
            const float needed = downlink_db + 3.0103000f * log2_of(factor * others + noise);
            const float reached = normal_of((level - max_of(needed, uplink_dbm)) * per_sigma);
            probability[j] = reached > probability[j] ? reached : probability[j];
        }
    }
    STORE(probability, out->probability);
}

/* Move to the next strip that is not all outside, and work out its geometry; 0 when there is none. */
static int next_strip(const View *view, Strip *strip) {
    Place *const at = &strip->at;
    at->col += at->count;
    for (; at->row < view->rows; at->row++, at->col = 0) {
        const int16_t *const loss = (const int16_t *)(const void *)(view->loss.data + at->row * view->loss.row_bytes);
        for (; at->col < view->cols; at->col += BLOCK) {
            const int64_t left = view->cols - at->col;
            int inside = 0;
            if (left >= BLOCK) for (int j = 0; j < BLOCK; j++) inside |= loss[at->col + j] != OUTSIDE;
            else for (int j = 0; j < left; j++) inside |= loss[at->col + j] != OUTSIDE;
            if (!inside) continue;
            at->count = left < STRIP ? (int)left : STRIP;
            read_strip(view, strip);
            set_directions(view, strip);
            return 1;
        }
    }
    return 0;
}

/* Levels without an antenna. Where nothing is better, nothing is written. */
static void take_better(const Raster *loss, float level, int32_t cell, const Raster *best, const Raster *servers,
                        Place at) {
    int16_t packed[STRIP];
    float here[STRIP], rsrp[STRIP];
    int32_t server[STRIP], any = 0;
    FOR_STRIP packed[j] = OUTSIDE;
    FETCH(packed, *loss);
    FETCH(rsrp, *best);
    FOR_STRIP {
        const int32_t given = (packed[j] != OUTSIDE) & (packed[j] != UNKNOWN);
        here[j] = given ? level - (float)packed[j] * (1.0f / 64) : -INFINITY;
        rsrp[j] = rsrp[j] == rsrp[j] ? rsrp[j] : -INFINITY;
        any |= given & (here[j] >= rsrp[j]);
    }
    if (!any) return;
    FETCH(server, *servers);
    FOR_STRIP {
        const int better = (here[j] > rsrp[j]) | ((here[j] == rsrp[j]) & (cell < server[j]));
        rsrp[j] = better ? here[j] : rsrp[j];
        server[j] = better ? cell : server[j];
    }
    FOR_STRIP rsrp[j] = rsrp[j] > -INFINITY ? rsrp[j] : NAN;
    STORE(rsrp, *best);
    STORE(server, *servers);
}

void phusong_levels(const View *view, const Beam *beams, int count, const Levels *out) {
    Strip strip = {.at = {0}};
    while (next_strip(view, &strip)) add_levels(beams, count, out, &strip);
}

void phusong_powers(const View *view, const Beam *beams, int count, const Powers *out) {
    Strip strip = {.at = {0}};
    while (next_strip(view, &strip)) add_powers(beams, count, out, &strip);
}

void phusong_throughput(const View *view, const Beam *beams, const Demand *demands, int count, const Throughput *out) {
    Strip strip = {.at = {0}};
    while (next_strip(view, &strip)) add_throughput(beams, demands, count, out, &strip);
}

void phusong_best_server(const Raster *loss, int64_t rows, int64_t cols, float level, int32_t cell, const Raster *best,
                         const Raster *servers) {
    for (int64_t row = 0; row < rows; row++) for (int64_t col = 0; col < cols; col += STRIP) {
        const Place at = {row, col, (int)(cols - col < STRIP ? cols - col : STRIP)};
        take_better(loss, level, cell, best, servers, at);
    }
}
