/*
 * A ray of terrain from one transmitter, and the searches along it that the diffraction and the horizons of ITU-R
 * P.1812-8 need for every sample taken as a receiver.
 *
 * Symbols follow the Recommendation. Lengths are metres, slopes metres per metre, heights relative to the ground at the
 * transmitter. On a ray with samples i = 0 … n at a fixed step, a receiver k sees only samples 0 < i < k. What makes a
 * ray cheap:
 *
 *   1. With z = h − d²/2a the bulge of the Earth drops out: (h_i + d_i(D−d_i)/2a − h_ts)/d_i = α_i + D/2a with
 *      α_i = (z_i − h_ts)/d_i, so slopes from the transmitter compare as α, whatever the receiver.
 *   2. The transmitter's horizon is then a running maximum of α, and the smooth Earth (eqs 83–86) two prefix sums.
 *   3. Clearance on a line of sight is ν_i² = (2/λ)(α_r − α_i)² d_i D/(D − d_i).
 *   4. What a receiver sees highest lies on the upper hull of z. A flatter Earth has fewer vertices, all of them among
 *      those of a rounder one: the hull at the median radius serves the other radius and the plane (eqs 87–88) too.
 *
 * Sixteen neighbouring receivers search together. Their own sixteen samples are looked at one by one, with a weight
 * 1/(k − i) that is 0 where a sample is not in between; all before them through the hull or, for the clearance, through
 * blocks with bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "fast.h"

enum { LANES = 16, MAX_STEPS = 4096, PAD = 2 * LANES, SIZE = MAX_STEPS + 2 * LANES, BLOCKS = SIZE / LANES };
#define ALIGNED __attribute__((aligned(64)))
#define FOR_LANES _Pragma("GCC ivdep") for (int l = 0; l < LANES; l++)
static const float NOTHING = -1e9f;  /* below every height and slope on Earth */
static const float SETTLED = 1e30f;  /* above them: where a search has nothing to find */

typedef struct { /* what Python hands over: see RayLink */
    float step, frequency_ghz, tx_height, rx_height, vertical, delta_n, n0, latitude;
    float time_percent, location_percent, location_sigma;
} Request;

typedef struct {
    Request ask;
    float step, tx_height, rx_height, wavelength;
    int radii;                /* 1 at p = 50 %, else 2: the second is exceeded for β0 of the time */
    float radius[2], half[2]; /* effective Earth radius a [m] and 1/2a */
    float flatten;            /* what the second radius adds to α per sample */
    float cube_root_f;        /* of the frequency in GHz */
    float ground[2];          /* constant of the electrical ground term over land and over sea, eq. 30 */
} Link;

typedef struct { /* the highest value in every block of samples */
    float block[BLOCKS + LANES];
} Tops;

/*
 * Upper hulls of the samples before every block, up to `next`: chains of vertices from `last` towards the transmitter, which
 * share what they have in common, so that a tile finds its own long after later ones were built.
 */
typedef struct {
    int next;
    int32_t last[BLOCKS + 1];  /* vertex nearest the receivers of a block, −1 where there is none */
    int32_t before[SIZE];      /* by sample that is or was a vertex: the vertex before it, −1 for the first */
    float slope[SIZE];         /* from the vertex before, per sample */
} Hull;

typedef struct { /* one surface over the curved Earth: z and α at the median radius, and what they give */
    float z[SIZE], alpha[SIZE], alpha_max[SIZE]; /* running maximum before the sample */
    Tops tops;
    Hull hull;
} Surface;

typedef struct { /* by receiver, for one radius */
    float alpha_max[SIZE], clearance[SIZE], horizon[SIZE];
    int32_t in_sight[SIZE];
} Sight;

