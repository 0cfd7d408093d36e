/*
 * Median terrain loss along rays from one transmitter: delta-Bullington diffraction of ITU-R P.1812-8 §4.3 for every
 * sample of every ray, plus the polar grid around a site and its way back to pixels. The NumPy twin of the physics is
 * coverage/radio/p526.py; the tests compare every target of every ray with it.
 *
 * Symbols follow the Recommendation. All lengths are metres, all slopes metres per metre. On a ray with samples
 * i = 0 … n at a fixed step, a receiver k sees only samples 0 < i < k. Three identities make a ray cheap:
 *
 *   1. With z = h − d²/2a the bulge of the Earth drops out: (h_i + d_i(D−d_i)/2a − h_ts)/d_i = α_i + D/2a with
 *      α_i = (z_i − h_ts)/d_i, so slopes from the transmitter compare as α, whatever the receiver.
 *   2. The transmitter's horizon is then a running maximum of α, and the smooth Earth (eqs 83–86) two prefix sums.
 *   3. Clearance on a line of sight is ν_i² = (2/λ)(α_r − α_i)² d_i D/(D − d_i).
 *
 * What is left to search over all samples is the closest clearance (line of sight) and the receiver's horizon (beyond
 * it). Sixteen neighbouring receivers search together, sample blocks are skipped when a bound shows that no sample in
 * them can matter to any of the sixteen.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16, GROUP = 8, MAX_STEPS = 4096, PAD = 2 * LANES, BLOCKS = MAX_STEPS / LANES + 2 };
#define ALIGNED __attribute__((aligned(64)))
static const float NOTHING = -1e9f; /* below every height and slope on Earth */

typedef struct {
    float step, radius, wavelength, frequency_ghz; /* [m], [m], [m], [GHz] */
    float tx_height, rx_height;                    /* above ground [m] */
    float ground;                                  /* constant of the electrical ground term, eq. 30 */
} Link;

typedef struct { /* one level of bounds: the highest value in every block and in every group of blocks */
    float ALIGNED block[BLOCKS], group[BLOCKS];
} Tops;

typedef struct {
    float ALIGNED bare[MAX_STEPS + LANES], top[MAX_STEPS + LANES]; /* ground, ground and clutter [m above sea level] */
    float ALIGNED z[MAX_STEPS + LANES], alpha[MAX_STEPS + LANES];  /* identity 1, over `top` */
    float ALIGNED alpha_max[MAX_STEPS + LANES], bare_max[MAX_STEPS + LANES]; /* running maxima before the sample */
    float ALIGNED mean1[MAX_STEPS + LANES], mean2[MAX_STEPS + LANES];        /* prefix sums of eqs 83–84, divided */
    float ALIGNED clearance[MAX_STEPS + LANES], horizon[MAX_STEPS + LANES];
    float ALIGNED obstacle[MAX_STEPS + LANES], obstacle_slope[MAX_STEPS + LANES];
    float ALIGNED inverse_distance[MAX_STEPS + LANES];
    float ALIGNED inverse_index[MAX_STEPS + LANES + PAD]; /* 1/m at [PAD + m]; 0 for m ≤ 0: a sample not in between */
    int32_t ALIGNED in_sight[MAX_STEPS + LANES];
    Tops alpha_tops, z_tops, bare_tops;
} Ray;

static inline float max_of(float a, float b) { return a > b ? a : b; }
static inline float min_of(float a, float b) { return a < b ? a : b; }