typedef struct {
    float bare[SIZE], top[SIZE]; /* ground, ground and clutter; bare[0] is NOTHING: no obstacle */
    float origin;                        /* ground at the transmitter above the sea */
    int cluttered, zoned;
    uint8_t zone[SIZE];
    Surface over_top, over_bare; /* the second only where there is clutter */
    Surface *surface, *ground;   /* with clutter, without */
    const float *paths;          /* NULL, or the ground along sixteen paths of their own, see pixels.h */
    Sight sight[2];
    float bare_max[SIZE]; /* running maximum of the slope without bulge */
    float mean1[SIZE], mean2[SIZE]; /* prefix sums of eqs 83–84, divided */
    float obstacle[SIZE], obstacle_slope[SIZE];
    float smooth_t[SIZE], smooth_r[SIZE]; /* antennas above the smooth surface of the diffraction, eq. 89 */
    int32_t tx_horizon[SIZE], rx_horizon[SIZE], bare_sight[SIZE], wanted[SIZE];
    float bare_top[SIZE]; /* greatest height of the ground so far */
    float diffraction[2][SIZE];
    float distance[SIZE], index[SIZE], inverse_distance[SIZE]; /* of the receiver: metres, steps, 1/metres */
    float inverse_index[SIZE + PAD]; /* 1/m at [PAD + m]; 0 for m ≤ 0: a sample not in between */
    double per_index[SIZE];
    float sea[SIZE], land_km[SIZE], inland_km[SIZE], tx_coast_km[SIZE], rx_coast_km[SIZE];
    float beta0[SIZE], share[SIZE], least_time_db[SIZE]; /* statistics in time, see losses.h */
    float most[SIZE], ducted[SIZE]; /* the most that a hidden path can gain, and how much of it ducting can give */
} Ray;

/* Everything about a ray that does not depend on the receiver, and the running values that do so only by index. */

static void set_tops(Tops *tops, const float *values, int blocks) {
    for (int b = 0; b < blocks; b++) {
        float ALIGNED half[LANES / 2];
        for (int l = 0; l < 8; l++) half[l] = max_of(values[LANES * b + l], values[LANES * b + 8 + l]);
        for (int l = 0; l < 4; l++) half[l] = max_of(half[l], half[l + 4]);
        tops->block[b] = max_of(max_of(half[0], half[2]), max_of(half[1], half[3]));
    }
}

static void set_surface(Ray *ray, Surface *surface, const float *height, int n, const Link *link) {
    const int padded = (n / LANES + 1) * LANES;
    for (int i = 1; i <= n; i++) {
        const float d = (float)i * link->step;
        surface->z[i] = height[i] - d * d * link->half[0];
        surface->alpha[i] = (surface->z[i] - link->tx_height) * ray->inverse_distance[i];
    }
    for (int i = n + 1; i < padded; i++) surface->z[i] = surface->alpha[i] = NOTHING;
    surface->z[0] = surface->alpha[0] = NOTHING; /* the transmitter itself is no obstacle */
    set_tops(&surface->tops, surface->alpha, padded / LANES);
    surface->hull.next = 0;
    surface->hull.last[0] = -1;
}

static void prepare(Ray *ray, int n, const Link *link) {
    float plane_max = NOTHING, ground_max = NOTHING, max0 = NOTHING, max1 = NOTHING, before = 0, top = NOTHING;
    double sum1 = 0, sum2 = 0, highest = (double)NOTHING;
    const double bulge = (double)link->half[0] * link->step * link->step;
    int horizon = 0;
    ray->bare[0] = ray->top[0] = NOTHING;
    ray->surface = ray->ground = &ray->over_top;
    set_surface(ray, ray->surface, ray->top, n, link);
    if (ray->cluttered) set_surface(ray, ray->ground = &ray->over_bare, ray->bare, n, link);
    const float *alpha = ray->surface->alpha, *ground = ray->ground->alpha;
    for (int k = 1; k <= n; k++) {
        const float here = ray->bare[k];
        const double inverse = ray->per_index[k];
        sum1 += (double)(here + before);
        sum2 += (double)here * (3 * k - 1) + (double)before * (3 * k - 2);
        before = here;
        ray->bare_top[k] = top = max_of(top, here);
        ray->mean1[k] = (float)(sum1 * inverse);
        ray->mean2[k] = (float)(sum2 * inverse * inverse);
        ray->sight[0].alpha_max[k] = max0;
        max0 = max_of(max0, alpha[k]);
        ray->bare_max[k] = plane_max;
        plane_max = max_of(plane_max, (here - link->tx_height) * ray->inverse_distance[k]);
        ray->ground->alpha_max[k] = ground_max;
        ray->tx_horizon[k] = horizon;
        const double slope = ((double)here - link->tx_height) * inverse - bulge * k; /* two equal horizons are told apart */
        horizon = slope > highest ? k : horizon;
        highest = slope > highest ? slope : highest;
        ground_max = max_of(ground_max, ground[k]);
    }
    if (link->radii == 2) for (int k = 1; k <= n; k++) {
        ray->sight[1].alpha_max[k] = max1;
        max1 = max_of(max1, alpha[k] + link->flatten * (float)k);
    }
}

/* Samples that may be vertices: not below the chord between neighbours that belong to the same hull. */
static unsigned candidates(const float *z, int first) {
    if (!first) return 0xfffe; /* all but the transmitter */
    int ALIGNED keep[LANES];
    for (int l = 0; l < LANES; l++) {
        const float *at = z + first + l, twice = 2 * at[0];
        keep[l] = (l > 14 || twice >= at[-1] + at[1]) & (l > 13 || twice >= at[-2] + at[2]) &
                  (l > 11 || twice >= at[-4] + at[4]);
    }
    unsigned bits = 0;
    for (int l = 0; l < LANES; l++) bits |= (unsigned)keep[l] << l;
    return bits;
}

/* Take the samples before `until` into the hull, from near the transmitter to far. */
static void extend(Hull *hull, const Ray *ray, const float *z, int until) {
    for (; hull->next < until; hull->next += LANES) {
        int last = hull->last[hull->next / LANES];
        for (unsigned bits = candidates(z, hull->next); bits; bits &= bits - 1) {
            const int i = hull->next + __builtin_ctz(bits);
            float slope = 0;
            while (last >= 0) {
                slope = (z[i] - z[last]) * ray->inverse_index[PAD + i - last];
                if (hull->before[last] < 0 || hull->slope[last] > slope) break;
                last = hull->before[last];
            }
            hull->before[i] = last;
            hull->slope[i] = slope;
            last = i;
        }
        hull->last[hull->next / LANES + 1] = last;
    }
}

/*
 * The searches. `first` is the index of lane 0, a multiple of LANES; lane l is receiver first + l, and its weight for
 * sample i is weight[l − i]. A lane that needs no search starts with a value that nothing can improve. The hull is
 * walked from the receivers towards the transmitter, four vertices at a time, until no lane can find better.
 */
typedef struct {
    float k[LANES], z[LANES], bare[LANES]; /* receiver: index, height with and without bulge */
    float tx_slope[LANES];                 /* α of the receiver */
    float rise[LANES];                     /* of the direct line towards the receiver over one step */
    float clearance[2][LANES], horizon[2][LANES], obstacle[LANES], obstacle_slope[LANES];
    int32_t at[LANES];                     /* index of what was found */
} Tile;

/* Four vertices from v towards the transmitter (or the first one repeated), into `i`; return the next one, −1 at the end. */
static inline int four_vertices(const Hull *hull, int v, int i[4]) {
    int next = v;
    for (int j = 0; j < 4; j++) {
        i[j] = next >= 0 ? next : i[j - 1];
        next = hull->before[i[j]];
    }
    return next;
}