/* log2 (x > 0) and 2^x (|x| < 120) to about 1e-6, without calls or branches, so that loops over targets become vector code. */
static inline float log2_of(float x) {
    union { float f; int32_t i; } bits = {x};
    float exponent = (float)((bits.i >> 23) - 127);
    bits.i = (bits.i & 0x7fffff) | 0x3f800000;
    const int high = bits.f > 1.41421356f;
    const float mantissa = high ? bits.f * 0.5f : bits.f;
    exponent = high ? exponent + 1 : exponent;
    const float t = (mantissa - 1) / (mantissa + 1), t2 = t * t;
    return exponent + t * (2.885390082f + t2 * (0.9617966939f + t2 * (0.5770780164f + t2 * 0.4121985831f)));
}
static inline float exp2_of(float x) {
    const float whole = floorf(x + 0.5f), f = x - whole;
    union { float f; int32_t i; } bits;
    bits.i = ((int32_t)whole + 127) << 23;
    return bits.f * (1 + f * (0.69314718f + f * (0.24022651f + f * (0.055504109f + f * (0.0096181291f +
                     f * (0.0013333558f + f * 0.00015403530f))))));
}
static inline float log10_of(float x) { return 0.30102999566f * log2_of(x); }

/* Bullington loss of a diffraction parameter ν over a path of d metres: eqs 12 and 21. */
static inline float bullington_db(float nu, float d) {
    const float u = nu - 0.1f;
    const float edge = max_of(6.9f + 20 * log10_of(sqrtf(u * u + 1) + u), 0.0f);
    const float loss = nu > -0.78f ? edge : 0.0f;
    return loss + (1 - exp2_of(loss * (-1.44269504f / 6))) * (10 + 0.02e-3f * d);
}

static void set_tops(Tops *tops, const float *values, int blocks) {
    for (int b = 0; b < blocks; b++) {
        float top = NOTHING;
        for (int i = LANES * b; i < LANES * (b + 1); i++) top = max_of(top, values[i]);
        tops->block[b] = top;
    }
    for (int g = 0; g * GROUP < blocks; g++) {
        float top = NOTHING;
        for (int b = g * GROUP; b < (g + 1) * GROUP && b < blocks; b++) top = max_of(top, tops->block[b]);
        tops->group[g] = top;
    }
}

/* Everything about a ray that does not depend on the receiver, and the running values that do so only by index. */
static void prepare(Ray *ray, int n, const Link *link) {
    const float origin = ray->bare[0], tx = origin + link->tx_height, half = 0.5f / link->radius;
    float alpha_max = NOTHING, bare_max = NOTHING;
    double sum1 = 0, sum2 = 0;
    for (int i = 1; i <= n; i++) {
        const float d = (float)i * link->step;
        ray->z[i] = ray->top[i] - d * d * half;
        ray->alpha[i] = (ray->z[i] - tx) * ray->inverse_distance[i];
    }
    for (int k = 1; k <= n; k++) {
        const double here = ray->bare[k] - origin, before = ray->bare[k - 1] - origin, inverse = 1.0 / k;
        sum1 += here + before;
        sum2 += here * (3 * k - 1) + before * (3 * k - 2);
        ray->mean1[k] = (float)(sum1 * inverse);
        ray->mean2[k] = (float)(sum2 * inverse * inverse);
        ray->alpha_max[k] = alpha_max;
        ray->bare_max[k] = bare_max;
        alpha_max = max_of(alpha_max, ray->alpha[k]);
        bare_max = max_of(bare_max, (ray->bare[k] - tx) * ray->inverse_distance[k]);
    }
    const int blocks = n / LANES + 1;
    for (int i = n + 1; i < blocks * LANES; i++) ray->z[i] = ray->alpha[i] = ray->bare[i] = NOTHING;
    ray->z[0] = ray->alpha[0] = NOTHING; /* the transmitter itself is no obstacle */
    set_tops(&ray->alpha_tops, ray->alpha, blocks);
    set_tops(&ray->z_tops, ray->z, blocks);
    ray->bare[0] = NOTHING;
    set_tops(&ray->bare_tops, ray->bare, blocks);
    ray->bare[0] = origin;
}

/*
 * The three searches. `first` is the index of lane 0, a multiple of LANES; lane l is receiver first + l. Each starts with
 * the samples of the receivers' own block, where "in between" has to be masked, then walks the earlier blocks from near
 * to far. `weight` is 1/(k − i) from the table, 0 for a sample that is not in between.
 */