/* Greatest (z_i − z_r)/(k − i) of the samples in between, per step, for one radius or two. */
static inline void search_horizon(const Ray *ray, Tile *tile, int first, int radii, float flatten) {
    const float *weight = ray->inverse_index + PAD + first, *z = ray->surface->z;
    const Hull *hull = &ray->surface->hull;
    float *restrict best0 = tile->horizon[0], *restrict best1 = tile->horizon[1];
    for (int i = first; i < first + LANES; i += 4) FOR_LANES {
        const float *w = weight + l - i;
        const float s0 = w[0] > 0 ? (z[i] - tile->z[l]) * w[0] : NOTHING;
        const float s1 = w[-1] > 0 ? (z[i + 1] - tile->z[l]) * w[-1] : NOTHING;
        const float s2 = w[-2] > 0 ? (z[i + 2] - tile->z[l]) * w[-2] : NOTHING;
        const float s3 = w[-3] > 0 ? (z[i + 3] - tile->z[l]) * w[-3] : NOTHING;
        best0[l] = max_of(best0[l], max_of(max_of(s0, s1), max_of(s2, s3)));
        if (radii == 2) {
            const float u = tile->k[l] + (float)i, a = s0 - flatten * u, b = s1 - flatten * (u + 1);
            const float c = s2 - flatten * (u + 2), d = s3 - flatten * (u + 3);
            best1[l] = max_of(best1[l], max_of(max_of(a, b), max_of(c, d)));
        }
    }
    for (int v = hull->last[first / LANES]; v >= 0;) {
        int i[4], any = 0;
        v = four_vertices(hull, v, i);
        const float *w0 = weight - i[0], *w1 = weight - i[1], *w2 = weight - i[2], *w3 = weight - i[3];
        const float z0 = z[i[0]], z1 = z[i[1]], z2 = z[i[2]], z3 = z[i[3]];
        const float i0 = (float)i[0], i1 = (float)i[1], i2 = (float)i[2], i3 = (float)i[3];
        FOR_LANES {
            const float s0 = (z0 - tile->z[l]) * w0[l], s1 = (z1 - tile->z[l]) * w1[l];
            const float s2 = (z2 - tile->z[l]) * w2[l], s3 = (z3 - tile->z[l]) * w3[l];
            best0[l] = max_of(best0[l], max_of(max_of(s0, s1), max_of(s2, s3)));
            int more = (s3 >= s0) | (s3 >= best0[l]); /* once falling along the hull it goes on falling */
            if (radii == 2) { /* flatter: α + flatten·i, so that a vertex nearer the transmitter gains at most flatten·i */
                const float u = tile->k[l], a = s0 - flatten * (u + i0), b = s1 - flatten * (u + i1);
                const float c = s2 - flatten * (u + i2), d = s3 - flatten * (u + i3);
                best1[l] = max_of(best1[l], max_of(max_of(a, b), max_of(c, d)));
                more |= s3 - flatten * u >= best1[l];
            }
            any |= more & (best0[l] < SETTLED);
        }
        if (!any) break;
    }
}