typedef struct {
    float ALIGNED tx_slope[LANES];      /* α of the receiver */
    float ALIGNED z[LANES], bare[LANES]; /* receiver, with and without bulge [m] */
    float ALIGNED rise[LANES];          /* of the direct line towards the receiver over one step, no bulge [m] */
    float ALIGNED clearance[LANES], horizon[LANES], obstacle[LANES], obstacle_slope[LANES];
} Tile;

#define FOR_LANES for (int l = 0; l < LANES; l++)

/* Least (α_r − α_i)²·i/(k − i) over the samples in between. */
static inline void search_clearance(const Ray *ray, Tile *tile, int first) {
    const float *weight = ray->inverse_index + PAD + first, *alpha = ray->alpha;
    for (int i = first ? first : 1; i < first + LANES - 1; i++) FOR_LANES {
        const float t = tile->tx_slope[l] - alpha[i], w = weight[l - i], v = t * t * (float)i * w;
        tile->clearance[l] = w > 0 && v < tile->clearance[l] ? v : tile->clearance[l];
    }
    for (int b = first / LANES - 1; b >= 0; b--) {
        if (b % GROUP == GROUP - 1) { /* entering a group: may all of it be skipped? The least i is its first sample. */
            const int low = b >= GROUP ? b / GROUP * GROUP * LANES : 1;
            int any = 0;
            FOR_LANES {
                const float t = max_of(tile->tx_slope[l] - ray->alpha_tops.group[b / GROUP], 0);
                any |= t * t * (float)low * weight[l - low] < tile->clearance[l];
            }
            if (!any) { b -= GROUP - 1; continue; }
        }
        const int low = b ? b * LANES : 1;
        int any = 0;
        FOR_LANES {
            const float t = max_of(tile->tx_slope[l] - ray->alpha_tops.block[b], 0);
            any |= t * t * (float)low * weight[l - low] < tile->clearance[l];
        }
        if (!any) continue;
        for (int i = low; i < (b + 1) * LANES; i++) FOR_LANES {
            const float t = tile->tx_slope[l] - alpha[i];
            tile->clearance[l] = min_of(tile->clearance[l], t * t * (float)i * weight[l - i]);
        }
    }
}

/* Can a sample not above `top`, from index `low` to `high`, raise the greatest (value − receiver)/(k − i)? */
static inline int may_raise(const float *receiver, const float *best, const float *weight, float top, int low, int high) {
    int any = 0;
    FOR_LANES {
        const float rise = top - receiver[l];
        any |= rise * (rise > 0 ? weight[l - high] : weight[l - low]) > best[l];
    }
    return any;
}

/* Greatest (value_i − receiver)/(k − i) over the samples in between, per step. */
static inline void search_horizon(const float *value, const Tops *tops, const float *weight, const float *receiver,
                                  float *best, int first) {
    for (int i = first ? first : 1; i < first + LANES - 1; i++) FOR_LANES {
        const float w = weight[l - i], v = (value[i] - receiver[l]) * w;
        best[l] = w > 0 && v > best[l] ? v : best[l];
    }
    for (int b = first / LANES - 1; b >= 0; b--) {
        if (b % GROUP == GROUP - 1) {
            const int low = b / GROUP * GROUP * LANES, high = (b + 1) * LANES - 1;
            if (!may_raise(receiver, best, weight, tops->group[b / GROUP], low, high)) { b -= GROUP - 1; continue; }
        }
        const int low = b * LANES, high = low + LANES - 1;
        if (!may_raise(receiver, best, weight, tops->block[b], low, high)) continue;
        for (int i = low; i <= high; i++) FOR_LANES best[l] = max_of(best[l], (value[i] - receiver[l]) * weight[l - i]);
    }
}

/* Greatest height of the bare ground above the direct line: (h_i − h_r) + rise·(k − i). */
static inline void search_obstacle(const Ray *ray, Tile *tile, int first) {
    const float *weight = ray->inverse_index + PAD + first, *bare = ray->bare;
    for (int i = first ? first : 1; i < first + LANES - 1; i++) FOR_LANES {
        const float v = bare[i] - tile->bare[l] + tile->rise[l] * (float)(first + l - i);
        tile->obstacle[l] = weight[l - i] > 0 && v > tile->obstacle[l] ? v : tile->obstacle[l];
    }
    for (int b = first / LANES - 1; b >= 0; b--) {
        const int low = b * LANES, high = low + LANES - 1;
        int any = 0;
        FOR_LANES {
            const float near = tile->rise[l] * (float)(first + l - high), far = tile->rise[l] * (float)(first + l - low);
            any |= ray->bare_tops.block[b] - tile->bare[l] + max_of(near, far) > tile->obstacle[l];
        }
        if (!any) continue;
        for (int i = low ? low : 1; i <= high; i++) FOR_LANES {
            const float v = bare[i] - tile->bare[l] + tile->rise[l] * (float)(first + l - i);
            tile->obstacle[l] = max_of(tile->obstacle[l], v);
        }
    }
}

/* Search for sixteen receivers; a lane that needs no search starts with a value that nothing can improve. */
static void search_tile(Ray *ray, int first, int from, int n, const Link *link) {
    Tile tile;
    const float tx = ray->bare[0] + link->tx_height, settled = 1e30f;
    const float enough = 0.3084f * link->wavelength; /* ν = −0.785: beyond it a clearance costs nothing (eq. 12) */
    int sighted = 0, hidden = 0, obstructed = 0;
    FOR_LANES {
        const int k = first + l, wanted = k >= from && k <= n;
        const float inverse = ray->inverse_distance[k];
        tile.z[l] = ray->z[k] - (ray->top[k] - ray->bare[k]) + link->rx_height;
        tile.bare[l] = ray->bare[k] + link->rx_height;
        tile.tx_slope[l] = (tile.z[l] - tx) * inverse;
        const float direct = (tile.bare[l] - tx) * inverse;
        tile.rise[l] = direct * link->step;
        /* Decided once and kept: compiled twice, the comparison could fall on either side of a grazing ray. */
        const int in_sight = ray->alpha_max[k] < tile.tx_slope[l], clear = ray->bare_max[k] <= direct;
        ray->in_sight[k] = in_sight;
        tile.clearance[l] = wanted && in_sight ? enough * inverse : 0;
        tile.horizon[l] = wanted && !in_sight ? NOTHING : settled;
        tile.obstacle[l] = tile.obstacle_slope[l] = wanted && !clear ? NOTHING : settled;
        sighted |= wanted && in_sight;
        hidden |= wanted && !in_sight;
        obstructed |= wanted && !clear;
    }
    const float *weight = ray->inverse_index + PAD + first, per_step = 1 / link->step, origin = ray->bare[0];
    if (sighted) search_clearance(ray, &tile, first);
    if (hidden) search_horizon(ray->z, &ray->z_tops, weight, tile.z, tile.horizon, first);
    if (obstructed) {
        ray->bare[0] = NOTHING;
        search_horizon(ray->bare, &ray->bare_tops, weight, tile.bare, tile.obstacle_slope, first);
        search_obstacle(ray, &tile, first);
        ray->bare[0] = origin;
    }
    FOR_LANES {
        const int k = first + l;
        ray->clearance[k] = tile.clearance[l] * (float)k * link->step; /* (α_r − α_i)²·d_i·D/(D − d_i) */
        ray->horizon[k] = tile.horizon[l] * per_step;
        ray->obstacle[k] = tile.obstacle[l] < settled ? max_of(tile.obstacle[l], 0) : 0;
        ray->obstacle_slope[k] = tile.obstacle_slope[l] * per_step;
    }
}