/* Greatest height of the bare ground above the direct line without bulge, and its greatest slope from the receiver. */
static inline void search_obstacle(const Ray *ray, Tile *tile, int first, const Link *link) {
    const float *weight = ray->inverse_index + PAD + first, *bare = ray->bare;
    const Hull *hull = &ray->ground->hull;
    const float bulge = link->half[0] * link->step * link->step;
    for (int i = first; i < first + LANES; i += 2) FOR_LANES {
        const float *w = weight + l - i, h0 = bare[i] - tile->bare[l], h1 = bare[i + 1] - tile->bare[l];
        const float m = tile->k[l] - (float)i;
        const float e0 = w[0] > 0 ? h0 + tile->rise[l] * m : NOTHING;
        const float e1 = w[-1] > 0 ? h1 + tile->rise[l] * (m - 1) : NOTHING;
        const float s0 = w[0] > 0 ? h0 * w[0] : NOTHING, s1 = w[-1] > 0 ? h1 * w[-1] : NOTHING;
        tile->obstacle[l] = max_of(tile->obstacle[l], max_of(e0, e1));
        tile->obstacle_slope[l] = max_of(tile->obstacle_slope[l], max_of(s0, s1));
    }
    for (int v = hull->last[first / LANES]; v >= 0;) {
        int i[4], any = 0;
        v = four_vertices(hull, v, i);
        const float *w0 = weight - i[0], *w1 = weight - i[1], *w2 = weight - i[2], *w3 = weight - i[3];
        const float b0 = bare[i[0]], b1 = bare[i[1]], b2 = bare[i[2]], b3 = bare[i[3]];
        const float i0 = (float)i[0], i1 = (float)i[1], i2 = (float)i[2], i3 = (float)i[3];
        FOR_LANES {
            const float k = tile->k[l], rise = tile->rise[l];
            const float h0 = b0 - tile->bare[l], h1 = b1 - tile->bare[l], h2 = b2 - tile->bare[l], h3 = b3 - tile->bare[l];
            const float e0 = h0 + rise * (k - i0), e1 = h1 + rise * (k - i1);
            const float e2 = h2 + rise * (k - i2), e3 = h3 + rise * (k - i3);
            const float s0 = h0 * w0[l], s1 = h1 * w1[l], s2 = h2 * w2[l], s3 = h3 * w3[l];
            tile->obstacle[l] = max_of(tile->obstacle[l], max_of(max_of(e0, e1), max_of(e2, e3)));
            tile->obstacle_slope[l] = max_of(tile->obstacle_slope[l], max_of(max_of(s0, s1), max_of(s2, s3)));
            /* With the bulge the hull is convex: past the highest vertex the rest is lower, without bulge still more. */
            const float c0 = e0 + bulge * i0 * (k - i0), c3 = e3 + bulge * i3 * (k - i3);
            const int more = !(c3 < c0) | (c3 >= tile->obstacle[l]) | (s3 + bulge * i3 >= tile->obstacle_slope[l]);
            any |= more & (tile->obstacle[l] < SETTLED);
        }
        if (!any) break;
    }
}

/* The most that any lane still asks for: which of sixteen blocks, counted from `chunk`, could beat a clearance at all? */
typedef struct { float slope, most[2]; } Asked;

static inline Asked asked_of(const Tile *tile, int radii) {
    Asked asked = {SETTLED, {0, 0}};
    float slope[LANES], most[LANES], most1[LANES];
    FOR_LANES {
        const int asks = (tile->clearance[0][l] > 0) | (radii == 2 ? tile->clearance[1][l] > 0 : 0);
        slope[l] = asks ? tile->tx_slope[l] : SETTLED;
        most[l] = tile->clearance[0][l];
        most1[l] = radii == 2 ? tile->clearance[1][l] : 0;
    }
    for (int half = LANES / 2; half; half /= 2) for (int l = 0; l < half; l++) {
        slope[l] = min_of(slope[l], slope[l + half]);
        most[l] = max_of(most[l], most[l + half]);
        most1[l] = max_of(most1[l], most1[l + half]);
    }
    asked.slope = slope[0];
    asked.most[0] = most[0];
    asked.most[1] = most1[0];
    return asked;
}

static inline unsigned blocks_of(const Tops *tops, const Asked *asked, int chunk, int first, int radii, float flatten) {
    int ALIGNED may[LANES];
    int any = 0;
    const float near = (float)first, far = (float)(first + LANES - 1);
    FOR_LANES {
        const float low = max_of((float)((chunk + l) * LANES), 1), gap = far - low, rise = asked->slope - tops->block[chunk + l];
        const float t = max_of(rise, 0);
        may[l] = t * t * low < asked->most[0] * gap;
        if (radii == 2) {
            const float t2 = max_of(rise + flatten * (near - low - (LANES - 1)), 0);
            may[l] |= t2 * t2 * low < asked->most[1] * gap;
        }
        may[l] &= low < near;
        any |= may[l];
    }
    unsigned bits = 0;
    if (any) for (int l = 0; l < LANES; l++) bits |= (unsigned)may[l] << l;
    return bits;
}

/* Could a sample of a block beat the clearance of any lane? The nearest one to the transmitter weighs least. */
static inline int may_clear(const Tile *tile, const float *weight, float top, int low, int high, int radii, float flatten) {
    int any = 0;
    const float least = (float)(low ? low : 1);
    const float *w = weight - (low ? low : 1);
    FOR_LANES {
        const float rise = tile->tx_slope[l] - top, t = max_of(rise, 0); /* below 0: hidden, for one of the radii */
        int may = t * t * least * w[l] < tile->clearance[0][l];
        if (radii == 2) {
            const float t2 = max_of(rise + flatten * (tile->k[l] - (float)high), 0);
            may |= t2 * t2 * least * w[l] < tile->clearance[1][l];
        }
        any |= may;
    }
    return any;
}

/* The clearances of one block of samples before the receivers' own. */
static inline void clear_block(const Ray *ray, Tile *tile, const float *weight, int block, int radii, float flatten) {
    const float *alpha = ray->surface->alpha;
    for (int i = block * LANES; i < (block + 1) * LANES; i += 4) {
        const float a0 = alpha[i], a1 = alpha[i + 1], a2 = alpha[i + 2], a3 = alpha[i + 3];
        const float i0 = (float)(i ? i : 1), i1 = (float)(i + 1), i2 = (float)(i + 2), i3 = (float)(i + 3);
        const float *w = weight - i;
        FOR_LANES {
            const float slope = tile->tx_slope[l];
            const float t0 = slope - a0, t1 = slope - a1, t2 = slope - a2, t3 = slope - a3;
            const float w0 = w[l] * i0, w1 = w[l - 1] * i1, w2 = w[l - 2] * i2, w3 = w[l - 3] * i3;
            const float v = min_of(min_of(t0 * t0 * w0, t1 * t1 * w1), min_of(t2 * t2 * w2, t3 * t3 * w3));
            tile->clearance[0][l] = min_of(tile->clearance[0][l], v);
            if (radii == 2) {
                const float m = tile->k[l] - (float)i, u0 = t0 + flatten * m, u1 = t1 + flatten * (m - 1);
                const float u2 = t2 + flatten * (m - 2), u3 = t3 + flatten * (m - 3);
                const float u = min_of(min_of(u0 * u0 * w0, u1 * u1 * w1), min_of(u2 * u2 * w2, u3 * u3 * w3));
                tile->clearance[1][l] = min_of(tile->clearance[1][l], u);
            }
        }
    }
}

/* Least (α_r − α_i)²·i/(k − i) over the samples in between; `hint` is the block where the last tile found it. */
static inline void search_clearance(const Ray *ray, Tile *tile, int first, int radii, float flatten, int *hint) {
    const float *weight = ray->inverse_index + PAD + first, *alpha = ray->surface->alpha;
    const Tops *tops = &ray->surface->tops;
    for (int i = first ? first : 1; i < first + LANES - 1; i++) FOR_LANES {
        const float t = tile->tx_slope[l] - alpha[i], w = weight[l - i], v = t * t * (float)i * w;
        tile->clearance[0][l] = w > 0 && v < tile->clearance[0][l] ? v : tile->clearance[0][l];
        if (radii == 2) {
            const float t2 = t + flatten * (tile->k[l] - (float)i), v2 = t2 * t2 * (float)i * w;
            tile->clearance[1][l] = w > 0 && v2 < tile->clearance[1][l] ? v2 : tile->clearance[1][l];
        }
    }
    const int near = first / LANES - 1, tried = *hint <= near ? *hint : -1;
    if (tried >= 0) clear_block(ray, tile, weight, tried, radii, flatten);
    const Asked asked = asked_of(tile, radii);
    for (int chunk = near / LANES * LANES; near >= 0 && chunk >= 0; chunk -= LANES) {
        unsigned bits = blocks_of(tops, &asked, chunk, first, radii, flatten);
        while (bits) {
            const int b = chunk + 31 - __builtin_clz(bits);
            bits &= ~(1u << (b - chunk));
            if (b == tried || !may_clear(tile, weight, tops->block[b], b * LANES, b * LANES + LANES - 1, radii, flatten)) continue;
            const float before = tile->clearance[0][LANES / 2];
            clear_block(ray, tile, weight, b, radii, flatten);
            if (tile->clearance[0][LANES / 2] < before) *hint = b;
        }
    }
}