/* Spherical-Earth loss of the first term, eqs 29–36, for land. */
static inline float first_term_db(float d, float ht, float hr, float radius_km, const Link *link) {
    const float f = link->frequency_ghz, root = exp2_of(log2_of(radius_km) / 3), f3 = exp2_of(log2_of(f) / 3);
    const float k = 0.036f * link->ground / (root * f3), k2 = k * k;
    const float beta = (1 + 1.6f * k2 + 0.67f * k2 * k2) / (1 + 4.5f * k2 + 1.53f * k2 * k2);
    const float x = 21.88e-3f * beta * f3 / (root * root) * d, log_x = log2_of(x);
    /* Both branches are computed and one is chosen: a branch around exp2_of would keep the loop from vector code. */
    const float far = 11 + 10 * 0.30102999566f * log_x - 17.6f * x;
    const float near = -20 * 0.30102999566f * log_x - 5.6488f * exp2_of(1.425f * log_x);
    const float distance = x >= 1.6f ? far : near;
    const float scale = 0.9575f * beta * beta * f3 * f3 / root, least = 2 + 20 * log10_of(k);
    const float bt = scale * ht, br = scale * hr;
    const int far_t = bt > 2, far_r = br > 2;
    const float lt = log10_of(far_t ? bt - 1.1f : bt + 0.1f * bt * bt * bt);
    const float lr = log10_of(far_r ? br - 1.1f : br + 0.1f * br * br * br);
    const float root_t = sqrtf(max_of(bt - 1.1f, 0)), root_r = sqrtf(max_of(br - 1.1f, 0));
    const float gt = far_t ? 17.6f * root_t - 5 * lt - 8 : 20 * lt;
    const float gr = far_r ? 17.6f * root_r - 5 * lr - 8 : 20 * lr;
    return -distance - max_of(gt, least) - max_of(gr, least);
}

/* Bullington loss over the smooth Earth as sampled by the profile, eqs 13–21 with all heights zero. */
static inline float smooth_bullington_db(float k, float ht, float hr, const Link *link) {
    const float s = link->step, half = 0.5f / link->radius, last = k - 1, d = k * s, bulge = d * d * half;
    /* The slope −h/x − x/2a is greatest at x = √(2ah); the best sample is one of its two neighbours. */
    const float t0 = min_of(max_of(floorf(sqrtf(ht / half) / s), 1), last), t1 = min_of(t0 + 1, last);
    const float to_tx = max_of(-ht / (t0 * s) - t0 * s * half, -ht / (t1 * s) - t1 * s * half);
    const float direct = (hr - bulge - ht) / d;
    /* Line of sight: clearance/√(x(D−x)) is least where h_t/u + h_r·u − m·u/(1+u²) is, with u² = x/(D−x). */
    float u = sqrtf(ht / hr);
#pragma GCC unroll 3 /* unrolled, or the loop over targets around it would not become vector code */
    for (int turn = 0; turn < 3; turn++) {
        const float uu = u * u, o = 1 / (1 + uu);
        const float slope = hr - ht / uu - bulge * (1 - uu) * o * o;
        const float bend = 2 * ht / (uu * u) + 2 * bulge * u * (3 - uu) * o * o * o;
        u -= max_of(min_of(slope / max_of(bend, 1e-12f), 0.5f * u), -u);
    }
    const float x0 = min_of(max_of(floorf(u * u / (1 + u * u) * k), 1), last), x1 = min_of(x0 + 1, last);
    const float a0 = x0 * s, b0 = d - a0, a1 = x1 * s, b1 = d - a1, lines = 2 / link->wavelength * d;
    const float nu0 = -((ht * b0 + hr * a0) / d - a0 * b0 * half) * sqrtf(lines / (a0 * b0));
    const float nu1 = -((ht * b1 + hr * a1) / d - a1 * b1 * half) * sqrtf(lines / (a1 * b1));
    const float r0 = min_of(max_of(floorf(sqrtf(hr / half) / s), 1), last), r1 = min_of(r0 + 1, last);
    const float e0 = d - r0 * s, e1 = d - r1 * s, z = hr - bulge;
    const float to_rx = max_of((-e0 * e0 * half - z) / (r0 * s), (-e1 * e1 * half - z) / (r1 * s));
    const float x = min_of(max_of((z - ht + to_rx * d) / (to_tx + to_rx), 0.1f * s), d - 0.1f * s);
    const float beyond = (to_tx - direct) * sqrtf(2 / link->wavelength * x * d / (d - x));
    return bullington_db(to_tx < direct ? max_of(nu0, nu1) : beyond, d);
}