/* Search for sixteen receivers. */
static inline void search_tile(Ray *ray, int first, int from, int n, const Link *link, int radii, int *hint) {
    Tile tile;
    const float tx = link->tx_height, enough = 0.3084f * link->wavelength; /* ν = −0.785: beyond it no loss (eq. 12) */
    const float per_step = 1 / link->step;
    int sighted = 0, hidden = 0, obstructed = 0;
    FOR_LANES {
        const int k = first + l, wanted = (k >= from) & (k <= n);
        const float inverse = ray->inverse_distance[k], d = (float)k * link->step;
        tile.k[l] = (float)k;
        tile.bare[l] = ray->bare[k] + link->rx_height;
        tile.z[l] = tile.bare[l] - d * d * link->half[0];
        tile.tx_slope[l] = (tile.z[l] - tx) * inverse;
        const float direct = (tile.bare[l] - tx) * inverse;
        tile.rise[l] = direct * link->step;
        /* Decided once and kept: compiled twice, the comparison could fall on either side of a grazing ray. */
        const int clear = ray->bare_max[k] <= direct;
        ray->bare_sight[k] = !(ray->ground->alpha_max[k] > tile.tx_slope[l]);
        for (int r = 0; r < radii; r++) {
            const int in_sight = ray->sight[r].alpha_max[k] < tile.tx_slope[l] + (r ? link->flatten * (float)k : 0);
            ray->sight[r].in_sight[k] = in_sight;
            tile.clearance[r][l] = (wanted & in_sight) ? enough * inverse : 0;
            tile.horizon[r][l] = (wanted & !in_sight) ? NOTHING : SETTLED;
            sighted |= wanted & in_sight;
            hidden |= wanted & !in_sight;
        }
        tile.obstacle[l] = tile.obstacle_slope[l] = (wanted & !clear) ? NOTHING : SETTLED;
        obstructed |= wanted & !clear;
    }
    if (sighted) search_clearance(ray, &tile, first, radii, link->flatten, hint);
    if (hidden) {
        extend(&ray->surface->hull, ray, ray->surface->z, first);
        search_horizon(ray, &tile, first, radii, link->flatten * link->step);
    }
    if (obstructed) {
        extend(&ray->ground->hull, ray, ray->ground->z, first);
        search_obstacle(ray, &tile, first, link);
    }
    FOR_LANES {
        const int k = first + l;
        for (int r = 0; r < radii; r++) {
            ray->sight[r].clearance[k] = tile.clearance[r][l] * (float)k * link->step; /* (α_r − α_i)²·d_i·D/(D − d_i) */
            ray->sight[r].horizon[k] = tile.horizon[r][l] * per_step;
        }
        ray->obstacle[k] = tile.obstacle[l] < SETTLED ? max_of(tile.obstacle[l], 0) : 0;
        ray->obstacle_slope[k] = tile.obstacle_slope[l] * per_step;
    }
}

/*
 * Horizons of the bare ground by index (§5.3–5.5), for the receivers that are wanted: the sample a hidden receiver sees
 * highest, or the one that comes closest to its line of sight. Of equals the farthest from the receiver counts.
 */