/* Delta-Bullington loss of targets from … n, eqs 37–39, into `loss`. */
static void finish(const Ray *restrict ray, int from, int n, const Link *restrict link, float *restrict loss) {
    const float tx = ray->bare[0] + link->tx_height, half = 0.5f / link->radius, twice = 2 / link->wavelength;
    int curved[MAX_STEPS + LANES], count = 0;
    float ALIGNED smooth_t[MAX_STEPS + LANES], smooth_r[MAX_STEPS + LANES], excess[MAX_STEPS + LANES];
    for (int k = from; k <= n; k++) {
        const float d = (float)k * link->step, bulge = d * d * half, rx = ray->bare[k] + link->rx_height;
        const float z = rx - bulge, slope = (z - tx) * ray->inverse_distance[k], horizon = ray->horizon[k];
        const int sight = ray->in_sight[k];
        const float point = sight ? 0.5f * d : (z - tx + horizon * d) / (ray->alpha_max[k] + horizon);
        const float nu = sight ? -sqrtf(twice * ray->clearance[k])
                               : (ray->alpha_max[k] - slope) * sqrtf(twice * point * d / (d - point));
        loss[k] = bullington_db(nu, d);
        /* Smooth surface (eqs 83–89), heights above the ground at the transmitter. */
        const float direct = (rx - tx) * ray->inverse_distance[k], high = ray->obstacle[k];
        const float up = ray->bare_max[k] - direct, down = ray->obstacle_slope[k] + direct;
        const float part = high > 0 ? up / (up + down) : 0, rise = ray->bare[k] - ray->bare[0];
        const float at_tx = 2 * ray->mean1[k] - ray->mean2[k] - high * part;
        const float at_rx = ray->mean2[k] - ray->mean1[k] - high * (high > 0 ? 1 - part : 0);
        const float ht = link->tx_height - min_of(at_tx, 0), hr = link->rx_height + rise - min_of(at_rx, rise);
        /* Least clearance over the smooth Earth (eqs 22–26): the root b of m·b³ − (m+1)·b + c. */
        const float m = 0.5f * bulge / (ht + hr), c = (ht - hr) / (ht + hr);
        float b = c / (1 + m);
#pragma GCC unroll 3
        for (int turn = 0; turn < 3; turn++) b -= (m * b * b * b - (m + 1) * b + c) / (3 * m * b * b - (m + 1));
        const float one = 0.5f * d * (1 + b), two = d - one, heights = sqrtf(ht) + sqrtf(hr);
        const float clear = ((ht - one * one * half) * two + (hr - two * two * half) * one) / d;
        const float need = sqrtf(0.3047091f * one * two * link->wavelength / d); /* eq. 26: 17.456² in metres */
        const int beyond = d >= sqrtf(2 * link->radius) * heights;
        smooth_t[k] = ht;
        smooth_r[k] = hr;
        excess[k] = beyond ? 2.0f : (clear > need ? -1.0f : 1 - clear / max_of(need, 1e-6f));
    }
    for (int k = from; k <= n; k++) { /* few targets feel the curvature: gather them, so the rest cost nothing */
        curved[count] = k;
        count += excess[k] >= 0;
    }
    float ALIGNED index[MAX_STEPS], high_t[MAX_STEPS], high_r[MAX_STEPS], part[MAX_STEPS], extra[MAX_STEPS];
    for (int j = 0; j < count; j++) {
        index[j] = (float)curved[j];
        high_t[j] = smooth_t[curved[j]];
        high_r[j] = smooth_r[curved[j]];
        part[j] = excess[curved[j]];
    }
    for (int j = 0; j < count; j++) {
        const float d = index[j] * link->step, ht = high_t[j], hr = high_r[j], heights = sqrtf(ht) + sqrtf(hr);
        const int beyond = part[j] == 2.0f;
        const float grazing = 0.5f * d * d / (heights * heights);
        const float radius_km = 1e-3f * (beyond ? link->radius : grazing);
        const float first = first_term_db(d, ht, hr, radius_km, link);
        const float within = part[j] * max_of(first, 0), sphere = beyond ? first : within;
        extra[j] = max_of(sphere - smooth_bullington_db(index[j], ht, hr, link), 0);
    }
    for (int j = 0; j < count; j++) loss[curved[j]] += extra[j];
}