static inline void index_horizon(const Ray *ray, Tile *tile, int first) {
    const float *weight = ray->inverse_index + PAD + first, *z = ray->ground->z;
    const Hull *hull = &ray->ground->hull;
    float *restrict best = tile->horizon[0];
    float last[LANES];
    FOR_LANES last[l] = NOTHING;
    for (int i = first + LANES - 2; i >= first; i--) FOR_LANES {
        const float w = weight[l - i], s = (z[i] - tile->z[l]) * w;
        const int better = (w > 0) & (s >= best[l]);
        best[l] = better ? s : best[l];
        tile->at[l] = better ? i : tile->at[l];
    }
    for (int i = hull->last[first / LANES]; i >= 0; i = hull->before[i]) {
        const float *w = weight - i;
        const float zi = z[i];
        int any = 0;
        FOR_LANES {
            const float s = (zi - tile->z[l]) * w[l];
            const int better = s >= best[l];
            best[l] = better ? s : best[l];
            tile->at[l] = better ? i : tile->at[l];
            any |= (better | (s >= last[l])) & (best[l] < SETTLED);
            last[l] = s;
        }
        if (!any) break;
    }
}

static inline void graze_block(const Ray *ray, Tile *tile, const float *weight, int block) {
    const float *alpha = ray->ground->alpha;
    for (int i = block * LANES + LANES - 1; i >= block * LANES && i; i--) FOR_LANES {
        const float t = tile->tx_slope[l] - alpha[i], v = t * t * (float)i * weight[l - i];
        const int better = v <= tile->clearance[0][l];
        tile->clearance[0][l] = better ? v : tile->clearance[0][l];
        tile->at[l] = better ? i : tile->at[l];
    }
}

static inline void index_grazing(const Ray *ray, Tile *tile, int first) {
    const float *weight = ray->inverse_index + PAD + first, *alpha = ray->ground->alpha;
    const Tops *tops = &ray->ground->tops;
    for (int i = first + LANES - 2; i >= first && i; i--) FOR_LANES {
        const float t = tile->tx_slope[l] - alpha[i], w = weight[l - i], v = t * t * (float)i * w;
        const int better = (w > 0) & (v <= tile->clearance[0][l]);
        tile->clearance[0][l] = better ? v : tile->clearance[0][l];
        tile->at[l] = better ? i : tile->at[l];
    }
    const int near = first / LANES - 1;
    const Asked asked = asked_of(tile, 1);
    for (int chunk = near / LANES * LANES; near >= 0 && chunk >= 0; chunk -= LANES) {
        unsigned bits = blocks_of(tops, &asked, chunk, first, 1, 0);
        while (bits) {
            const int b = chunk + 31 - __builtin_clz(bits);
            bits &= ~(1u << (b - chunk));
            if (may_clear(tile, weight, tops->block[b], b * LANES, 0, 1, 0)) graze_block(ray, tile, weight, b);
        }
    }
}

static void index_tile(Ray *ray, int first, const Link *link) {
    Tile tile;
    int hidden = 0, sighted = 0;
    FOR_LANES {
        const int k = first + l, wanted = ray->wanted[k], in_sight = ray->bare_sight[k];
        const float d = (float)k * link->step;
        tile.k[l] = (float)k;
        tile.z[l] = ray->bare[k] + link->rx_height - d * d * link->half[0];
        tile.tx_slope[l] = (tile.z[l] - link->tx_height) * ray->inverse_distance[k];
        tile.clearance[0][l] = (wanted & in_sight) ? SETTLED : -1;
        tile.horizon[0][l] = (wanted & !in_sight) ? NOTHING : SETTLED;
        tile.at[l] = 1;
        sighted |= wanted & in_sight;
        hidden |= wanted & !in_sight;
    }
    if (sighted) index_grazing(ray, &tile, first);
    if (hidden) {
        extend(&ray->ground->hull, ray, ray->ground->z, first);
        index_horizon(ray, &tile, first);
    }
    FOR_LANES ray->rx_horizon[first + l] = tile.at[l];
}