static void set_tables(Ray *ray, int n, const Link *link) {
    for (int k = 0; k < n + LANES; k++) ray->inverse_distance[k] = k ? 1 / ((float)k * link->step) : 0;
    for (int m = -PAD; m < n + LANES; m++) ray->inverse_index[PAD + m] = m > 0 ? 1 / (float)m : 0;
}

static Link make_link(float step, float frequency_ghz, float radius, float tx_height, float rx_height, int vertical) {
    const float permittivity = 22, loss = 18 * 0.003f / frequency_ghz; /* land, eq. 30 */
    const float inner = (permittivity - 1) * (permittivity - 1) + loss * loss;
    const float ground = powf(inner, -0.25f) * (vertical ? sqrtf(permittivity * permittivity + loss * loss) : 1);
    const Link link = {step, radius, 0.2998f / frequency_ghz, frequency_ghz, tx_height, rx_height, ground};
    return link;
}

static void run_ray(Ray *ray, int from, int n, const Link *link, float *loss) {
    if (n < 2) return;
    prepare(ray, n, link);
    for (int first = from / LANES * LANES; first <= n; first += LANES) search_tile(ray, first, from, n, link);
    finish(ray, from, n, link, loss);
}

/* Index of the first unknown sample: nothing beyond a hole in the terrain is known. */
static int known_until(const float *bare, const float *top, int n) {
    int k = 0;
    while (k <= n && bare[k] == bare[k] && top[k] == top[k]) k++;
    return k;
}

/*
 * Loss of every target of given profiles. bare, top, loss: (rays, n + 1), n < 4096. Targets 0 and 1 and everything
 * behind an unknown sample are NaN. Returns 0, or 1 without memory, or 2 when n is out of range.
 */
int phusong_rays(const float *bare, const float *top, int rays, int n, float step, float frequency_ghz, float radius,
                 float tx_height, float rx_height, int vertical, float *loss) {
    if (n < 2 || n >= MAX_STEPS) return 2;
    Ray *ray = aligned_alloc(64, (sizeof(Ray) + 63) / 64 * 64);
    if (!ray) return 1;
    const Link link = make_link(step, frequency_ghz, radius, tx_height, rx_height, vertical);
    set_tables(ray, n, &link);
    for (int r = 0; r < rays; r++) {
        const size_t at = (size_t)r * (size_t)(n + 1);
        const int known = known_until(bare + at, top + at, n);
        memcpy(ray->bare, bare + at, sizeof(float) * (size_t)(n + 1));
        memcpy(ray->top, top + at, sizeof(float) * (size_t)(n + 1));
        for (int k = 0; k <= n; k++) loss[at + (size_t)k] = NAN;
        run_ray(ray, 2, known - 1, &link, loss + at);
    }
    free(ray);
    return 0;
}

/* Bilinear heights along a ray; outside the window or beside an unknown height the sample is unknown. */
static void sample_ray(const float *heights, int rows, int cols, float col, float row, float across, float down, int n,
                       float *out) {
    for (int k = 0; k <= n; k++) {
        const float x = col + (float)k * across, y = row + (float)k * down;
        const float left = floorf(x), upper = floorf(y);
        if (left < 0 || upper < 0 || left + 1 > (float)(cols - 1) || upper + 1 > (float)(rows - 1)) {
            out[k] = NAN;
            continue;
        }
        const float *at = heights + (size_t)upper * (size_t)cols + (size_t)left;
        const float a = x - left, b = y - upper;
        const float high = at[0] + a * (at[1] - at[0]), low = at[cols] + a * (at[cols + 1] - at[cols]);
        out[k] = high + b * (low - high);
    }
}

/*
 * The number of rays is a multiple of FAN. Near the mast neighbouring rays see the same pixels, so ray r with t trailing
 * zero bits evaluates only the targets beyond n/2^(t+1), and every FAN-th ray all of them: about 1.3 evaluations a pixel
 * instead of 2.
 */
enum { FAN = 64 };

static int first_target(int r, int n) {
    int zeros = 0;
    if (r % FAN == 0) return 2;
    while (!(r >> zeros & 1)) zeros++;
    const int first = (n >> (zeros + 1)) + 1;
    return first > 2 ? first : 2;
}

/* The ray that evaluates target k and lies nearest to a direction, as a fraction of a turn clockwise from north. */
static inline int nearest_ray(float turn, int k, int n, int rays) {
    int stride = 1;
    while (stride < FAN && k <= n / (2 * stride)) stride *= 2;
    const int r = (int)(turn * (float)(rays / stride) + 0.5f) * stride;
    return r < rays ? r : 0;
}

/*
 * Diffraction loss from a mast to the pixels around it.
 *
 * bare, top: (rows, cols) heights at pixel centres [m above sea level], NaN unknown. col, row: position of the mast in
 * pixels from the centre of pixel (0, 0). loss: (rows, cols), NaN where unknown, nearer than two steps of a ray, or
 * beyond `reach` metres. rays: a multiple of FAN. Returns as phusong_rays.
 */
int phusong_sweep(const float *bare, const float *top, int rows, int cols, float col, float row, float pixel,
                  float reach, float step, int rays, float frequency_ghz, float radius, float tx_height,
                  float rx_height, int vertical, float *loss) {
    const int n = (int)ceilf(reach / step);
    if (n < 2 || n >= MAX_STEPS || rays < FAN || rays % FAN) return 2;
    Ray *ray = aligned_alloc(64, (sizeof(Ray) + 63) / 64 * 64);
    float *polar = malloc(sizeof(float) * (size_t)rays * (size_t)(n + 1));
    if (!ray || !polar) { free(ray); free(polar); return 1; }
    const Link link = make_link(step, frequency_ghz, radius, tx_height, rx_height, vertical);
    set_tables(ray, n, &link);
    for (int r = 0; r < rays; r++) {
        const float angle = 6.283185307f * (float)r / (float)rays;
        const float across = sinf(angle) * step / pixel, down = -cosf(angle) * step / pixel;
        float *out = polar + (size_t)r * (size_t)(n + 1);
        sample_ray(bare, rows, cols, col, row, across, down, n, ray->bare);
        sample_ray(top, rows, cols, col, row, across, down, n, ray->top);
        const int known = known_until(ray->bare, ray->top, n);
        for (int k = 0; k <= n; k++) out[k] = NAN;
        run_ray(ray, first_target(r, n), known - 1, &link, out);
    }
    for (int i = 0; i < rows; i++) for (int j = 0; j < cols; j++) {
        const float east = ((float)j - col) * pixel, north = (row - (float)i) * pixel;
        const float distance = sqrtf(east * east + north * north);
        const int k = (int)(distance / step + 0.5f);
        float turn = atan2f(east, north) * 0.1591549431f;
        turn = turn < 0 ? turn + 1 : turn;
        const int inside = distance <= reach && k <= n;
        loss[(size_t)i * (size_t)cols + (size_t)j] =
            inside ? polar[(size_t)nearest_ray(turn, k, n, rays) * (size_t)(n + 1) + (size_t)k] : NAN;
    }
    free(polar);
    free(ray);
    return 0;
}
